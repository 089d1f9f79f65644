"""The Python of an installation and what is installed in it, read from its files alone."""

import json
import os
import re
from collections.abc import Iterator

from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.environments.installation import FoundDistribution, FoundPython, Unidentified
from comfydock_core.utils import native
from comfydock_core.utils.package_names import normal_name

_PORTABLE = ("python_embeded", "python_embedded")
_VENVS = (".venv", "venv", "env")
_DIST_INFO = ".dist-info"
_EGG_INFO = ".egg-info"
_EGG_LINK = ".egg-link"
_STOPPED = "~"  # pip renames what it is about to replace so.
_SYSTEM_TOO = re.compile(r"^include-system-site-packages\s*=\s*true\s*$", re.MULTILINE | re.IGNORECASE)
_BUILD = re.compile(r"""^__version__\s*(?::[^=\n]*)?=\s*["']([^"'\n]+)["']""", re.MULTILINE)
_ACCELERATOR = re.compile(
    r"""^(cuda|hip)\s*(?::[^=\n]*)?=\s*(?:["'](\d+)\.(\d+)[^"'\n]*["']|(None))\s*$""", re.MULTILINE
)
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
    return FoundPython(directory, version, portable, found), (*_beyond(directory), *unidentified)


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


def _beyond(directory: str) -> tuple[Unidentified, ...]:
    """A virtual environment that sees the packages of the Python around it, which are not looked at."""
    settings = (native.read_bytes(f"{directory}/pyvenv.cfg") or b"").decode("utf-8", "replace")
    if _SYSTEM_TOO.search(settings) is None:
        return ()
    reason = "it sees the packages of the Python that it was made with, too, which are not taken over"
    return (Unidentified(os.path.basename(directory), reason),)


def _distributions(packages: str) -> tuple[tuple[FoundDistribution, ...], tuple[Unidentified, ...]]:
    found: list[FoundDistribution] = []
    unidentified: list[Unidentified] = []
    for name in native.list_names(packages):
        if not name.endswith((_DIST_INFO, _EGG_INFO, _EGG_LINK)):
            continue
        known = None if name.startswith(_STOPPED) else _distribution(packages, name)
        if known is not None:
            found.append(known)
        elif name.startswith(_STOPPED):
            unidentified.append(Unidentified(name, "it is what pip leaves of a package when it is stopped"))
        else:
            unidentified.append(Unidentified(name, "its `METADATA` has no name and version"))
    return tuple(sorted(found, key=lambda one: one.name.lower())), (*unidentified, *_repeated(found))


def _repeated(found: list[FoundDistribution]) -> list[Unidentified]:
    """Packages that are there more than once, as pip leaves them when it is stopped."""
    versions: dict[str, set[str]] = {}
    for one in found:
        versions.setdefault(normal_name(one.name), set()).add(one.version)
    return [Unidentified(name, f"it is installed in several versions: {', '.join(sorted(several))}")
            for name, several in versions.items() if len(several) > 1]  # fmt: skip


def _distribution(packages: str, name: str) -> FoundDistribution | None:
    """What one entry of `site-packages` says; the names of older formats are read as they lie there."""
    place = f"{packages}/{name}"
    if name.endswith(_EGG_LINK):
        return _linked_distribution(place)
    metadata = f"{place}/METADATA" if name.endswith(_DIST_INFO) else f"{place}/PKG-INFO"
    if not native.is_directory(place):
        metadata = place  # distutils wrote a single file.
    text = (native.read_bytes(metadata) or b"").decode("utf-8", "replace")
    named = parse_metadata(text)
    if named is None:
        return None
    origin, editable = parse_origin(native.read_bytes(f"{place}/direct_url.json") or b"")
    project, version = named
    if normal_name(project) == "torch":
        version = _build_of_torch(packages, version)
    return FoundDistribution(project, version, origin, editable, parse_requires(text))


def _linked_distribution(link: str) -> FoundDistribution | None:
    """A project that `setup.py develop` linked: the first line tells where it lies."""
    project = (native.read_bytes(link) or b"").decode("utf-8", "replace").partition("\n")[0].strip()
    names = native.list_names(project) if native.is_directory(project) else []
    for name in names:
        if name.endswith(_EGG_INFO):
            text = (native.read_bytes(f"{project}/{name}/PKG-INFO") or b"").decode("utf-8", "replace")
            named = parse_metadata(text)
            if named is not None:
                return FoundDistribution(*named, f"file://{project}", True, parse_requires(text))
    return None


def _build_of_torch(packages: str, version: str) -> str:
    """The version with its build: the general index has builds whose metadata do not say which they are."""
    if "+" in version:
        return version
    text = (native.read_bytes(f"{packages}/torch/version.py") or b"").decode("utf-8", "replace")
    build = build_in_module(text, version)
    return f"{version}+{build}" if build is not None else version


def build_in_module(text: str, version: str) -> str | None:
    """The build that torch's `version.py`, which is not run, tells of a version; `None` where it tells none.

    The local part of its own version goes first, then the version of CUDA or ROCm that it was built for.
    """
    told = _BUILD.search(text)
    if told is None or told[1].partition("+")[0] != version:
        return None
    if local := told[1].partition("+")[2]:
        return local
    found = {match[1]: match for match in _ACCELERATOR.finditer(text)}
    for name, made in (("cuda", "cu{}{}"), ("hip", "rocm{}.{}")):
        if name in found and found[name][2] is not None:
            return made.format(found[name][2], found[name][3])
    return "cpu" if len(found) == 2 else None  # Both are `None`.


def parse_metadata(text: str) -> tuple[str, str] | None:
    """Name and version in the headers of a `METADATA`; `None` when one is missing."""
    found: dict[str, str] = {}
    for key, value in _headers(text):
        found.setdefault(key, value)
    name, version = found.get("name"), found.get("version")
    return (name, version) if name and version else None


def _headers(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if not line.strip():
            return
        key, colon, value = line.partition(":")
        if colon and not key[:1].isspace():
            yield key.lower(), value.strip()


def parse_requires(text: str) -> tuple[str, ...]:
    """What the headers of a `METADATA` say that the package requires, as it is written."""
    return tuple(value for key, value in _headers(text) if key == "requires-dist")


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
    url = without_credentials(told["url"])
    if isinstance(source, dict) and isinstance(source.get("vcs"), str):
        return f"{source['vcs']}+{url}@{source.get('commit_id', '')}".rstrip("@"), editable
    return url, editable
