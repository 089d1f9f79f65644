"""Changing `extra_model_paths.yaml`: a section more or less, and everything else as its author wrote it."""

import re

from comfydock_core.models.exceptions import ModelPathsInvalid, ModelRootRefused
from comfydock_core.models.model_files.model_paths import PathsSection
from comfydock_core.repositories.extra_model_paths import parse_model_paths, section_text

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
# Without a section ComfyUI does not start, unless the file says that there is none.
_NONE = "{}"


def with_section(
    data: bytes, path: str, name: str, base_path: str, folders: dict[str, list[str]], *, is_default: bool
) -> bytes:
    """The file with a section at its end. Raises `ModelPathsInvalid`, and `ModelRootRefused` where that does not go."""
    nothing = says_nothing(data)
    kept = _without_none(data) if nothing else data
    before = () if nothing else parse_model_paths(data, path).sections
    section = section_text(name, base_path, folders, is_default=is_default)
    added = section.replace("\n", "\r\n" if b"\r\n" in data else "\n").encode("utf-8")
    changed = b"".join((kept, b"" if not kept or kept.endswith((b"\n", b"\r")) else b"\n", added))
    wanted = [*map(_meaning, before), (name, base_path, is_default, _pairs(folders))]
    after = _read(changed, path)
    if after is None or [_meaning(one) for one in after] != wanted:
        raise _refused(path, "a section cannot be added at its end", f"add this to it yourself:\n{section.rstrip()}")
    return changed


def without_section(data: bytes, path: str, name: str) -> bytes | None:
    """The file without a section, `None` when nothing is left. Raises what `with_section` raises."""
    read = parse_model_paths(data, path)
    lines = _LINE.findall(data.decode("utf-8"))
    for written in reversed([one for one in read.written if one.section == name]):
        del lines[written.first : written.end]
    text = "".join(lines)
    if not text.strip("\ufeff \r\n"):
        return None
    if says_nothing(text.encode("utf-8")):
        text = f"{text.rstrip()}\n{_NONE}\n"
    changed = text.encode("utf-8")
    wanted = [_meaning(one) for one in read.sections if one.name != name]
    after = _read(changed, path)
    if after is None or [_meaning(one) for one in after] != wanted:
        reason = f"the section `{name}` cannot be taken out of it, as others depend on it"
        raise _refused(path, reason, "edit the file yourself")
    return changed


def says_nothing(data: bytes) -> bool:
    """Whether there are only comments, or the word that there is no section."""
    lines = (line.strip() for line in data.decode("utf-8", "replace").removeprefix("\ufeff").splitlines())
    return all(not line or line.startswith("#") or line == _NONE for line in lines)


def _without_none(data: bytes) -> bytes:
    return b"".join(line for line in data.splitlines(keepends=True) if line.strip() != _NONE.encode())


def _read(data: bytes, path: str) -> tuple[PathsSection, ...] | None:
    try:
        return parse_model_paths(data, path).sections
    except ModelPathsInvalid:
        return None


def _meaning(section: PathsSection) -> tuple[object, ...]:
    paths = [(named.folder, named.path) for named in section.paths]
    return (section.name, section.base_path, section.is_default, paths)


def _pairs(folders: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(folder, path) for folder, paths in folders.items() for path in paths]


def _refused(path: str, reason: str, hint: str) -> ModelRootRefused:
    return ModelRootRefused(f"`{path}`: {reason}", hint=hint, context={"path": path})
