"""Reading definitions to make environments of: a manifest (`pyproject.toml`), a bundle, a directory or a commit.

They come from strangers: what belongs to a definition is told from what does not by its path, whatever it lies in.
Format: definitions of ComfyDock, 1.x included, and of ComfyGit, whose table is renamed.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace

from comfydock_core.models.environments.template import Template
from comfydock_core.models.exceptions import TemplateDamaged, TemplateNotFound
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.sharing import DEVELOPMENT
from comfydock_core.repositories.bundles.reading import MOST_BYTES, BundleFile, read_bundle
from comfydock_core.utils.file_names import stands_for_git
from comfydock_core.utils.text import size_text
from comfydock_core.utils.versions import is_python_version

_GZIP = b"\x1f\x8b"
_MANIFEST = "pyproject.toml"
_LOCK = "uv.lock"
_LARGEST_MANIFEST = 16 * 1024 * 1024
_DEVELOPMENT = re.compile(rf"{DEVELOPMENT}([^/]+/.+)", re.DOTALL)
_KNOWN = re.compile(
    r"pyproject\.toml|uv\.lock|\.python-version|package_config\.toml|workflows/(?:[^/.][^/]*/)*[^/.][^/]*"
    r"|workflow_api/.+\.json|overlays/[^./][^/]*\.toml|backends/[a-z0-9.]+/pylock\.toml|workflow-locks/.+\.json"
    r"|patches/[^/]+\.patch"
)
_OTHER_TABLE = re.compile(r"^(\s*\[+\s*tool\s*\.\s*)comfygit(\s*[.\]])", re.MULTILINE)


def is_of_definition(path: str) -> bool:
    """Whether a definition has a file of that path, which bundles carry."""
    return _KNOWN.fullmatch(path) is not None and not any(map(stands_for_git, path.split("/")))


def read_template(path: str) -> Template:
    """The template in a file; large members of a bundle are not unpacked. Raises `TemplateNotFound`,
    `TemplateDamaged`.
    """
    try:
        with open(path, "rb") as file:
            is_bundle = file.read(2) == _GZIP
            file.seek(0)
            if is_bundle:
                return _without_carried(template_of_bundle(read_bundle(file, path)))
            return template_of_files(path, {_MANIFEST: file.read(MOST_BYTES)})
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise TemplateNotFound(
            f"there is no template `{path}`: {error.strerror}",
            hint="name a `pyproject.toml` of an environment, or a bundle (`.tar.gz`)",
            context={"path": path},
        ) from error
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error


def template_of_bundle(bundle: BundleFile) -> Template:
    """What a bundle holds. Raises `TemplateDamaged`."""
    template = _template(bundle.path, bundle.files)
    return replace(template, carried=bundle.carried, executables=bundle.executables)


def _without_carried(template: Template) -> Template:
    """Large members are passed over where only the definition counts, each kind as one."""
    kinds = {name.split("/")[0] for name in template.carried}
    return replace(template, carried={}, passed_over=tuple(sorted({*template.passed_over, *kinds})))


def template_of_files(path: str, files: Mapping[str, bytes], *, executables: frozenset[str] = frozenset()) -> Template:
    """What a directory or a commit holds, by the paths in it. Raises `TemplateDamaged`."""
    template = _template(path, files)
    kept = {name: files[name] for name in files if name not in template.files and name != _MANIFEST}
    return replace(template, kept=kept, passed_over=(), executables=executables)


def _template(path: str, members: Mapping[str, bytes]) -> Template:
    if _MANIFEST not in members:
        raise _damaged(path, f"it has no `{_MANIFEST}`")
    if len(members[_MANIFEST]) > _LARGEST_MANIFEST:
        raise _damaged(path, f"its `{_MANIFEST}` is larger than {size_text(_LARGEST_MANIFEST)}")
    text, manifest = _read_manifest(path, members[_MANIFEST])
    known = EnvironmentManifest(manifest, path)
    if not known.tool:
        raise _damaged(path, "its manifest has no `[tool.comfydock]`, so it is of no environment")
    development = {
        match[1]: content
        for name, content in members.items()
        # A repository of a stranger has settings that name programs to run.
        if (match := _DEVELOPMENT.fullmatch(name)) and not any(map(stands_for_git, name.split("/")))
    }
    files = {name: content for name, content in members.items() if is_of_definition(name) and name != _MANIFEST}
    others = members.keys() - files.keys() - {_MANIFEST} - {f"{DEVELOPMENT}{name}" for name in development}
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


def _damaged(path: str, reason: str) -> TemplateDamaged:
    return TemplateDamaged(
        f"cannot use `{path}`: {reason}",
        hint="name the `pyproject.toml` of an environment, or a bundle, directory or repository that has one",
        context={"path": path, "reason": reason},
    )
