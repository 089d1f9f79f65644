"""Reading templates: a manifest (`pyproject.toml`), or a bundle, the gzip-compressed tar that exports are.

Bundles come from strangers: members are read one by one in memory, only regular files with names that stay inside,
up to a limit; nothing is unpacked here. Format: bundles of ComfyDock 1.x and of ComfyGit, whose table is renamed.
"""

import gzip
import posixpath
import re
import tarfile
import tomllib
import zlib

from comfydock_core.models.environments.template import Template
from comfydock_core.models.exceptions import TemplateDamaged, TemplateNotFound
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.utils.versions import is_python_version

_GZIP = b"\x1f\x8b"
_MOST_BYTES = 512 * 1024 * 1024
_MOST_MEMBERS = 100_000
_MANIFEST = "pyproject.toml"
_LOCK = "uv.lock"
_CHUNK = 1024 * 1024
_DEVELOPMENT = re.compile(r"dev_nodes/([^/]+/.+)", re.DOTALL)
_KNOWN = re.compile(
    r"pyproject\.toml|uv\.lock|\.python-version|package_config\.toml|workflows/[^/]+\.json|workflow_api/.+\.json"
    r"|overlays/[^./][^/]*\.toml|backends/[a-z0-9.]+/pylock\.toml|patches/[^/]+\.patch"
)
# Beside its own errors the reader of archives lets through what nonsense in headers leads to.
_BROKEN = (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, OverflowError, RecursionError)
_OTHER_TABLE = re.compile(r"^(\s*\[+\s*tool\s*\.\s*)comfygit(\s*[.\]])", re.MULTILINE)


def read_template(path: str) -> Template:
    """The template in a file. Raises `TemplateNotFound`, `TemplateDamaged`."""
    try:
        with open(path, "rb") as file:
            is_bundle = file.read(2) == _GZIP
            file.seek(0)
            members = {} if is_bundle else {_MANIFEST: file.read(_MOST_BYTES)}
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise TemplateNotFound(
            f"there is no template `{path}`: {error.strerror}",
            hint="name a `pyproject.toml` of an environment, or a bundle (`.tar.gz`)",
            context={"path": path},
        ) from error
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    return _template(path, _read_bundle(path) if is_bundle else members)


class _Unpacked:
    """The archive in a compressed file. What is longer than a definition can be ends with an error, not in memory."""

    def __init__(self, path: str, file: gzip.GzipFile) -> None:
        self._path = path
        self._file = file
        self._room = _MOST_BYTES

    def read(self, size: int) -> bytes:
        content = self._file.read(size)
        self._room -= len(content)
        if self._room < 0:
            raise _too_much(self._path)
        return content

    def finish(self) -> None:
        """Read what follows the archive: the checksum comes last."""
        while self.read(_CHUNK):
            pass


def _read_bundle(path: str) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    try:
        with gzip.open(path, "rb") as file:
            unpacked = _Unpacked(path, file)
            # As a stream: the archive is never asked to go back.
            with tarfile.open(fileobj=unpacked, mode="r|") as archive:  # type: ignore[call-overload]
                for number, member in enumerate(archive):
                    if number >= _MOST_MEMBERS:
                        raise _too_much(path)
                    if not member.isdir():
                        name = _checked(path, member)
                        members[name] = _content(archive, member)
            unpacked.finish()
    except _BROKEN as error:
        raise _damaged(path, str(error)) from error
    return members


def _checked(path: str, member: tarfile.TarInfo) -> str:
    name = member.name.removeprefix("./")
    stays_inside = name == posixpath.normpath(name) and not name.startswith(("/", "..")) and "\\" not in name
    if not member.isreg() or not stays_inside or "\0" in name:
        raise _damaged(path, f"its member `{member.name}` is not a file inside of it")
    if not 0 <= member.size <= _MOST_BYTES:  # A file with holes may claim any size.
        raise _too_much(path)
    return name


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None  # It is a regular file.
    content = file.read()
    if len(content) != member.size:
        raise EOFError(f"`{member.name}` is cut short")
    return content


def _template(path: str, members: dict[str, bytes]) -> Template:
    if _MANIFEST not in members:
        raise _damaged(path, f"it has no `{_MANIFEST}`")
    text, manifest = _read_manifest(path, members[_MANIFEST])
    known = EnvironmentManifest(manifest, path)
    if not known.tool:
        raise _damaged(path, "its manifest has no `[tool.comfydock]`, so it is of no environment")
    development = {match[1]: content for name, content in members.items() if (match := _DEVELOPMENT.fullmatch(name))}
    files = {name: content for name, content in members.items() if _KNOWN.fullmatch(name) and name != _MANIFEST}
    others = members.keys() - files.keys() - {_MANIFEST} - {f"dev_nodes/{name}" for name in development}
    for name in files:
        _refuse_unreadable(path, name, files[name])
    return Template(
        path=path,
        manifest=manifest,
        manifest_text=text,
        files=files,
        development=development,
        passed_over=tuple(sorted(others)),
        repository=known.comfyui_repository,
        comfyui=known.comfyui_commit or known.comfyui_version,
        version=known.comfyui_version,
        version_type=known.comfyui_version_type,
        python=_python(known, files),
    )


def _read_manifest(path: str, content: bytes) -> tuple[str, dict[str, object]]:
    try:
        text = content.decode("utf-8")
        manifest = tomllib.loads(text)
        tool = manifest.get("tool")
        if isinstance(tool, dict) and "comfydock" not in tool and "comfygit" in tool:
            text = _OTHER_TABLE.sub(r"\1comfydock\2", text)
            manifest = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"its manifest cannot be read: {error}") from error
    return text, manifest


def _refuse_unreadable(path: str, name: str, content: bytes) -> None:
    if name == _LOCK or name.endswith(".toml"):
        try:
            tomllib.loads(content.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise _damaged(path, f"its `{name}` cannot be read: {error}") from error


def _python(manifest: EnvironmentManifest, files: dict[str, bytes]) -> str | None:
    """What `.python-version` says, else the manifest."""
    said, where = files.get(".python-version", b"").decode("utf-8", "replace").strip(), ".python-version"
    version = said or manifest.python_version
    if version is not None and not is_python_version(version):
        place = where if said else _MANIFEST
        raise _damaged(manifest.path, f"its `{place}` names the Python `{version}`, which is not a version")
    return version


def _too_much(path: str) -> TemplateDamaged:
    return _damaged(path, "it holds more than a definition can")


def _damaged(path: str, reason: str) -> TemplateDamaged:
    return TemplateDamaged(
        f"cannot use the template `{path}`: {reason}",
        hint="a template is the `pyproject.toml` of an environment, or a bundle (`.tar.gz`) that holds one",
        context={"path": path, "reason": reason},
    )
