"""Changing the definition of an environment: tried out on a copy first, then carried out with its packages."""

import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from comfydock_core.analyzers.packages.package_changes import changed_versions, package_changes
from comfydock_core.configs.environment_layout import BACKEND_CHOICE, BACKENDS, EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices, WorkspaceServices
from comfydock_core.core.usecases.definition.backends import used_backend
from comfydock_core.core.usecases.definition.staging import stage_definition, stage_venv
from comfydock_core.core.usecases.definition.venv_choice import judge_venv, wanted_python
from comfydock_core.models.exceptions import PackageChangeRefused
from comfydock_core.models.operation import ChangePlan, Swap
from comfydock_core.models.packages.redefinition import Redefinition
from comfydock_core.models.packages.syncing import PackageChanges
from comfydock_core.models.plan import PlanStep
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.services.transaction import make_plan
from comfydock_core.services.transaction.execution import Operation
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils import native
from comfydock_core.utils.files.filesystem import measure_tree

_FILES = ("pyproject.toml", "uv.lock")
# What a plan about the definition is computed from.
_DECIDING = (*_FILES, BACKEND_CHOICE)
_SHOWN = 5

# What a conflict is marked with that only the lock of a back end has, while the requirements fit together.
OF_BACK_END = "back_end"

# Changes a definition through the managers of a copy of it.
Edit = Callable[[EnvironmentServices], None]


def redefine(
    layout: EnvironmentLayout,
    services: WorkspaceServices,
    edit: Edit,
    reporter: Reporter,
    *,
    test: bool = True,
    upgrade: tuple[str, ...] = (),
    named: Collection[str] = (),
) -> Redefinition:
    """Edit a copy of the manifest and resolve it, keeping the versions that are locked but for those of `upgrade`.

    Nothing of the environment is written. `named` are the packages that the user asks for by name: they may come from
    another index than before. Without `test` the locks are left to the real run. Raises `IndexChanged`,
    `RequirementsConflict`, `LockOutdated` when the manifest was changed by hand before, `BackendNotLocked` for a
    definition of ComfyDock 1.x, and what `edit` and locking raise.
    """
    backend = used_backend(layout)
    reporter.phase("Looking at the lock")
    services.environment(layout).uv_project.refuse_outdated()
    with tempfile.TemporaryDirectory(prefix="comfydock-trial-") as directory:
        trial = stage_definition(layout, directory)
        own = services.environment(trial)
        before = own.pyproject.read()
        asked = _asked_for(before)
        edit(own)
        own.pyproject.reopen_choices(before)
        wanted = _asked_for(own.pyproject.read())
        concerns_packages = bool(upgrade) or wanted != asked or (test and bool(named))
        less = not upgrade and not named and wanted.is_less_than(asked)
        warnings: tuple[str, ...] = ()
        if concerns_packages and test:
            warnings = make_locks(own, backend, reporter, upgrade=upgrade, less=less, named=named)
        # The packages that are installed are held against the new locks.
        os.symlink(layout.venv, trial.venv, target_is_directory=True)
        relock = concerns_packages and not test
        venv, reason = judge_venv(layout, lambda: not relock and own.uv_project.is_installed(backend))
        return Redefinition(
            files=_changed_files(layout.definition, trial.definition),
            relock=relock,
            packages=_locked_changes(layout.lock, trial.lock),
            backend=backend,
            python=wanted_python(layout),
            venv=venv,
            reason=reason,
            warnings=warnings,
            named=tuple(named) if relock else (),
        )


def refuse_changed_versions(new: Redefinition) -> None:
    """Raise `PackageChangeRefused` when packages that are locked already would get other versions."""
    if not new.packages.changed:
        return
    told = ", ".join(f"{name} {old} → {now}" for name, old, now in new.packages.changed[:_SHOWN])
    raise PackageChangeRefused(
        f"this would change packages that are locked already: {told}",
        hint="without `--strict` they are changed, and `undo` brings them back",
        context={"packages": [list(change) for change in new.packages.changed]},
    )


def steps_of(layout: EnvironmentLayout, new: Redefinition) -> tuple[list[Swap], list[PlanStep]]:
    """The names to swap for a new definition, and the lines that tell of it."""
    steps = [swap(layout.root, f".cec/{name}", has_new=True) for name in _changed_names(new)]
    work = [PlanStep("write", layout.manifest, "", deferred=True)] if "pyproject.toml" in new.files else []
    if new.relock or "uv.lock" in new.files:
        work.append(PlanStep("lock", layout.lock, "untried" if new.relock else _told(new.packages), deferred=True))
    work += [
        PlanStep("lock", f"{layout.definition}/{path}", "PyTorch again", deferred=True)
        for path in new.files
        if path.startswith(f"{BACKENDS}/")
    ]
    if new.venv != "keep":
        words = "a linked copy is brought up to date" if new.venv == "link" else "built anew"
        work.append(PlanStep("install", layout.venv, f"{words}: {new.reason}", deferred=True))
        steps.append(swap(layout.root, ".venv", has_new=True))
    return steps, work


def plan_redefinition(
    layout: EnvironmentLayout,
    command: str,
    new: Redefinition,
    steps: list[Swap],
    work: list[PlanStep],
    *,
    copied: Iterable[str] = (),
) -> ChangePlan:
    """The plan of `steps`, which stands as long as the definition and the chosen back end are what they are now.

    `copied` are directories that get a copy. What a virtual environment takes nobody can tell beforehand.
    """
    known = new.venv == "keep"
    return make_plan(
        layout.root,
        command,
        steps,
        work=work,
        disturbs=[layout.root],
        inputs=[f"{layout.definition}/{name}" for name in _DECIDING],
        fetch_bytes=0 if known else None,
        disk_needed=sum(measure_tree(directory)[0] for directory in copied) if known else None,
    )


def stage_redefinition(
    layout: EnvironmentLayout, services: WorkspaceServices, new: Redefinition, work: str, reporter: Reporter
) -> EnvironmentLayout:
    """Build what a new definition asks for in a directory of its own, and return it as an environment.

    Raises `RequirementsConflict` for one that was not tried, `VenvIncomplete`, and what installing raises.
    """
    staged = stage_definition(layout, work)
    own = services.environment(staged)
    for path, content in new.files.items():
        put_file(f"{staged.definition}/{path}", content)
    if new.relock:
        for warning in make_locks(own, new.backend, reporter, named=new.named):
            reporter.warn(warning)
    os.makedirs(f"{staged.definition}/{BACKENDS}", exist_ok=True)
    if new.venv != "keep":
        stage_venv(layout.venv, staged, own, how=new.venv, python=new.python, backend=new.backend, reporter=reporter)
    return staged


def put_redefinition(
    layout: EnvironmentLayout, staged: EnvironmentLayout, new: Redefinition, under_way: Operation
) -> PackageChanges:
    """Move what was staged to where the operation takes it from; tell which installed packages are others then."""
    packages = package_changes(layout.venv, layout.venv if new.venv == "keep" else staged.venv)
    names = [f".cec/{name}" for name in _changed_names(new)] + ([".venv"] if new.venv != "keep" else [])
    for name in names:
        os.rename(f"{staged.root}/{name}", under_way.place(name))
    return packages


@record
class _Asked:
    """What of a manifest decides about packages: the requirements, where they stand, and uv's settings."""

    dependencies: object
    groups: object
    settings: object

    def is_less_than(self, other: "_Asked") -> bool:
        """Whether nothing is asked for that `other` does not ask for, under the same settings."""
        return self.settings == other.settings and self._requirements() <= other._requirements()

    def _requirements(self) -> set[str]:
        groups = self.groups.values() if isinstance(self.groups, dict) else ()
        return {str(line) for lines in (self.dependencies, *groups) if isinstance(lines, list) for line in lines}


def _asked_for(manifest: dict[str, object]) -> _Asked:
    project, tool = manifest.get("project"), manifest.get("tool")
    return _Asked(
        project.get("dependencies") if isinstance(project, dict) else None,
        manifest.get("dependency-groups") or {},
        tool.get("uv") if isinstance(tool, dict) else None,
    )


def make_locks(
    own: EnvironmentServices,
    backend: str,
    reporter: Reporter,
    *,
    upgrade: tuple[str, ...] = (),
    less: bool = False,
    named: Collection[str] = (),
) -> tuple[str, ...]:
    """Make the locks; a back end that this machine does not use may be locked later. Returns what to tell.

    Raises what locking the back end `backend` raises.
    """
    reporter.phase("Resolving Python packages")
    failed = own.uv_project.relock(backend, reporter, upgrade=upgrade, less=less, asked=named).failed
    if backend in failed:
        failed[backend].context[OF_BACK_END] = backend
        raise failed[backend]
    return tuple(f"PyTorch for {name} has to be locked again later: {error.message}" for name, error in failed.items())


def _changed_files(before: str, after: str) -> dict[str, bytes | None]:
    paths = sorted({*_definition_files(before), *_definition_files(after)})
    contents = {path: (native.read_bytes(f"{before}/{path}"), native.read_bytes(f"{after}/{path}")) for path in paths}
    return {path: new for path, (old, new) in contents.items() if old != new}


def _definition_files(definition: str) -> Iterator[str]:
    yield from _FILES
    for directory, _, names in os.walk(f"{definition}/{BACKENDS}"):
        for name in names:
            yield os.path.relpath(f"{directory}/{name}", definition)


def _changed_names(new: Redefinition) -> list[str]:
    """The names directly in `.cec` that change."""
    names = dict.fromkeys(path.partition("/")[0] for path in new.files)
    if new.relock:
        names |= dict.fromkeys(["uv.lock", BACKENDS])
    return list(names)


def _locked_changes(before: str, after: str) -> PackageChanges:
    return changed_versions(locked_versions(before), locked_versions(after))


def locked_versions(lock: str) -> Mapping[str, str]:
    """The versions of each package in a lock, with commas between where platforms differ. Raises `LockDamaged`."""
    return {name: ", ".join(sorted(found)) for name, found in read_lock(lock).versions().items()}


def _told(packages: PackageChanges) -> str:
    counts = (("new", packages.added), ("gone", packages.removed), ("changed", packages.changed))
    return ", ".join(f"{len(found)} {word}" for word, found in counts if found) or "the same packages"


def put_file(path: str, content: bytes | None) -> None:
    """Write a file of a definition that is being made, with its directory, or remove it. Raises `OSError`."""
    if content is None:
        os.unlink(path)
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
