"""The story of a bisection: the ends are tried, then commits between them, then the parts of the guilty one."""

import time
from collections.abc import Callable

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.services_bundle import WorkspaceServices
from comfydock_core.core.usecases.bisecting.parts import CommitParts
from comfydock_core.core.usecases.bisecting.probes import skipped, try_command, try_imports, try_workflow
from comfydock_core.core.usecases.bisecting.scratch import Scratch, scratch_environment
from comfydock_core.core.usecases.bisecting.searching import first_bad, smallest_bad
from comfydock_core.core.usecases.moving.required_packages import required_packages
from comfydock_core.integrations.git import merging, queries
from comfydock_core.models.commit import SHORT
from comfydock_core.models.exceptions import (
    BusyError,
    ComfyDockError,
    FileSystemError,
    InvalidSetting,
    NothingToBisect,
)
from comfydock_core.models.history.bisecting import (
    BAD,
    COMMAND,
    GOOD,
    IMPORTS,
    SKIPPED,
    WORKFLOW,
    BisectRequest,
    BisectResult,
    Culprit,
    Heard,
    Trial,
    Verdict,
)
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.history.revisions import Revisions


def bisect(
    layout: EnvironmentLayout,
    workspace: WorkspaceLayout,
    services: WorkspaceServices,
    request: BisectRequest,
    heard: Heard,
    reporter: Reporter,
) -> BisectResult:
    """Find what made an environment bad. The environment itself is only read; `heard` hears of each trial.

    Raises `NothingToBisect` where the ends are not good and bad, `RefNotFound`, `InvalidSetting`, `FileSystemError`,
    and what a probe raises that can tell neither.
    """
    revisions = Revisions(layout)
    good, bad = _ends(layout, revisions, request)
    with scratch_environment(layout, workspace, services, reporter) as scratch:
        trying = _Trying(scratch, _probe(scratch, workspace, request), revisions, heard, reporter)
        return _find(layout, services, scratch, trying, revisions, good, bad, reporter)


def _find(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    scratch: Scratch,
    trying: "_Trying",
    revisions: Revisions,
    good: str,
    bad: str,
    reporter: Reporter,
) -> BisectResult:
    trying.refuse_unless(bad, BAD)
    trying.refuse_unless(good, GOOD)
    line = merging.line_between(layout.definition, good, bad)
    at, doubtful = first_bad(len(line), lambda at: trying.commit(line[at]).state)
    guilty, before = line[at], line[at - 1] if at else good
    evidence = trying.commit(guilty).evidence
    culprits: tuple[Culprit, ...] = ()
    whole = False
    if not doubtful:
        own = services.environment(scratch.layout)
        parts = CommitParts(
            scratch.layout, services, before, guilty, lambda one: required_packages(scratch.layout, own, one, reporter)
        )
        culprits = smallest_bad(parts.all, lambda some: trying.parts(parts, some).state)
        whole = len(culprits) == len(parts.all) > 1
    _, subject = queries.date_and_subject(layout.definition, guilty)
    return BisectResult(
        name=layout.name,
        commit=guilty,
        subject=subject or "",
        number=revisions.number_of(guilty),
        evidence=evidence,
        culprits=culprits,
        whole=whole,
        suspects=tuple(line[one] for one in doubtful),
        trials=tuple(trying.trials),
    )


def _ends(layout: EnvironmentLayout, revisions: Revisions, request: BisectRequest) -> tuple[str, str]:
    bad = revisions.commit(request.bad)
    good = revisions.commit(request.good) if request.good is not None else revisions.line[-1]
    if good == bad or not merging.is_before(layout.definition, good, bad):
        raise NothingToBisect(
            f"`{request.good or good[:SHORT]}` does not come before `{request.bad}` in the history",
            hint="`--good` names a commit from before the trouble, `--bad` one that has it",
            context={"good": good, "bad": bad},
        )
    return good, bad


def _probe(scratch: Scratch, workspace: WorkspaceLayout, request: BisectRequest) -> Callable[[], Verdict]:
    layout = scratch.layout
    if request.probe == IMPORTS:
        return lambda: try_imports(layout)
    if request.probe == WORKFLOW and len(request.words) == 1:
        return lambda: try_workflow(layout, workspace, request.words[0])
    if request.probe == COMMAND and request.words:
        return lambda: try_command(layout, request.words)
    raise InvalidSetting(
        f"`{request.probe}` is not a probe",
        hint="`--probe imports`, `--probe workflow NAME`, or a command after `--`",
        context={"probe": request.probe},
    )


class _Trying:
    """Tries states in the scratch environment, each once."""

    def __init__(
        self,
        scratch: Scratch,
        probe: Callable[[], Verdict],
        revisions: Revisions,
        heard: Heard,
        reporter: Reporter,
    ) -> None:
        self._scratch = scratch
        self._probe = probe
        self._revisions = revisions
        self._heard = heard
        self._reporter = reporter
        self._known: dict[str, Verdict] = {}
        self.trials: list[Trial] = []

    def commit(self, commit: str) -> Verdict:
        """The verdict about a commit."""
        if commit not in self._known:
            self._known[commit] = self._try(self._revisions.label_of(commit), commit, (), lambda: commit)
        return self._known[commit]

    def parts(self, parts: CommitParts, some: tuple[Culprit, ...]) -> Verdict:
        """The verdict about the good commit with some of the changes."""
        label = f"{len(some)} of {len(parts.all)} changes"
        return self._try(label, None, tuple(part.text for part in some), lambda: parts.commit_with(some))

    def refuse_unless(self, commit: str, wanted: str) -> None:
        """Raise `NothingToBisect` unless an end is what it is said to be."""
        found = self.commit(commit)
        if found.state == wanted:
            return
        label = self._revisions.label_of(commit)
        told = {SKIPPED: "cannot be tried", GOOD: "is good", BAD: "is bad already"}[found.state]
        raise NothingToBisect(
            f"{label} {told}" + (f": {found.evidence}" if found.evidence else ""),
            hint="`--good` and `--bad` name two commits of which the first is good and the second is not",
            context={"commit": commit, "state": found.state, "evidence": found.evidence},
        )

    def _try(self, label: str, commit: str | None, parts: tuple[str, ...], make: Callable[[], str]) -> Verdict:
        self._reporter.phase(f"Trying {label}")
        started = time.monotonic()
        try:
            self._scratch.go(make())
        except (BusyError, FileSystemError):
            raise  # The machine is at fault, not the state.
        except ComfyDockError as error:
            verdict = skipped(error)
        else:
            verdict = self._probe()
        trial = Trial(label, commit, parts, verdict, time.monotonic() - started)
        self.trials.append(trial)
        self._heard(trial)
        return verdict
