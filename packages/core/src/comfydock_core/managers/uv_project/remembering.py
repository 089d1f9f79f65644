"""What uv has answered before about PyTorch, so that further environments need not ask the same again."""

import json
import os
from collections.abc import Callable, Iterable

from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.integrations.uv_environment import OFFLINE
from comfydock_core.managers.uv_project.indexes import index_of
from comfydock_core.managers.uv_project.release import Accelerators
from comfydock_core.repositories.definition.pytorch_settings import Table, requires_python, uv_settings
from comfydock_core.utils.package_names import normal_name

# Package indexes tell their clients to take a list of files for true that long.
_INDEX_SECONDS = 10 * 60
# A lock of the same packages changes only when an index gets further files of a release, or loses them; whoever asks
# for a lock explicitly is not answered from here.
_PART_SECONDS = 24 * 60 * 60
# What a release requires is part of its files.
_RELEASE_SECONDS = 30 * 24 * 60 * 60


class RememberedAnswers:
    """The answers of one uv, for one workspace."""

    def __init__(self, cache: AnswerCache) -> None:
        self._cache = cache
        self._taken: list[tuple[str, list[str]]] = []

    def forget(self) -> bool:
        """Forget the locks that were taken from here, because they proved to be of no use. Whether there were any."""
        taken, self._taken = self._taken, []
        for subject, question in taken:
            self._cache.drop(subject, question)
        return bool(taken)

    def versions(
        self, uv: UVCommand, manifest: Table, backend: str, asked: Iterable[str], ask: Callable[[], dict[str, str]]
    ) -> dict[str, str]:
        """The release that the index of a back end has for some requirements."""
        question = [*_surroundings(uv, manifest, backend), *asked]
        found = self._cache.remember("family", question, _age(uv, _INDEX_SECONDS), lambda: {**ask()})
        return {name: str(version) for name, version in found.items()}

    def accelerators(
        self, uv: UVCommand, manifest: Table, release: dict[str, str], ask: Callable[[], Accelerators]
    ) -> Accelerators:
        """What a release requires on Linux alone."""
        question = [*_surroundings(uv, manifest, "pypi"), json.dumps(release)]

        def asked() -> dict[str, object]:
            answer = ask()
            return {"names": dict(answer.names), "versions": dict(answer.versions)}

        found = self._cache.remember("accelerators", question, _age(uv, _RELEASE_SECONDS), asked)
        names, versions = found["names"], found["versions"]
        assert isinstance(names, dict)
        assert isinstance(versions, dict)
        return Accelerators(names, versions)

    def base(self, uv: UVCommand, manifest: Table) -> str | None:
        """The `uv.lock` that was made of the same requirements shortly before, as one of this project."""
        question = _asked_of_base(uv, manifest)
        found = self._cache.recall("base", question, _age(uv, _INDEX_SECONDS))
        if found is None:
            return None
        self._taken.append(("base", question))
        old, new = (f'name = "{name}"\n' for name in (found["project"], _project(manifest)))
        return str(found["text"]).replace(old, new)

    def keep_base(self, uv: UVCommand, manifest: Table, text: str) -> None:
        """Remember a `uv.lock` that uv just made."""
        self._cache.keep("base", _asked_of_base(uv, manifest), {"project": _project(manifest), "text": text})

    def part(
        self,
        uv: UVCommand,
        manifest: Table,
        backend: str,
        made_from: Iterable[str],
        ask: Callable[[], tuple[str, list[str]]],
    ) -> tuple[str, list[str]]:
        """The lock of PyTorch for a back end, made from some texts, and the warnings that came with making it."""
        question = [*_surroundings(uv, manifest, backend), *made_from]

        found = self._cache.recall("part", question, _age(uv, _PART_SECONDS))
        if found is None:
            text, told = ask()
            found = {"text": text, "warnings": told}
            self._cache.keep("part", question, found)
        else:
            self._taken.append(("part", question))
        warnings = found["warnings"]
        assert isinstance(warnings, list)
        return str(found["text"]), warnings


def _age(uv: UVCommand, seconds: float) -> float:
    """How old an answer may be. Without the network an old one is the best there is."""
    return float("inf") if uv.is_offline else seconds


def _asked_of_base(uv: UVCommand, manifest: Table) -> list[str]:
    project = manifest.get("project")
    wanted = project.get("dependencies") if isinstance(project, dict) else None
    asked = json.dumps([wanted, manifest.get("dependency-groups")], sort_keys=True, default=str)
    return [*_surroundings(uv, manifest, "pypi"), asked]


def _project(manifest: Table) -> str:
    project = manifest.get("project")
    return normal_name(str(project.get("name"))) if isinstance(project, dict) else ""


def _surroundings(uv: UVCommand, manifest: Table, backend: str) -> list[str]:
    """What every answer depends on: uv itself, its settings from all sides, and the index.

    Whether the network is on is none of it: without it others are not asked, and their answers stay the same.
    """
    program = os.stat(uv.program)
    variables = ((name, value) for name, value in os.environ.items() if name.startswith("UV_") and name != OFFLINE)
    own = sorted(f"{name}={value}" for name, value in variables)
    settings = json.dumps(uv_settings(manifest), sort_keys=True, default=str)
    return [str(program.st_size), str(program.st_mtime_ns), *own, requires_python(manifest), settings, backend,
            str(index_of(backend))]  # fmt: skip
