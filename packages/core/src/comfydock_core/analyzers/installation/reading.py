"""Everything about an installation: where ComfyUI is, its version, and what its user put into it."""

import os
import re
import tomllib

from comfydock_core.analyzers.installation.model_roots import read_model_roots
from comfydock_core.analyzers.installation.packs import read_packs
from comfydock_core.analyzers.installation.pythons import read_python
from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer
from comfydock_core.models.environments.installation import Checkout, FoundFiles, Installation, Unidentified
from comfydock_core.models.exceptions import InstallationNotFound
from comfydock_core.utils import native
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.files.filesystem import measure_tree

_PARTS = ("main.py", "comfy")
_TOLD = ("custom_nodes", "input", "models", "output", "temp", "user", "__pycache__")
_EXTRA_PATHS = ("extra_model_paths.yaml", "extra_model_paths.yml")
_VERSION = re.compile(r"""^__version__\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE)
_PLACEHOLDER = re.compile(r"put_.*_here.*")


def read_installation(path: str) -> Installation:
    """Look at a directory that holds ComfyUI, or a portable folder with `ComfyUI/` in it. Nothing is changed.

    What cannot be told exactly is in `unidentified`, with the reason. Raises `InstallationNotFound`, `ToolMissing`,
    `FileSystemError`.
    """
    root = os.path.abspath(os.path.expanduser(path))
    comfyui = _find_comfyui(root)
    with disk_errors("read the installation"):
        checkout, unknown = _read_checkout(comfyui)
        packs, entries, of_packs = read_packs(root, comfyui)
        python, of_python = read_python(root, comfyui)
        extra = _extra_paths(comfyui)
        roots, fault = read_model_roots(extra) if extra is not None else ((), None)
        version = checkout.tag if checkout is not None and checkout.tag else _version(comfyui)
        return Installation(
            path=root,
            comfyui=comfyui,
            portable=python is not None and python.portable,
            version=version,
            checkout=checkout,
            packs=packs,
            entries=entries,
            python=python,
            workflows=_workflows(comfyui),
            models=_models(f"{comfyui}/models"),
            extra_model_paths=extra,
            model_roots=roots,
            model_paths_fault=fault,
            input=_measured(f"{comfyui}/input"),
            output=_measured(f"{comfyui}/output"),
            untracked=_untracked(comfyui) if checkout is not None else (),
            unidentified=(*unknown, *of_packs, *of_python),
        )


def _find_comfyui(root: str) -> str:
    for place in (root, f"{root}/ComfyUI"):
        if all(os.path.exists(f"{place}/{part}") for part in _PARTS):
            return place
    raise InstallationNotFound(
        f"there is no ComfyUI at `{root}`",
        hint="name the directory that holds ComfyUI's `main.py`, or the portable folder around it",
        context={"path": root},
    )


def _read_checkout(comfyui: str) -> tuple[Checkout | None, tuple[Unidentified, ...]]:
    git = NodeGitAnalyzer(comfyui)
    if not git.is_checkout():
        reason = "it is not a git checkout: its files cannot be compared with a version"
        return None, (Unidentified("ComfyUI", reason),)
    checkout, unknown = git.read()
    # The models directory is often replaced by a link or moved away; its placeholders are nobody's work.
    changed = [file for file in checkout.changed if not file.startswith("models/")]
    differing = f"{len(changed)} of its files {'differs' if len(changed) == 1 else 'differ'} from its commit"
    reasons = [unknown] if unknown else [git.lacking(checkout), differing if changed else None]
    return checkout, tuple(Unidentified("ComfyUI", reason) for reason in reasons if reason)


def _untracked(comfyui: str) -> tuple[str, ...]:
    """What lies beside ComfyUI's own files and is reported nowhere else."""
    names = [name for name in NodeGitAnalyzer(comfyui).untracked_names() if name not in (*_TOLD, *_EXTRA_PATHS)]
    return tuple(name for name in names if not os.path.exists(f"{comfyui}/{name}/pyvenv.cfg"))


def _version(comfyui: str) -> str | None:
    """The version that its files tell, as its releases are called."""
    content = native.read_bytes(f"{comfyui}/comfyui_version.py") or b""
    version = version_in_module(content.decode("utf-8", "replace")) or version_in_project(
        native.read_bytes(f"{comfyui}/pyproject.toml") or b""
    )
    return f"v{version.removeprefix('v')}" if version else None


def version_in_module(text: str) -> str | None:
    """What `__version__` is set to in a Python file, which is not run."""
    match = _VERSION.search(text)
    return match[1].strip() or None if match else None


def version_in_project(content: bytes) -> str | None:
    """The project's version in a `pyproject.toml`."""
    try:
        project = tomllib.loads(content.decode("utf-8")).get("project")
    except (ValueError, RecursionError):
        return None
    version = project.get("version") if isinstance(project, dict) else None
    return version if isinstance(version, str) and version else None


def _extra_paths(comfyui: str) -> str | None:
    paths = (f"{comfyui}/{name}" for name in _EXTRA_PATHS)
    return next((path for path in paths if os.path.isfile(path)), None)


def _workflows(comfyui: str) -> tuple[str, ...]:
    """The workflows of every user, the one called `default` being that of a single-user ComfyUI."""
    users = f"{comfyui}/user"
    found: list[str] = []
    for user in native.list_names(users) if native.is_directory(users) else []:
        for directory, _, names in os.walk(f"{users}/{user}/workflows"):
            relative = os.path.relpath(directory, comfyui)
            found += [f"{relative}/{name}" for name in names if name.endswith(".json") and not name.startswith(".")]
    return tuple(sorted(found))


def _models(directory: str) -> FoundFiles | None:
    """The models, links to files counted as the files they lead to; links to directories are named, not entered."""
    real = os.path.realpath(directory)
    if not os.path.isdir(real):
        return None
    count = size = 0
    links: list[str] = []
    for place, directories, names in os.walk(real):
        links += [os.path.relpath(link, real) for name in directories if os.path.islink(link := f"{place}/{name}")]
        for name in names:
            if not _PLACEHOLDER.fullmatch(name) and os.path.isfile(f"{place}/{name}"):
                count += 1
                size += os.stat(f"{place}/{name}").st_size
    return FoundFiles(real, count, size, tuple(sorted(links)))


def _measured(directory: str) -> FoundFiles | None:
    real = os.path.realpath(directory)
    if not os.path.isdir(real):
        return None
    size, files = measure_tree(real)
    return FoundFiles(real, files, size)
