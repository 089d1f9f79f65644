"""Finding what made an environment bad."""

from collections.abc import Callable

from comfydock_core.records import record

GOOD, BAD, SKIPPED = "good", "bad", "skipped"
IMPORTS, WORKFLOW, COMMAND = "imports", "workflow", "command"


@record
class BisectRequest:
    """What to look for. `probe` is `imports`, `workflow` or `command`; `words` are the workflow's name or the command.

    `good` is a commit that is known to be so, `None` for the first one; `bad` is one that is not.
    """

    probe: str = IMPORTS
    words: tuple[str, ...] = ()
    good: str | None = None
    bad: str = "HEAD"


@record
class Verdict:
    """What a probe found: `good`, `bad`, or `skipped` where a state could not be made or tried. `evidence` says why."""

    state: str
    evidence: str = ""


@record
class Trial:
    """One state that was tried: a commit, or one with some of the changes of the next; `label` names it."""

    label: str
    commit: str | None
    parts: tuple[str, ...]
    verdict: Verdict
    seconds: float

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {"label": self.label, "commit": self.commit, "parts": list(self.parts), "state": self.verdict.state,
                "evidence": self.verdict.evidence, "seconds": round(self.seconds, 2)}  # fmt: skip


@record
class Culprit:
    """A change of the guilty commit that it takes. `kind` is `comfyui`, `pack`, `package`, `workflow` or `file`."""

    kind: str
    name: str
    before: str | None
    after: str | None

    @property
    def text(self) -> str:
        """In words, on one line."""
        what = {"comfyui": "ComfyUI", "pack": f"node pack {self.name}", "package": f"package {self.name}",
                "workflow": f"workflow {self.name}"}.get(self.kind, self.name)  # fmt: skip
        if self.before is None:
            return f"{what} {self.after or ''} added".replace("  ", " ")
        return f"{what} {self.before} removed" if self.after is None else f"{what} {self.before} → {self.after}"


@record
class BisectResult:
    """The first bad commit with its subject and number, and what of it made it bad, with the evidence.

    Where commits before it could not be tried, any of `suspects` may be the first bad one. `whole` says that no part of
    the commit alone was found to be enough.
    """

    name: str
    commit: str
    subject: str
    number: int | None
    evidence: str
    culprits: tuple[Culprit, ...]
    whole: bool
    suspects: tuple[str, ...]
    trials: tuple[Trial, ...]


Heard = Callable[[Trial], None]
