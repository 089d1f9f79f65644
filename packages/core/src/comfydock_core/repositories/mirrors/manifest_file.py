"""`mirror.json`: what a mirror says of itself, read from strangers and written the same for the same contents.

Paths decide where files are written, so each has to be one that ComfyDock gives.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from comfydock_core.models.exceptions import MirrorDamaged
from comfydock_core.models.managed_pythons import NAME as PYTHON
from comfydock_core.models.managed_pythons import managed_python
from comfydock_core.models.mirrors import (
    ANSWERS,
    ENVIRONMENTS,
    FORMAT,
    HISTORIES,
    LISTS,
    MODELS,
    PACKAGES,
    PACKS,
    PYTHONS,
    MirrorContents,
    MirroredEnvironment,
    MirroredModel,
    MirroredPack,
    MirroredPython,
    MirroredRepository,
    MirrorFile,
)
from comfydock_core.repositories.node_data.list_files import FILES
from comfydock_core.utils.strict_json import COMMIT, DIGEST, NewerFormat, read_strictly, sound, table, write_evenly

LARGEST = 512 * 1024 * 1024  # Of the file itself.

_One = TypeVar("_One")
_MOST_FILES = 2_000_000
_LARGEST_NUMBER = 1 << 62
_LONGEST_PATH = 1000
_LONGEST_NAME = 255
_REFERENCE = re.compile(r"refs/(?:heads|tags|comfydock)/[^\x00-\x20\x7f~^:?*\[\\]+")
_BRANCH = re.compile(r"[^-\x00-\x20\x7f~^:?*\[\\][^\x00-\x20\x7f~^:?*\[\\]*")
_TARGET = re.compile(r"archive-v\d{1,4}/[A-Za-z0-9_-]{1,100}")
# What a name may be in each part of a mirror. Of uv's cache only what it installs and resolves from.
_NAMES = {
    ENVIRONMENTS: re.compile(r"[^/]+\.tar\.gz"),
    PACKS: DIGEST,
    HISTORIES: re.compile(r"[a-z0-9-]+\.\d{1,6}\.bundle"),
    PACKAGES: re.compile(r"(?:archive|wheels|simple|sdists|flat-index)-v\d{1,4}/.+", re.DOTALL),
    PYTHONS: re.compile(rf"{PYTHON}/.+", re.DOTALL | re.ASCII),
    ANSWERS: re.compile(r"[0-9a-f]{32}"),
    LISTS: re.compile("|".join(re.escape(name) for name in FILES.values())),
    MODELS: DIGEST,
}


def manifest_content(contents: MirrorContents) -> bytes:
    """The file, byte for byte the same for the same contents."""
    values = {
        "format": FORMAT,
        "uv": contents.uv,
        "files": {path: _of_file(one) for path, one in contents.files.items()},
        "environments": {
            name: {"commit": one.commit, "python": one.python} for name, one in contents.environments.items()
        },
        "repositories": {
            address: {"head": one.head, "references": dict(one.references), "parts": list(one.parts)}
            for address, one in contents.repositories.items()
        },
        "packs": {
            key: {"name": one.name, "version": one.version, "url": one.url, "sha256": one.sha256}
            for key, one in contents.packs.items()
        },
        "models": {key: {"path": one.path, "blake3": one.blake3} for key, one in contents.models.items()},
        "links": contents.links,
        "locks": sorted(contents.locks),
        "pythons": {name: {"links": dict(one.links)} for name, one in contents.pythons.items()},
    }
    return write_evenly(values, indent=0)


def parse_manifest(content: bytes, path: str) -> MirrorContents:
    """What the file at `path` says; keys that are not known are passed over. Raises `MirrorDamaged`."""
    try:
        return _contents(read_strictly(content, FORMAT))
    except NewerFormat as error:
        raise MirrorDamaged(
            f"cannot use `{path}`: it has the format {error}, which is newer",
            hint="a newer ComfyDock reads it: `comfydock self update`",
            context={"path": path, "format": str(error)},
        ) from error
    except (ValueError, RecursionError) as error:
        raise MirrorDamaged(
            f"cannot read `{path}`: {error}",
            hint="copy the mirror once more from where it was made; this one was damaged or changed",
            context={"path": path, "reason": str(error)},
        ) from error


def is_mirror_path(path: str) -> bool:
    """Whether ComfyDock gives such a path to a file of a mirror."""
    part, slash, name = path.partition("/")
    rule = _NAMES.get(f"{part}{slash}")
    return rule is not None and rule.fullmatch(name) is not None and _is_plain(path)


def is_inner_link(path: str, target: str) -> bool:
    """Whether a symbolic link of an installation stays inside of it, wherever that lies.

    What it leads to is some steps up and then only down, so that other links on the way change nothing about that.
    """
    names = target.split("/")
    up = next((number for number, name in enumerate(names) if name != ".."), len(names))
    return _is_plain(path) and up <= path.count("/") and _is_plain("/".join(names[up:]))


def _of_file(one: MirrorFile) -> dict[str, object]:
    values: dict[str, object] = {"sha256": one.sha256, "size": one.size}
    if one.executable:
        values["executable"] = True
    if one.time is not None:
        values["time"] = one.time
    return values


def _contents(values: Mapping[str, object]) -> MirrorContents:
    locks = values.get("locks", [])
    uv = values.get("uv")
    found = MirrorContents(
        _each(values, "files", _file),
        _each(values, "environments", _environment),
        _each(values, "repositories", _repository),
        _each(values, "packs", _pack),
        _each(values, "models", _model),
        {path: _link(path, target) for path, target in table(values.get("links", {}), "`links`").items()},
        {_matching(DIGEST, one, "what is in `locks`") for one in _list(locks, "`locks`")},
        None if uv is None else _text({"uv": uv}, "uv"),
        _each(values, "pythons", _python),
    )
    _refuse_unlisted(found)
    return found


def _refuse_unlisted(found: MirrorContents) -> None:
    """Raise `ValueError` for what is named and is not among the files, and for files that no other can lie beside."""
    wanted = [f"{ENVIRONMENTS}{name}.tar.gz" for name in found.environments]
    wanted += [f"{PACKS}{one.sha256}" for one in found.packs.values()]
    wanted += [f"{MODELS}{one.blake3}" for one in found.models.values()]
    wanted += [part for one in found.repositories.values() for part in one.parts]
    for path in wanted:
        if path not in found.files:
            raise ValueError(f"`{path}` is named and not listed among the files")
    filled = {path.split("/")[1] for path in found.files if path.startswith(PYTHONS)}
    for name in found.pythons.keys() - filled:
        raise ValueError(f"`{name}` has no files")
    links = {f"{PYTHONS}{name}/{path}" for name, one in found.pythons.items() for path in one.links}
    links |= found.links.keys()
    for path in (*found.files, *links):
        places = path.split("/")
        for depth in range(1, len(places)):
            above = "/".join(places[:depth])
            if above in found.files or above in links:
                raise ValueError(f"`{above}` is a file and a directory")
    if found.files.keys() & links:
        raise ValueError("a name in it is a file and a link")


def _file(path: str, values: Mapping[str, object]) -> MirrorFile:
    if not is_mirror_path(path):
        raise ValueError(f"no mirror has a file `{path}`")
    executable, time = values.get("executable", False), values.get("time")
    if not isinstance(executable, bool):
        raise ValueError(f"`executable` of `{path}` is neither true nor false")
    sha256 = _matching(DIGEST, values.get("sha256"), f"the digest of `{path}`")
    size = _number(values.get("size"), f"the size of `{path}`")
    return MirrorFile(sha256, size, executable, None if time is None else _number(time, f"the time of `{path}`"))


def _environment(name: str, values: Mapping[str, object]) -> MirroredEnvironment:
    return MirroredEnvironment(_matching(COMMIT, values.get("commit"), "`commit`"), _text(values, "python"))


def _repository(address: str, values: Mapping[str, object]) -> MirroredRepository:
    head, references = values.get("head"), table(values.get("references"), "`references`")
    for name, commit in references.items():
        if ".." in _matching(_REFERENCE, name, f"the reference `{name}`"):
            raise ValueError(f"`{name}` is no reference")
        _matching(COMMIT, commit, f"what `{name}` leads to")
    parts = tuple(str(one) for one in _list(values.get("parts"), "`parts`"))
    if not parts or not all(part.startswith(HISTORIES) for part in parts):
        raise ValueError(f"the history of `{address}` has no parts")
    named = None if head is None else _matching(_BRANCH, head, "`head`")
    return MirroredRepository(named, {name: str(commit) for name, commit in references.items()}, parts)


def _pack(key: str, values: Mapping[str, object]) -> MirroredPack:
    sha256 = _matching(DIGEST, values.get("sha256"), "the digest of a node pack")
    url = None if values.get("url") is None else _text(values, "url")
    return MirroredPack(_text(values, "name"), _text(values, "version"), url, sha256)


def _model(key: str, values: Mapping[str, object]) -> MirroredModel:
    path = _text(values, "path")
    if not _is_plain(path) or path.startswith("."):
        raise ValueError(f"`{path}` is no path of a model")
    return MirroredModel(path, _matching(DIGEST, values.get("blake3"), "the digest of a model"))


def _python(name: str, values: Mapping[str, object]) -> MirroredPython:
    if managed_python(name) is None:
        raise ValueError(f"`{name}` is no installation of Python")
    links = table(values.get("links", {}), f"the links of `{name}`")
    if len(links) > _MOST_FILES:
        raise ValueError(f"`{name}` has more than {_MOST_FILES} links")
    for path, target in links.items():
        if not isinstance(target, str) or not is_inner_link(path, target):
            raise ValueError(f"the link `{path}` of `{name}` leads out of it")
    return MirroredPython({path: str(target) for path, target in links.items()})


def _link(path: str, target: object) -> str:
    if not is_mirror_path(path) or not path.startswith(PACKAGES):
        raise ValueError(f"no mirror has a link `{path}`")
    return _matching(_TARGET, target, f"where `{path}` leads")


def _is_plain(path: str) -> bool:
    """Whether a path stays below where it begins, on every system, and says what it is."""
    if len(path) > _LONGEST_PATH or "\\" in path or any(ord(letter) < 32 or ord(letter) == 127 for letter in path):
        return False
    try:
        names = path.encode("utf-8").split(b"/")
    except UnicodeEncodeError:  # JSON can write halves of letters, and file systems have names that are no text.
        return False
    return all(name not in (b"", b".", b"..") and len(name) <= _LONGEST_NAME for name in names)


def _each(values: Mapping[str, object], key: str, read: Callable[[str, Mapping[str, object]], _One]) -> dict[str, _One]:
    entries = table(values.get(key, {}), f"`{key}`")
    if len(entries) > _MOST_FILES:
        raise ValueError(f"`{key}` has more than {_MOST_FILES} entries")
    return {name: read(name, table(one, f"`{name}`")) for name, one in entries.items()}


def _list(value: object, what: str) -> list[object]:
    if not isinstance(value, list):
        raise ValueError(f"{what} is not a list")
    return value


def _text(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"`{key}` is not text")
    return sound(value)


def _matching(rule: re.Pattern[str], value: object, what: str) -> str:
    if not isinstance(value, str) or not rule.fullmatch(value):
        raise ValueError(f"{what} is none")
    return value


def _number(value: object, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _LARGEST_NUMBER:
        raise ValueError(f"{what} is none")
    return value
