"""Packages of comfy-pack (`.cpack.zip`): a snapshot, a workflow, requirements and inputs, without models.

Format: `snapshot.json` has `python`, `comfyui` (a commit), `custom_nodes` (`[{url, commit_hash, disabled, pip}]`) and
`models` (`[{filename, size, sha256, disabled, source: {download_url}}]`, of which the disabled ones were not chosen);
`requirements.txt` is what was installed; `workflow.json` and `workflow_api.json` are one workflow in both formats.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from comfydock_core.models.exceptions import ArchiveRefused
from comfydock_core.models.foreign import ForeignDefinition, ForeignModel, ForeignPack, OpenPoint
from comfydock_core.repositories.foreign_definitions.checking import LARGEST, Value, damaged, pin_in
from comfydock_core.repositories.foreign_definitions.json_text import plain_json
from comfydock_core.repositories.foreign_definitions.places import inner_path, model_place
from comfydock_core.utils.file_names import safe_name
from comfydock_core.utils.files.archive_members import (
    CHUNK,
    Gauge,
    Member,
    UnpackLimits,
    members,
    told_as_refusal,
)
from comfydock_core.utils.files.disk_errors import disk_errors

PACKAGE = "a package of comfy-pack"
_SNAPSHOT, _REQUIREMENTS, _WORKFLOW, _PROMPT = "snapshot.json", "requirements.txt", "workflow.json", "workflow_api.json"
_READ = (_SNAPSHOT, _REQUIREMENTS, _WORKFLOW, _PROMPT)
_INPUTS = "input/"
_LIMITS = UnpackLimits(size=4_000_000_000, members=20_000)
_LARGEST_WORKFLOW = 64 * 1024 * 1024
_ENDINGS = re.compile(r"(\.cpack)?\.zip$", re.IGNORECASE)
_TOOLS = frozenset({"comfy-cli", "fastapi"})  # comfy-pack adds them for itself, without a version.


@dataclass(slots=True)
class _Found:
    files: dict[str, bytes] = field(default_factory=dict)
    inputs: dict[str, str | None] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


def read_comfy_pack(path: str, scratch: str | None) -> ForeignDefinition:
    """What a package holds; inputs are unpacked to the directory `scratch`, if there is one.

    Raises `TemplateDamaged`, `FileSystemError`.
    """
    try:
        with told_as_refusal(path):
            found = _read(path, scratch)
    except ArchiveRefused as error:
        raise damaged(path, str(error.context["reason"])) from error
    if _SNAPSHOT not in found.files:
        raise damaged(path, f"it has no `{_SNAPSHOT}`, so it is no package of comfy-pack")
    definition = parse_pack_snapshot(plain_json(found.files[_SNAPSHOT], f"{path}/{_SNAPSHOT}"), path)
    pins, unpinned = _requirements(found.files.get(_REQUIREMENTS, b""))
    name = safe_name(_ENDINGS.sub("", os.path.basename(path))) or "workflow"
    files = _workflow_files(found.files, name)
    passed_over = [OpenPoint(other, "comfy-pack has no such file", lacking=False) for other in found.others]
    return replace(
        definition,
        pins={**pins, **definition.pins},
        workflow=name if files else None,
        files=files,
        inputs=found.inputs,
        open=(*definition.open, *unpinned, *passed_over),
    )


def parse_pack_snapshot(data: object, path: str) -> ForeignDefinition:
    """A `snapshot.json` by its values. Raises `TemplateDamaged`, naming `path`."""
    root = Value(data, path)
    root.check_mapping()
    if not root.has("custom_nodes"):
        raise root.refused("it has no `custom_nodes`, so it is no snapshot of comfy-pack")
    packs = [_pack(entry) for entry in root["custom_nodes"].entries()]
    return ForeignDefinition(
        path,
        PACKAGE,
        comfyui=root["comfyui"].ref(),
        python=root["python"].python(),
        packs=tuple(pack for pack in packs if isinstance(pack, ForeignPack)),
        models=tuple(_models(root["models"])),
        open=tuple(one for one in packs if isinstance(one, OpenPoint)),
    )


def _pack(entry: Value) -> ForeignPack | OpenPoint:
    url, commit = entry["url"].text(), entry["commit_hash"].ref()
    enabled = not entry["disabled"].truth()
    if url is None:  # A repository that was never published.
        return OpenPoint(f"a node pack at {(commit or 'an unknown commit')[:10]}", "its repository has no address")
    return ForeignPack(url, commit, enabled=enabled)


def _models(value: Value) -> Iterator[ForeignModel]:
    for entry in value.entries():
        if entry["disabled"].truth():
            continue
        folder, name = model_place(entry["filename"].needed_text(), entry["filename"])
        source = entry["source"]
        url = source["download_url"].text() if source else None
        yield ForeignModel(folder, name, entry["size"].size(), entry["sha256"].sha256(), () if url is None else (url,))


def _requirements(content: bytes) -> tuple[dict[str, str], list[OpenPoint]]:
    pins: dict[str, str] = {}
    others: list[OpenPoint] = []
    for line in _lines(content.decode("utf-8", "replace").splitlines()):
        pin = pin_in(line)
        if pin is not None:
            pins[pin[0]] = pin[1]
        elif line not in _TOOLS:
            others.append(OpenPoint(line[:200], "its line in `requirements.txt` pins no version", lacking=False))
    return pins, others


def _lines(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        text = line.partition(" #")[0].strip()
        if text and not text.startswith("#"):
            yield text


def _workflow_files(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    """The workflow as a definition has it; the prompt takes its place where there is only that."""
    graph, prompt = files.get(_WORKFLOW), files.get(_PROMPT)
    if graph is None:
        return {} if prompt is None else {f"workflows/{name}.json": prompt}
    found = {f"workflows/{name}.json": graph}
    return found if prompt is None else {**found, f"workflow_api/{name}.json": prompt}


def _read(path: str, scratch: str | None) -> _Found:
    found = _Found()
    seen: set[str] = set()
    with disk_errors("read the package", path):
        gauge = Gauge(path, os.path.getsize(path), _LIMITS)
        counted = 0
        with members(path, gauge) as content:
            for number, member in enumerate(content):
                name = _checked(path, member)
                if number >= _LIMITS.members:
                    raise damaged(path, "it has more files than such a package can have")
                if name is None:
                    continue
                if name.casefold() in seen:
                    raise damaged(path, f"its member `{name}` comes twice")
                seen.add(name.casefold())
                counted = _take(path, name, member, found, scratch, gauge, counted)
    return found


def _take(path: str, name: str, member: Member, found: _Found, scratch: str | None, gauge: Gauge, counted: int) -> int:
    """Take one file; returns how many bytes came out of the archive until now."""
    stream = member.content
    assert stream is not None  # It is a file.
    if name in _READ:
        most = _LARGEST_WORKFLOW if name in (_WORKFLOW, _PROMPT) else LARGEST
        content = stream.read(most + 1)
        if len(content) > most:
            raise damaged(path, f"its `{name}` has more than {most} bytes")
        found.files[name] = content
        counted += len(content)
        gauge.check(counted)
        return counted
    if not name.startswith(_INPUTS):
        found.others.append(name)
        return counted
    inner = name.removeprefix(_INPUTS)
    place = found.inputs[inner] = None if scratch is None else f"{scratch}/input-{len(found.inputs)}"
    if place is not None:
        with open(place, "xb") as file:
            while chunk := stream.read(CHUNK):
                counted += len(chunk)
                gauge.check(counted)
                file.write(chunk)
    return counted


def _checked(path: str, member: Member) -> str | None:
    """The path of a file that stays inside; none for a directory."""
    if member.kind == "directory":
        return None
    name = inner_path(member.name) if "\\" not in member.name else None
    if member.kind != "file" or name is None:
        shown = member.name if member.name.isprintable() else repr(member.name)
        raise damaged(path, f"its member `{shown[:200]}` is not a file inside of it")
    return name
