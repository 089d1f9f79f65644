"""What a commit changes, by the files of the commit before and those that it has itself."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from comfydock_core.configs.environment_layout import WORKFLOWS
from comfydock_core.integrations.git.committing import File
from comfydock_core.models.committing import CommitChanges, Difference
from comfydock_core.models.exceptions import LockDamaged, ManifestDamaged
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.repositories.definition.manifest_reader import parse_manifest
from comfydock_core.repositories.definition.tracked_packs import tracked_packs
from comfydock_core.repositories.definition.uv_lock import parse_lock

_MANIFEST, _LOCK = b"pyproject.toml", b"uv.lock"
_END = ".json"
Key = TypeVar("Key", str, bytes)


def changes_between(
    before: Mapping[bytes, File], after: Mapping[bytes, File], content: Callable[[str], str]
) -> CommitChanges:
    """What is different; `content` reads an object. What the commit before had and nobody can read counts as nothing.

    Raises `ManifestDamaged` and `LockDamaged` for what is to be committed.
    """
    files = difference(before, after)
    every = {*files.added, *files.removed, *files.changed}
    manifests = _both(_MANIFEST, before, after, content) if _MANIFEST.decode() in every else None
    locks = _both(_LOCK, before, after, content) if _LOCK.decode() in every else None
    old, new = (_Told({}, None), _Told({}, None)) if manifests is None else _manifests(*manifests)
    return CommitChanges(
        comfyui=new.comfyui if new.comfyui != old.comfyui else None,
        packs=difference(old.packs, new.packs),
        packages=Difference() if locks is None else _packages(*locks),
        workflows=_workflows(files),
        files=files,
    )


def difference(before: Mapping[Key, object], after: Mapping[Key, object]) -> Difference:
    """The names that only one side has, and those that stand for something else."""
    return Difference(
        added=_sorted(after.keys() - before.keys()),
        removed=_sorted(before.keys() - after.keys()),
        changed=_sorted(name for name in before.keys() & after.keys() if before[name] != after[name]),
    )


class _Told:
    """What of a manifest counts."""

    def __init__(self, packs: Mapping[str, object], comfyui: str | None) -> None:
        self.packs = packs
        self.comfyui = comfyui


def _manifests(before: str, after: str) -> tuple[_Told, _Told]:
    try:
        old = _manifest(before)
    except ManifestDamaged:
        old = _Told({}, None)
    return old, _manifest(after)


def _manifest(text: str) -> _Told:
    name = _MANIFEST.decode()
    manifest = parse_manifest(text, name)
    known = EnvironmentManifest(manifest, name)
    return _Told(tracked_packs(manifest, name), known.comfyui_version)


def _packages(before: str, after: str) -> Difference:
    try:
        old = _versions(before)
    except LockDamaged:
        old = {}
    return difference(old, _versions(after))


def _versions(text: str) -> dict[str, set[str]]:
    return parse_lock(text, _LOCK.decode()).versions()


def _both(
    name: bytes, before: Mapping[bytes, File], after: Mapping[bytes, File], content: Callable[[str], str]
) -> tuple[str, str]:
    old, new = (side[name][1] if name in side else None for side in (before, after))
    return tuple(content(one) if one is not None else "" for one in (old, new))  # type: ignore[return-value]


def _workflows(files: Difference) -> Difference:
    """Those by their names, without `.json`."""

    def names(paths: Iterable[str]) -> tuple[str, ...]:
        inner = (path.removeprefix(WORKFLOWS) for path in paths if path.startswith(WORKFLOWS))
        return tuple(path.removesuffix(_END) for path in inner)

    return Difference(names(files.added), names(files.removed), names(files.changed))


def _sorted(names: Iterable[Key]) -> tuple[str, ...]:
    return tuple(sorted(name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name for name in names))
