"""`comfydock.json`: what a bundle says of itself, read from strangers and written the same for the same state."""

from collections.abc import Iterator, Mapping

from comfydock_core.models.committing import Gap
from comfydock_core.models.exceptions import BundleDamaged
from comfydock_core.models.sharing import (
    BUNDLE_MANIFEST,
    FORMAT,
    BundleManifest,
    HistoryTip,
    MemberDigest,
    NeededModel,
)
from comfydock_core.utils.strict_json import COMMIT, DIGEST, NewerFormat, read_strictly, sound, table, write_evenly

_LARGEST_SIZE = 1 << 63


def manifest_content(manifest: BundleManifest) -> bytes:
    """The file, byte for byte the same for the same manifest."""
    values = {
        "format": FORMAT,
        "members": {name: _member(one) for name, one in manifest.members.items()},
        "missing": [gap.as_dict() for gap in manifest.missing],
        "needs": {name: list(packs) for name, packs in manifest.needs.items()},
        "models": [one.as_dict() for one in manifest.models],
        "history": None
        if manifest.history is None
        else {"commit": manifest.history.commit, "branch": manifest.history.branch},
    }
    return write_evenly(values, indent=1)


def parse_manifest(content: bytes, path: str) -> BundleManifest:
    """What the file of the bundle at `path` says; keys that are not known are passed over. Raises `BundleDamaged`."""
    try:
        return _manifest(read_strictly(content, FORMAT))
    except NewerFormat as error:
        raise BundleDamaged(
            f"cannot use the bundle `{path}`: its `{BUNDLE_MANIFEST}` has the format {error}, which is newer",
            hint="a newer ComfyDock reads it: `comfydock self update`",
            context={"path": path, "format": str(error)},
        ) from error
    except (ValueError, RecursionError) as error:
        raise BundleDamaged(
            f"cannot use the bundle `{path}`: its `{BUNDLE_MANIFEST}` cannot be read: {error}",
            hint="ask for the bundle once more; this one was damaged or changed",
            context={"path": path, "reason": str(error)},
        ) from error


def _manifest(values: Mapping[str, object]) -> BundleManifest:
    members = table(values.get("members"), "`members`")
    needs = table(values.get("needs", {}), "`needs`")
    history = values.get("history")
    return BundleManifest(
        {name: _digest(table(one, f"`{name}`"), name) for name, one in members.items()},
        tuple(_gap(one) for one in _tables(values, "missing")),
        {name: _texts({"packs": packs}, "packs") for name, packs in needs.items()},
        tuple(_model(one) for one in _tables(values, "models")),
        None if history is None else _tip(table(history, "`history`")),
    )


def _member(digest: MemberDigest) -> dict[str, object]:
    found: dict[str, object] = {"sha256": digest.sha256, "size": digest.size}
    return {**found, "executable": True} if digest.executable else found


def _digest(values: Mapping[str, object], name: str) -> MemberDigest:
    sha256 = values.get("sha256")
    size = _size(values, "size")
    if not isinstance(sha256, str) or not DIGEST.fullmatch(sha256) or size is None:
        raise ValueError(f"the digest of `{name}` is none")
    executable = values.get("executable", False)
    if not isinstance(executable, bool):
        raise ValueError(f"whether `{name}` is a program is neither true nor false")
    return MemberDigest(sha256, size, executable)


def _gap(values: Mapping[str, object]) -> Gap:
    kind, name, reason = (_required(values, key) for key in ("kind", "name", "reason"))
    return Gap(kind, name, reason, _text(values, "digest"))


def _model(values: Mapping[str, object]) -> NeededModel:
    for key in ("blake3", "sha256"):
        digest = _text(values, key)
        if digest is not None and not DIGEST.fullmatch(digest):
            raise ValueError(f"`{key}` of a model is no digest")
    return NeededModel(
        _text(values, "folder") or "",
        _required(values, "name"),
        _size(values, "size"),
        _text(values, "blake3"),
        _text(values, "sha256"),
        _texts(values, "sources"),
        _texts(values, "workflows"),
    )


def _tip(values: Mapping[str, object]) -> HistoryTip:
    commit = _required(values, "commit")
    if not COMMIT.fullmatch(commit):
        raise ValueError("`commit` is no commit")
    return HistoryTip(commit, _text(values, "branch"))


def _tables(values: Mapping[str, object], key: str) -> Iterator[dict[str, object]]:
    listed = values.get(key, [])
    if not isinstance(listed, list):
        raise ValueError(f"`{key}` is not a list")
    for one in listed:
        yield table(one, f"what is in `{key}`")


def _texts(values: Mapping[str, object], key: str) -> tuple[str, ...]:
    listed = values.get(key, [])
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise ValueError(f"`{key}` is not a list of texts")
    return tuple(map(sound, listed))


def _text(values: Mapping[str, object], key: str) -> str | None:
    value = values.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"`{key}` is not text")
    return None if value is None else sound(value)


def _required(values: Mapping[str, object], key: str) -> str:
    found = _text(values, key)
    if not found:
        raise ValueError(f"`{key}` is missing")
    return found


def _size(values: Mapping[str, object], key: str) -> int | None:
    size = values.get(key)
    if size is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size < _LARGEST_SIZE:
        raise ValueError(f"`{key}` is no size")
    return size
