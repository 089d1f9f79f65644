"""Would it resolve? Sets of requirements are tried under the settings of an environment, which stays untouched."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence

from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.models.exceptions import OfflineRefused, RequirementsConflict
from comfydock_core.models.packages.conflicts import ConflictLine
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pyproject_document import toml_text
from comfydock_core.repositories.definition.pytorch_settings import Table, requires_python, uv_settings
from comfydock_core.utils.files import atomic

# What belongs to the groups and members of the environment's own project, or is among the lines that are tried.
_LEFT_OUT = frozenset({"conflicts", "constraint-dependencies", "default-groups", "dependency-groups",
                       "dev-dependencies", "managed", "package", "sources", "workspace"})  # fmt: skip
_DOING = "find packages that fit together"


class Trials:
    """Questions to uv about sets of requirements. The answer is `None`, or uv's explanation of why it cannot be."""

    def __init__(self, uv: UVCommand, directory: str, definition: str, manifest: Table) -> None:
        """`uv` is that of the environment; `directory` is empty, and only used for this."""
        self._online = uv.inside(directory)
        self._cached = uv.inside(directory, offline=True)
        self._directory = directory
        self._settings = _settings(manifest, definition)
        self._python = requires_python(manifest)
        self.asked = 0
        self.fetched = 0

    def guess(self, lines: Iterable[ConflictLine]) -> str | None:
        """Whether the lines fit together by what uv has in its cache, which takes a small part of the time.

        A yes is one. A no may be for want of something in the cache: uv does not always tell.
        """
        self._write(lines)
        self.asked += 1
        try:
            return self._ask(self._cached)
        except OfflineRefused:
            return self._fetch()

    def answer(self, lines: Iterable[ConflictLine]) -> str | None:
        """The same, where a no is what the indexes say now, or the cache where the network must not be used.

        Raises what uv's failures mean but for `RequirementsConflict`.
        """
        asked = list(lines)
        guessed = self.guess(asked)
        if guessed is None:
            return None
        try:
            return self._fetch()
        except OfflineRefused:
            return guessed

    def _fetch(self) -> str | None:
        self.fetched += 1
        return self._ask(self._online)

    def _ask(self, uv: UVCommand) -> str | None:
        lock = f"{self._directory}/uv.lock"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(lock)  # Each question by itself, so that the order of them does not matter.
        try:
            uv.lock(lambda line: None, doing=_DOING)
        except RequirementsConflict as error:
            return _told(str(error.context["output"]))
        return None

    def _write(self, lines: Iterable[ConflictLine]) -> None:
        asked = list(lines)
        wanted = [line.requirement for line in asked if not line.constraint]
        limits = [line.requirement for line in asked if line.constraint]
        project = {"name": "comfydock-trial", "version": "0", "requires-python": self._python}
        manifest: Table = {
            "project": {**project, "dependencies": _unique(wanted)},
            "tool": {"uv": {**self._settings, "package": False, "constraint-dependencies": _unique(limits)}},
        }
        atomic.write_text(f"{self._directory}/pyproject.toml", toml_text(manifest))


@contextlib.contextmanager
def trials(uv: UVCommand, definition: str) -> Iterator[Trials]:
    """Trials under what the manifest in `definition` says of Python, indexes, sources, exclusions and overrides.

    Its requirements and constraints are not in them: what is to be tried is in the questions. Raises `ManifestDamaged`.
    """
    manifest = read_manifest(f"{definition}/pyproject.toml")
    with tempfile.TemporaryDirectory(prefix="comfydock-try-") as directory:
        yield Trials(uv, directory, definition, manifest)


def _told(output: str) -> str:
    """uv's explanation without what it says about itself, and without advice that is none for an environment."""
    lines = output.strip().splitlines()
    return "\n".join(line for line in lines if not line.startswith("Using ") and "tool.uv.environments" not in line)


def _settings(manifest: Table, definition: str) -> Table:
    given = uv_settings(manifest)
    settings = {key: value for key, value in given.items() if key not in _LEFT_OUT}
    sources = given.get("sources")
    if isinstance(sources, dict):
        settings["sources"] = {name: _source(source, definition) for name, source in sources.items()}
    return settings


def _source(source: object, definition: str) -> object:
    """A source as it is said elsewhere: for no group of its own, and with a path that holds from anywhere."""
    if isinstance(source, list):
        return [_source(each, definition) for each in source]
    if not isinstance(source, dict):
        return source
    kept = {key: value for key, value in source.items() if key not in ("group", "extra")}
    if isinstance(kept.get("path"), str):
        kept["path"] = os.path.join(definition, kept["path"])
    return kept


def _unique(texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(texts))
