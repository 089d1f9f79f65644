"""Taking more into a new environment's definition, as far as it can be resolved: what cannot is reported, not fatal."""

from collections.abc import Callable, Sequence

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.services_bundle import EnvironmentServices
from comfydock_core.models.exceptions import RequirementsConflict, UvFailed
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.definition.pytorch_settings import accepted_without_hash, family_of
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.utils import native
from comfydock_core.utils.files import atomic
from comfydock_core.utils.reporting import WarningReporter

_UNKNOWN = "was not found in the package registry"


@record
class Addition:
    """Something more for a definition: what it is called, and how it gets into the manifest.

    `version` is the one that it must have in the lock, where only that will do.
    """

    name: str
    put: Callable[[], None]
    version: str | None = None


class AddingWhatFits:
    """Tries additions on top of a definition that is locked: all at once, and in halves where that does not go."""

    def __init__(
        self,
        layout: EnvironmentLayout,
        services: EnvironmentServices,
        backend: str,
        pins: Sequence[str],
        reporter: Reporter,
    ) -> None:
        self._layout = layout
        self._services = services
        self._backend = backend
        self._pins = pins
        self._reporter = reporter
        self.refused: dict[str, str] = {}

    def add(self, additions: Sequence[Addition]) -> None:
        """Put what fits into manifest and lock; `refused` says why the others do not.

        What is tried first goes first. Raises what uv's other failures mean, `OSError`.
        """
        if not additions:
            return
        why = self._try(additions)
        if why is None:
            return
        if len(additions) == 1:
            self.refused[additions[0].name] = why
            return
        half = len(additions) // 2
        self.add(additions[:half])
        self.add(additions[half:])

    def _try(self, additions: Sequence[Addition]) -> str | None:
        """Why some additions cannot be had together with what is there; nothing is changed then."""
        manifest, lock = (native.read_bytes(path) or b"" for path in (self._layout.manifest, self._layout.lock))
        before = read_lock(self._layout.lock).unhashed()
        overheard = WarningReporter(self._reporter)
        try:
            for one in additions:
                one.put()
            self._services.pyproject.settle_substitutes()
            if not self._services.uv_project.lock_as_installed(self._backend, self._pins, overheard):
                self._services.uv_project.lock(self._backend, overheard)  # It says what the reason is.
            why = self._unusable(additions, before)
        except RequirementsConflict as error:
            why = _in_short(error.message, additions)
        except UvFailed as error:
            why = f"uv cannot read what it requires: {error.message.strip().splitlines()[-1].strip()}"
        if why is not None:
            atomic.write_text(self._layout.manifest, manifest.decode("utf-8"))
            atomic.write_text(self._layout.lock, lock.decode("utf-8"))
            return why
        for warning in overheard.warnings:
            self._reporter.warn(warning)
        return None

    def _unusable(self, additions: Sequence[Addition], unhashed: set[str]) -> str | None:
        """What speaks against a lock that could be made: another version, or files that nobody could check."""
        lock, manifest = read_lock(self._layout.lock), self._services.pyproject.read()
        versions = lock.versions()
        for one in additions:
            found = versions.get(one.name, set())
            if one.version is not None and one.version not in found:
                return f"no index has this version{f', but {min(found)}' if found else ''}"
        unchecked = lock.unhashed() - unhashed - set(family_of(manifest)) - accepted_without_hash(manifest)
        return f"the index has no hash for files of {', '.join(sorted(unchecked))}" if unchecked else None


def _in_short(explanation: str, additions: Sequence[Addition]) -> str:
    """The reason in a line: what uv draws as a tree is for a single question, not for an account of many things."""
    flat = " ".join(explanation.replace("╰─▶", " ").replace("│", " ").split())
    if _UNKNOWN in flat and any(f"{one.name} {_UNKNOWN}" in flat for one in additions):
        return "no index has it"
    because = flat.partition("Because ")[2]
    return f"it does not fit the rest: {because or flat}"
