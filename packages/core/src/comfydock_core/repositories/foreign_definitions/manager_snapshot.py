"""Snapshots of ComfyUI-Manager, which comfy-cli's `comfy-lock.yaml` has in it, together with models.

Format: `comfyui` (a commit), `git_custom_nodes` (`{address: {hash, disabled}}`), `cnr_custom_nodes` (`{identifier:
version}`), `file_custom_nodes` (`[{filename, disabled}]`) and `pips` (`{"name==version": ""}`); in YAML all that is
below `custom_nodes`. `comfy-lock.yaml` has `models` beside it: `[{model, url, paths: [{path}], hashes: [{hash,
type}], type}]`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from comfydock_core.models.foreign import ForeignDefinition, ForeignModel, ForeignPack, OpenPoint
from comfydock_core.repositories.foreign_definitions.checking import Value, pin_in
from comfydock_core.repositories.foreign_definitions.places import model_place

SNAPSHOT = "a snapshot of ComfyUI-Manager"
LOCK = "a lock of comfy-cli"
COMFYUI, GIT, REGISTERED, FILES, PACKAGES = (
    "comfyui",
    "git_custom_nodes",
    "cnr_custom_nodes",
    "file_custom_nodes",
    "pips",
)
BELOW = "custom_nodes"
_OF_ONE_FILE = "nodes in a single file have no source; copy it among the custom nodes of the environment"


def is_snapshot(value: Value) -> bool:
    """Whether a mapping has what snapshots have."""
    return any(value.has(name) for name in (GIT, REGISTERED, FILES))


def parse_snapshot(data: object, path: str) -> ForeignDefinition:
    """A snapshot by its values, alone or below `custom_nodes`. Raises `TemplateDamaged`, naming `path`."""
    root = Value(data, path)
    root.check_mapping()
    below = root[BELOW] if root.has(BELOW) else root
    if not is_snapshot(below):
        raise root.refused("it has neither `git_custom_nodes` nor `cnr_custom_nodes`, so it is no snapshot")
    pins, others = _packages(below[PACKAGES])
    found = ForeignDefinition(
        path,
        SNAPSHOT,
        comfyui=below[COMFYUI].ref(),
        packs=(*_from_git(below[GIT]), *_registered(below[REGISTERED])),
        pins=pins,
        open=(*_single_files(below[FILES]), *others),
    )
    if not (root.has("models") or root.has("basic")):
        return found
    models = tuple(_models(root["models"]))
    return replace(found, kind=LOCK, models=models)


def snapshot_content(
    commit: str, packs: Iterable[ForeignPack], versions: Mapping[str, str], *, below: bool = False
) -> dict[str, object]:
    """The values of a snapshot, each part in the order of its names; `below` is how YAML has them."""
    ordered = sorted(packs, key=lambda pack: pack.place)
    snapshot: dict[str, object] = {
        COMFYUI: commit,
        GIT: {one.place: {"hash": one.version, "disabled": not one.enabled} for one in ordered if not one.registered},
        REGISTERED: {one.place: one.version for one in ordered if one.registered},
        FILES: [],
        PACKAGES: {f"{name}=={versions[name]}": "" for name in sorted(versions)},
    }
    return {BELOW: snapshot} if below else snapshot


def snapshot_text(snapshot: Mapping[str, object]) -> bytes:
    """The values as JSON, as Manager writes it."""
    return f"{json.dumps(snapshot, indent=4)}\n".encode()


def _from_git(value: Value) -> Iterator[ForeignPack]:
    for address, entry in value.items():
        if entry.is_mapping():
            yield ForeignPack(address.strip(), entry["hash"].ref(), enabled=not entry["disabled"].truth())
        else:
            yield ForeignPack(address.strip(), entry.ref())


def _registered(value: Value) -> Iterator[ForeignPack]:
    for identifier, entry in value.items():
        yield ForeignPack(identifier.strip(), entry.version(), registered=True)


def _single_files(value: Value) -> Iterator[OpenPoint]:
    for entry in value.entries():
        named = entry["filename"] if entry.is_mapping() else entry
        yield OpenPoint(named.needed_text(), _OF_ONE_FILE)


def _packages(value: Value) -> tuple[dict[str, str], list[OpenPoint]]:
    """The pins, and what is no version of an index. Some write `name: version`, most `name==version` and nothing."""
    pins: dict[str, str] = {}
    others: list[OpenPoint] = []
    for name, entry in value.items():
        version = entry.text()
        pin = pin_in(name if "=" in name or not version else f"{name}=={version}")
        if pin is not None:
            pins[pin[0]] = pin[1]
        else:
            shown = name if not version or version in name else f"{name} {version}"
            others.append(OpenPoint(shown, "it came from elsewhere than an index", lacking=False))
    return pins, others


def _models(value: Value) -> Iterator[ForeignModel]:
    for entry in value.entries():
        name, url = entry["model"].text(), entry["url"].text()
        places = [one["path"].text() if one.is_mapping() else one.text() for one in entry["paths"].entries()]
        digest = next((one["hash"].sha256() for one in entry["hashes"].entries() if _is_sha256(one)), None)
        path = next((one for one in places if one), None) or name
        if path is None and url is None:  # The tool writes an empty one into a new file.
            continue
        if path is None:
            raise entry.refused("it has neither `model` nor `paths`")
        kind = entry["type"].text() or ""
        folder, below = model_place(path, entry, usual=kind)
        yield ForeignModel(folder, below, None, digest, () if url is None else (url,))


def _is_sha256(value: Value) -> bool:
    return (value["type"].text() or "").lower().replace("-", "") == "sha256"
