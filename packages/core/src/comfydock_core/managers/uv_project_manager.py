"""`UVProjectManager`: the lock of one definition and the virtual environment made from it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager

from comfydock_core.analyzers.packages import installed_packages
from comfydock_core.analyzers.packages.backend_parts import why_part_is_of_no_use
from comfydock_core.analyzers.packages.expected_packages import expected_pylock
from comfydock_core.configs.environment_layout import BACKEND_CHOICE
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.uv_project import (
    asking_ahead,
    converting,
    installed,
    installing,
    locking,
    relocking,
    requiring,
    trying,
)
from comfydock_core.managers.uv_project.indexes import index_of
from comfydock_core.managers.uv_project.recording import write_record
from comfydock_core.managers.uv_project.remembering import RememberedAnswers
from comfydock_core.managers.uv_project.trying import Trials
from comfydock_core.models.packages.backends import BackendPart
from comfydock_core.models.packages.conversion import Conversion, Relocked
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition.backend_parts import read_part
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.utils.files import atomic


class UVProjectManager:
    """Locks and installs through uv, in the two directories it is given: those of an environment, or staged ones.

    The methods raise what uv's failures mean, and `OSError`.
    """

    def __init__(self, definition: str, venv: str, uv: UVCommand, answers: RememberedAnswers | None = None) -> None:
        """`uv` works on the project in `definition` and installs into `venv`. `answers` save asking it twice."""
        self._answers = answers
        self._definition = definition
        self._venv = venv
        self._uv = uv
        self._resolved: str | None = None

    def create_venv(self, python: str, reporter: Reporter) -> None:
        """Make an empty virtual environment, movable, replacing one that is there."""
        self._uv.create_venv(python, reporter.line)

    def creating_venv(self, python: str, reporter: Reporter) -> AbstractContextManager[None]:
        """The same while the block does other things; it is there when the block ends."""
        return self._uv.creating_venv(python, reporter.line)

    def lock(self, backend: str, reporter: Reporter, *, upgrade: Sequence[str] = ()) -> None:
        """Resolve the manifest into `uv.lock`, keeping the versions it has but for those of `upgrade`.

        A PyTorch release that is not pinned yet is chosen from the index of `backend` and pinned in the manifest.
        Raises `RequirementsConflict`, `IndexChanged`, `BackendNotFound`, `ManifestDamaged`.
        """
        locking.lock_base(self._uv, self._definition, backend, reporter, upgrade, self._answers)

    def lock_backend(self, backend: str, reporter: Reporter, *, remembered: bool = False) -> BackendPart | None:
        """Lock PyTorch for a back end; `None` where it needs no lock. Nothing else changes, and nothing on failure.

        With `remembered` a lock that was made of the same packages within a day is taken.
        Raises `BackendNotFound`, `RequirementsConflict`, `LockOutdated`, `BackendPartRefused`.
        """
        answers = self._answers if remembered else None
        return locking.lock_backend(self._uv, self._definition, backend, reporter, answers)

    def has_locked(self, backend: str) -> bool:
        """Whether PyTorch is locked for a back end from the index that is used here, in a way that fits `uv.lock`.

        Raises `LockDamaged`, `InvalidSetting`.
        """
        manifest, index = read_manifest(f"{self._definition}/pyproject.toml"), index_of(backend)
        if why_part_is_of_no_use(self._definition, manifest, backend) is not None:
            return False
        return read_part(self._definition, backend).index == (None if index is None else index.url)

    def lock_as_installed(self, backend: str, pins: Sequence[str], reporter: Reporter) -> bool:
        """Like `lock`, with the versions of some pins (`name==version`) wherever the manifest asks for these packages.

        Pins that do not fit are given up, and told. `False` when the requirements do not fit together either: then
        nothing is locked. Raises what `lock` raises.
        """
        return installed.lock_as_installed(self._uv, self._definition, backend, list(pins), reporter)

    def relock(
        self,
        backend: str,
        reporter: Reporter,
        *,
        backends: Collection[str] = (),
        upgrade: Sequence[str] = (),
        less: bool = False,
        asked: Collection[str] = (),
    ) -> Relocked:
        """Lock the base, the parts of `backends`, and every part that the new base concerns.

        Failures of single back ends are in the result. `less` says that the manifest asks for nothing but what it asked
        for before, which needs no network; `asked` names what may come from another index than it is locked from.
        Raises what `lock` raises.
        """
        resolved, self._resolved = self._resolved, None
        return relocking.relock(
            self._uv,
            self._definition,
            backend,
            reporter,
            backends=backends,
            upgrade=upgrade,
            less=less,
            asked=asked,
            resolved=resolved,
        )

    def add(
        self,
        requirements: Sequence[str],
        reporter: Reporter,
        *,
        group: str | None = None,
        editable: bool = False,
        bounds: str | None = None,
        resolve: bool = True,
        upgrade: Sequence[str] = (),
    ) -> None:
        """Write requirements into the manifest; `relock` then makes the locks, of what is resolved for it here.

        What has no version gets a bound that uv finds out by resolving, unless `resolve` is off. Raises
        `RequirementsConflict`, what uv's failures mean.
        """
        self._resolved = requiring.add(
            self._uv, self._definition, requirements, reporter.line,
            group=group, editable=editable, bounds=bounds, resolve=resolve, upgrade=upgrade,
        )  # fmt: skip

    def remove(self, names: Sequence[str], reporter: Reporter, *, group: str | None = None) -> None:
        """Take requirements out of the manifest, those of the project or of a group; `relock` then makes the locks."""
        self._resolved = None
        self._uv.remove(names, reporter.line, group=group)

    def ask_ahead(self, backend: str, reporter: Reporter) -> set[str]:
        """Ask the indexes all that resolving this definition, or a new one like it, needs, so that uv can do that
        offline; the names of the packages that were met.

        For a definition that nobody uses: its files may be others afterwards. Raises what `lock` raises.
        """
        return asking_ahead.ask_ahead(self._uv, self._definition, backend, reporter)

    def lock_newest(self, reporter: Reporter) -> None:
        """Resolve the manifest into `uv.lock` anew, with the newest versions of everything. Raises what `lock` does."""
        self._uv.lock(reporter.line, upgrade_all=True)

    def upgrade_release(self, backends: Sequence[str], reporter: Reporter) -> dict[str, str]:
        """Pin the newest release of PyTorch that all of `backends` have; `relock` then makes the locks.

        Raises `BackendNotFound`, `RequirementsConflict`.
        """
        return relocking.upgrade_release(self._uv, self._definition, backends, reporter)

    def convert(self, fallback: str, reporter: Reporter) -> Conversion | None:
        """Make a definition of ComfyDock 1.x neutral, keeping its versions; `None` when it is neutral already.

        The virtual environment is only looked at. Raises what `lock` and `lock_backend` raise, `LockDamaged`.
        """
        return converting.convert(self._uv, self._definition, self._venv, fallback, reporter)

    def older_backend(self) -> str | None:
        """The back end that a definition of ComfyDock 1.x was made for, as far as its files say."""
        return converting.older_backend(self._definition)

    def choose_backend(self, backend: str) -> None:
        """Note the back end that this machine uses, beside the manifest and outside the history."""
        atomic.write_text(f"{self._definition}/{BACKEND_CHOICE}", f"{backend}\n")

    def is_installed(self, backend: str) -> bool:
        """Whether everything that is locked for `backend` is installed, by the record and without asking uv."""
        return installed_packages.is_installed(self._definition, self._venv, backend)

    def export(self, backend: str) -> str:
        """All that is locked for `backend` as one `pylock.toml`. Raises what `install` raises before it installs."""
        return expected_pylock(self._uv, self._definition, read_manifest(f"{self._definition}/pyproject.toml"), backend)

    def refuse_outdated(self) -> None:
        """Raise `LockOutdated` when the manifest was changed since it was locked. Nothing is written."""
        self._uv.refuse_outdated("install the packages")

    def install(self, backend: str, reporter: Reporter, *, carried: Mapping[str, str] | None = None) -> bool:
        """Install exactly what is locked for `backend`; `False` when there was nothing to do.

        Wheels that are `carried` are files here, by the names of the wheels: these come first, the rest from indexes.
        Only for a virtual environment that nothing runs from: uv cannot change a live one safely. Raises
        `LockOutdated`, `BackendNotLocked`, `BackendPartRefused`, `HashMismatch`, `PackagesInconsistent`, and
        `OfflineRefused` where a wheel that is carried is not the one that is needed here.
        """
        if self.is_installed(backend):
            return False
        installing.install(self._uv, self._definition, self._venv, backend, reporter, carried or {})
        return True

    def reinstall(self, names: Sequence[str], backend: str, reporter: Reporter) -> None:
        """Install some packages of the last installation once more. Raises what `install` raises."""
        installing.reinstall(self._uv, self._venv, backend, names, reporter)

    def forget_answers(self) -> bool:
        """Forget the locks that were made before and taken instead of asking. Whether there were any."""
        return self._answers is not None and self._answers.forget()

    def by_hand(self, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """A command line of uv that somebody gives themselves, and the variables to run it with."""
        return self._uv.by_hand(arguments)

    def trials(self) -> AbstractContextManager[Trials]:
        """Questions about sets of requirements, under the manifest's settings. Raises `ManifestDamaged`."""
        return trying.trials(self._uv, self._definition)

    def forget(self, packages: Sequence[str]) -> None:
        """Let uv remove packages from its cache, so that they are fetched again. Raises `UvFailed`."""
        self._uv.clean_cache(packages)

    def write_record(self, backend: str) -> None:
        """Note what is installed now and what it was installed from, for `status`."""
        write_record(self._definition, self._venv, backend)
