"""Values of files that strangers wrote: of the type that is expected, or an error that says where it is not."""

import re
from collections.abc import Iterator

from comfydock_core.models.exceptions import TemplateDamaged
from comfydock_core.utils.package_names import normal_name, public_version
from comfydock_core.utils.versions import is_pack_version, is_python_version

LARGEST = 8 * 1024 * 1024  # Bytes; real ones have some ten thousand.
_MOST = 20_000
_LONGEST = 2000
_TYPES = {dict: "a mapping", list: "a list", str: "a text", bool: "a truth value", int: "a number", float: "a number"}
_REF = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]{0,99}")
_PIN = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*==\s*([A-Za-z0-9][A-Za-z0-9.!+_-]*)\s*", re.ASCII)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Value:
    """A value with the place where it stands in the file at `path`."""

    __slots__ = ("_path", "_value", "_where")

    def __init__(self, value: object, path: str, where: str = "") -> None:
        self._value = value
        self._path = path
        self._where = where

    def __bool__(self) -> bool:
        """Whether there is anything: neither nothing nor an empty value."""
        return self._value not in (None, "", [], {})

    def is_list(self) -> bool:
        """Whether it is a list, where files have one of two things."""
        return isinstance(self._value, list)

    def is_mapping(self) -> bool:
        """Whether it is a mapping, where files have one of two things."""
        return isinstance(self._value, dict)

    def check_mapping(self) -> None:
        """Raise `TemplateDamaged` for what is neither a mapping nor nothing."""
        self._mapping()

    def has(self, name: str) -> bool:
        """Whether it is a mapping with that name."""
        return isinstance(self._value, dict) and name in self._value

    def __getitem__(self, name: str) -> "Value":
        """What a mapping has under a name, nothing where it lacks it. Raises `TemplateDamaged`."""
        return Value(self._mapping().get(name), self._path, self._below(name))

    def items(self) -> Iterator[tuple[str, "Value"]]:
        """The pairs of a mapping, none where there is nothing. Raises `TemplateDamaged`."""
        for name, value in self._mapping().items():
            if not isinstance(name, str) or not _is_plain(name):
                raise self.refused(f"it has a name that is no line of text: {str(name)[:60]!r}")
            yield name, Value(value, self._path, self._below(name))

    def entries(self) -> Iterator["Value"]:
        """What a list has, nothing where there is none. Raises `TemplateDamaged`."""
        found = [] if self._value is None else self._value
        if not isinstance(found, list):
            raise self._of_type("a list")
        self._limit(len(found))
        for number, value in enumerate(found):
            yield Value(value, self._path, f"{self._where}[{number}]")

    def text(self) -> str | None:
        """A line of text, `None` where there is nothing. Raises `TemplateDamaged`."""
        if self._value is None or self._value == "":
            return None
        if not isinstance(self._value, str):
            raise self._of_type("a text")
        if not _is_plain(self._value):
            raise self.refused("it is no line of text")
        return self._value.strip() or None

    def needed_text(self) -> str:
        """A line of text that must be there. Raises `TemplateDamaged`."""
        found = self.text()
        if found is None:
            raise self.refused("it is missing")
        return found

    def ref(self) -> str | None:
        """What can be a commit or a version, `None` where there is nothing. Raises `TemplateDamaged`."""
        found = self.text()
        if found is not None and (not _REF.fullmatch(found) or ".." in found or found.endswith((".lock", "/", "."))):
            raise self.refused(f"`{found}` is neither a commit nor a version")
        return found

    def version(self) -> str | None:
        """What can be a version of the registry, `None` where there is nothing. Raises `TemplateDamaged`."""
        found = self.text()
        if found is not None and not is_pack_version(found):
            raise self.refused(f"`{found}` is no version")
        return found

    def python(self) -> str | None:
        """A version of Python, `None` where there is nothing. Raises `TemplateDamaged`."""
        found = self.text()
        if found is not None and not is_python_version(found):
            raise self.refused(f"`{found}` is no version of Python")
        return found

    def truth(self) -> bool:
        """A truth value, `False` where there is nothing. Raises `TemplateDamaged`."""
        if self._value is None:
            return False
        if not isinstance(self._value, bool):
            raise self._of_type("a truth value")
        return self._value

    def size(self) -> int | None:
        """A number of bytes, `None` where there is nothing. Raises `TemplateDamaged`."""
        found = self._value
        if isinstance(found, str) and found.isascii() and found.isdecimal():
            found = int(found[:20])
        if found is None:
            return None
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise self._of_type("a number of bytes")
        return found

    def sha256(self) -> str | None:
        """A SHA-256, `None` where there is nothing. Raises `TemplateDamaged`."""
        found = (self.text() or "").lower()
        if found and not _DIGEST.fullmatch(found):
            raise self.refused(f"`{found[:80]}` is no SHA-256")
        return found or None

    def refused(self, reason: str) -> TemplateDamaged:
        """The error that names the place."""
        return damaged(self._path, f"{self._where or 'the file'}: {reason}")

    def _mapping(self) -> dict[object, object]:
        if self._value is None:
            return {}
        if not isinstance(self._value, dict):
            raise self._of_type("a mapping")
        self._limit(len(self._value))
        return self._value

    def _limit(self, count: int) -> None:
        if count > _MOST:
            raise self.refused(f"it has {count} entries, more than an installation can have")

    def _of_type(self, wanted: str) -> TemplateDamaged:
        return self.refused(f"it is {_TYPES.get(type(self._value), 'something else')}, not {wanted}")

    def _below(self, name: object) -> str:
        shown = str(name)[:80]
        shown = shown if shown.isprintable() else repr(shown)
        return f"{self._where}.{shown}" if self._where else shown


def pin_in(text: str) -> tuple[str, str] | None:
    """Name and public version of `name==version`, `None` for everything else."""
    match = _PIN.fullmatch(text)
    return None if match is None else (normal_name(match[1]), public_version(match[2]))


def damaged(path: str, reason: str) -> TemplateDamaged:
    """The error for a file that is not read any further."""
    return TemplateDamaged(
        f"cannot use `{path}`: {reason}",
        hint="name a snapshot of ComfyUI-Manager, a `comfy-lock.yaml`, a `.cpack.zip`, or a bundle of ComfyDock",
        context={"path": path, "reason": reason},
    )


def _is_plain(text: str) -> bool:
    return len(text) <= _LONGEST and _UNPRINTABLE.search(text) is None
