"""Locks as JSON: the same lock is the same text, byte for byte, and what is damaged is told by its place."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import TypeVar

from comfydock_core.models.workflow.lock import (
    SCHEMA,
    LockedClass,
    LockedComfyUI,
    LockedInput,
    LockedModel,
    LockedPack,
    WorkflowLock,
)

_SURROGATE = re.compile("[\ud800-\udfff]")
_DIGEST = re.compile("[0-9a-f]{64}")
_LARGEST_SIZE = 1 << 63
_One = TypeVar("_One")
_Values = Mapping[str, object]


class LockInvalid(ValueError):
    """What was given is no lock; the message continues "the lock cannot be used: "."""


class LockNewer(LockInvalid):
    """It is a lock that a newer ComfyDock made."""


def lock_text(lock: WorkflowLock) -> str:
    """The text of a lock, with its newline. Half characters, which have no bytes in UTF-8, are written as escapes."""
    text = json.dumps(lock_values(lock), indent=2, sort_keys=True, ensure_ascii=False)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def lock_values(lock: WorkflowLock) -> dict[str, object]:
    """The same as plain values; what is not known is left out, and lists are in order."""
    return {
        "schema": SCHEMA,
        "workflow": lock.workflow,
        "comfyui": _values(lock.comfyui),
        "packs": _sorted(lock.packs),
        "classes": _sorted(lock.classes),
        "models": _sorted(lock.models),
        "inputs": _sorted(lock.inputs),
    }


def lock_of(values: object) -> WorkflowLock:
    """The lock in parsed JSON; keys that are not known are passed over. Raises `LockInvalid`, `LockNewer`."""
    whole = _object(values, "it")
    schema = whole.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise LockInvalid("`schema` is not its number")
    if schema > SCHEMA:
        raise LockNewer(f"a newer ComfyDock made it (schema {str(schema)[:20]})")
    return WorkflowLock(
        _text(whole, "workflow", "it"),
        _comfyui(_object(whole.get("comfyui"), "`comfyui`")),
        _all(whole, "packs", _pack),
        _all(whole, "classes", _class),
        _all(whole, "models", _model),
        _all(whole, "inputs", _input),
    )


def _values(entry: object) -> dict[str, object]:
    """The fields that say something."""
    found: dict[str, object] = {}
    for one in fields(entry):  # type: ignore[arg-type]
        value = getattr(entry, one.name)
        if value is None or value is False or value == () or value == {}:
            continue
        found[one.name] = list(value) if isinstance(value, tuple) else value
    return found


def _sorted(entries: Iterable[object]) -> list[dict[str, object]]:
    """By what entries are called first, so that a change of one is a change of few lines."""

    def order(one: dict[str, object]) -> list[str]:
        called = [str(one.get(key, "")) for key in ("id", "type", "folder", "name")]
        return [*called, json.dumps(one, sort_keys=True)]

    return sorted(map(_values, entries), key=order)


def _all(whole: _Values, key: str, read: Callable[[_Values, str], _One]) -> tuple[_One, ...]:
    entries = whole.get(key, [])
    if not isinstance(entries, list):
        raise LockInvalid(f"`{key}` is not a list")
    return tuple(read(_object(one, f"`{key}[{at}]`"), f"`{key}[{at}]`") for at, one in enumerate(entries))


def _comfyui(values: _Values) -> LockedComfyUI:
    return LockedComfyUI(*(_maybe_text(values, key, "`comfyui`") for key in LockedComfyUI.__match_args__))


def _pack(values: _Values, place: str) -> LockedPack:
    def maybe(key: str) -> str | None:
        return _maybe_text(values, key, place)

    return LockedPack(
        _text(values, "id", place),
        maybe("directory") or "",
        maybe("source"),
        maybe("version"),
        maybe("commit"),
        _digest(values, "archive_sha256", place),
        maybe("repository"),
        maybe("registry_id"),
        _flag(values, "changed", place),
        maybe("problem"),
    )


def _class(values: _Values, place: str) -> LockedClass:
    return LockedClass(
        _text(values, "type", place),
        _maybe_text(values, "pack", place),
        _maybe_text(values, "decided_by", place),
        _texts(values, "evidence", place),
        _flag(values, "optional", place),
        _maybe_text(values, "problem", place),
    )


def _model(values: _Values, place: str) -> LockedModel:
    header = _object(values.get("header", {}), f"`header` of {place}")
    if any(isinstance(value, bool) or not isinstance(value, str | int) for value in header.values()):
        raise LockInvalid(f"`header` of {place} has something else than texts and numbers in it")
    return LockedModel(
        _maybe_text(values, "folder", place) or "",
        _text(values, "name", place),
        _size(values, place),
        _digest(values, "blake3", place),
        _digest(values, "sha256", place),
        dict(header),  # type: ignore[arg-type]
        _texts(values, "sources", place),
        _flag(values, "optional", place),
        _maybe_text(values, "problem", place),
    )


def _input(values: _Values, place: str) -> LockedInput:
    return LockedInput(
        _text(values, "name", place),
        _size(values, place),
        _digest(values, "blake3", place),
        _digest(values, "sha256", place),
        _maybe_text(values, "problem", place),
    )


def _object(value: object, place: str) -> _Values:
    if not isinstance(value, dict):
        raise LockInvalid(f"{place} is not an object")
    return value


def _text(values: _Values, key: str, place: str) -> str:
    value = values.get(key)
    if not isinstance(value, str):
        raise LockInvalid(f"`{key}` of {place} is not a text")
    return value


def _maybe_text(values: _Values, key: str, place: str) -> str | None:
    return _text(values, key, place) if key in values else None


def _texts(values: _Values, key: str, place: str) -> tuple[str, ...]:
    found = values.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise LockInvalid(f"`{key}` of {place} is not a list of texts")
    return tuple(found)


def _flag(values: _Values, key: str, place: str) -> bool:
    value = values.get(key, False)
    if not isinstance(value, bool):
        raise LockInvalid(f"`{key}` of {place} is neither true nor false")
    return value


def _size(values: _Values, place: str) -> int | None:
    if "size" not in values:
        return None
    value = values["size"]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _LARGEST_SIZE:
        raise LockInvalid(f"`size` of {place} is not a number of bytes")
    return value


def _digest(values: _Values, key: str, place: str) -> str | None:
    value = _maybe_text(values, key, place)
    if value is not None and _DIGEST.fullmatch(value) is None:
        raise LockInvalid(f"`{key}` of {place} is not a digest of 64 digits")
    return value
