"""The Python of an installation and what is installed in it, read from its files alone."""

import json
import os
import re

from comfydock_core.models.environments.installation import FoundDistribution, FoundPython, Unidentified
from comfydock_core.utils import native
from comfydock_core.utils.package_names import normal_name

_PORTABLE = ("python_embeded", "python_embedded")
_VENVS = (".venv", "venv", "env")
_DIST_INFO = ".dist-info"
_VERSION = re.compile(r"^version(?:_info)?\s*=\s*(\d+(?:\.\d+)*)", re.MULTILINE)
_EMBEDDED = re.compile(r"python(\d)(\d+)(?:\._pth|\.dll|\.zip)", re.ASCII)


def read_python(root: str, comfyui: str) -> tuple[FoundPython | None, tuple[Unidentified, ...]]:
    """The portable Python beside ComfyUI, else the virtual environment in it or beside it. Raises `OSError`."""
    place = _find(root, comfyui)
    if place is None:
        return None, (Unidentified("Python", "there is no virtual environment in or beside ComfyUI"),)
    directory, portable = place
    version = _embedded_version(directory) if portable else _venv_version(directory)
    packages = _site_packages(directory)
    if packages is None:
        reason = "it has no `site-packages`"
        return FoundPython(directory, version, portable, ()), (Unidentified(os.path.basename(directory), reason),)
    found, unidentified = _distributions(packages)
    return FoundPython(directory, version, portable, found), unidentified


def _find(root: str, comfyui: str) -> tuple[str, bool] | None:
    for name in _PORTABLE:
        if os.path.isdir(f"{root}/{name}"):
            return f"{root}/{name}", True
    for parent in dict.fromkeys((comfyui, root)):
        for name in _VENVS:
            if os.path.isfile(f"{parent}/{name}/pyvenv.cfg"):
                return f"{parent}/{name}", False
    return None


def _venv_version(directory: str) -> str | None:
    match = _VERSION.search((native.read_bytes(f"{directory}/pyvenv.cfg") or b"").decode("utf-8", "replace"))
    return match[1] if match else None


def _embedded_version(directory: str) -> str | None:
    """By the files that carry it in their names: `python312._pth` is 3.12."""
    matches = (_EMBEDDED.fullmatch(name) for name in native.list_names(directory))
    return next((f"{match[1]}.{match[2]}" for match in matches if match), None)


def _site_packages(directory: str) -> str | None:
    library = f"{directory}/lib"
    names = native.list_names(library) if native.is_directory(library) else []
    candidates = [f"{library}/{name}/site-packages" for name in names if name.startswith("python")]
    candidates += [f"{directory}/Lib/site-packages"]
    return next((path for path in candidates if native.is_directory(path)), None)


def _distributions(packages: str) -> tuple[tuple[FoundDistribution, ...], tuple[Unidentified, ...]]:
    found: list[FoundDistribution] = []
    unidentified: list[Unidentified] = []
    for name in native.list_names(packages):
        if not name.endswith(_DIST_INFO):
            continue
        known = _distribution(f"{packages}/{name}")
        if known is None:
            unidentified.append(Unidentified(name, "its `METADATA` tells no name and version"))
        else:
            found.append(known)
    return tuple(sorted(found, key=lambda one: one.name.lower())), (*unidentified, *_repeated(found))


def _repeated(found: list[FoundDistribution]) -> list[Unidentified]:
    """Packages that are there more than once, as pip leaves them when it is stopped."""
    versions: dict[str, set[str]] = {}
    for one in found:
        versions.setdefault(normal_name(one.name), set()).add(one.version)
    return [Unidentified(name, f"it is there in several versions: {', '.join(sorted(several))}")
            for name, several in versions.items() if len(several) > 1]  # fmt: skip


def _distribution(dist_info: str) -> FoundDistribution | None:
    named = parse_metadata((native.read_bytes(f"{dist_info}/METADATA") or b"").decode("utf-8", "replace"))
    if named is None:
        return None
    origin, editable = parse_origin(native.read_bytes(f"{dist_info}/direct_url.json") or b"")
    return FoundDistribution(*named, origin, editable)


def parse_metadata(text: str) -> tuple[str, str] | None:
    """Name and version in the headers of a `METADATA`; `None` when one is missing."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            break
        key, colon, value = line.partition(":")
        if colon and not key[:1].isspace():
            found.setdefault(key.lower(), value.strip())
    name, version = found.get("name"), found.get("version")
    return (name, version) if name and version else None


def parse_origin(content: bytes) -> tuple[str | None, bool]:
    """Where a package came from by its `direct_url.json`, as pip writes it in requirements, and whether it is editable.

    Without a file, or with nonsense in it, it came from an index.
    """
    try:
        told = json.loads(content) if content else None
    except (ValueError, RecursionError):
        return None, False
    if not isinstance(told, dict) or not isinstance(told.get("url"), str):
        return None, False
    source, directory = told.get("vcs_info"), told.get("dir_info")
    editable = isinstance(directory, dict) and directory.get("editable") is True
    if isinstance(source, dict) and isinstance(source.get("vcs"), str):
        return f"{source['vcs']}+{told['url']}@{source.get('commit_id', '')}".rstrip("@"), editable
    return told["url"], editable
