"""The node packs of an installation: where each came from, as exactly as its files tell."""

import os
import tomllib
from collections.abc import Iterator

from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer
from comfydock_core.models.environments.installation import FoundPack, Unidentified

_DISABLED = ".disabled"
_CHANGED = "some of its files differ from its commit"
_STOCK = frozenset({"websocket_image_save.py"})


def read_packs(comfyui: str) -> tuple[tuple[FoundPack, ...], tuple[Unidentified, ...]]:
    """Every pack, disabled ones too, sorted by name; and what is not exactly known of them. Raises `ToolMissing`."""
    packs: list[FoundPack] = []
    unidentified: list[Unidentified] = []
    for path, name, enabled in _candidates(comfyui):
        pack, reason = _read_pack(path, name, enabled)
        packs.append(pack)
        if reason is not None:
            unidentified.append(Unidentified(f"custom_nodes/{os.path.basename(path)}", reason))
    return tuple(packs), tuple(unidentified)


def _candidates(comfyui: str) -> Iterator[tuple[str, str, bool]]:
    """Path, name and whether it is enabled. The manager of nodes keeps disabled ones in a directory of their own."""
    directory = f"{comfyui}/custom_nodes"
    git = NodeGitAnalyzer(comfyui)
    stock = git.tracked_names("custom_nodes") if git.is_checkout() else _STOCK
    for name in _names(directory):
        if name in stock or name == "__pycache__" or name.startswith("."):
            continue
        path = f"{directory}/{name}"
        if os.path.isdir(path) or name.removesuffix(_DISABLED).endswith(".py"):
            yield path, name.removesuffix(_DISABLED), not name.endswith(_DISABLED)
    for name in _names(f"{directory}/{_DISABLED}"):
        if os.path.isdir(f"{directory}/{_DISABLED}/{name}") and not name.startswith((".", "@")):
            yield f"{directory}/{_DISABLED}/{name}", name.partition("@")[0], False


def _read_pack(path: str, name: str, enabled: bool) -> tuple[FoundPack, str | None]:
    linked_to = os.path.realpath(path) if os.path.islink(path) else None
    if not os.path.isdir(path):
        return FoundPack(name, path, "file", enabled, linked_to=linked_to), "a single file tells no origin"
    registry_id, version = _registry_names(path)
    git = NodeGitAnalyzer(path)
    if git.is_checkout():
        checkout, reason = git.read()
        pack = FoundPack(name, path, "git", enabled, checkout, registry_id, version, linked_to)
        reasons = [git.lacking(checkout), _CHANGED if checkout.changed else None]
        return pack, reason or "; ".join(filter(None, reasons)) or None
    if os.path.isfile(f"{path}/.tracking") and registry_id is not None and version is not None:
        return FoundPack(name, path, "registry", enabled, None, registry_id, version, linked_to), None
    pack = FoundPack(name, path, "directory", enabled, None, registry_id, version, linked_to)
    return pack, "it is neither a git checkout nor an installation from the registry"


def _registry_names(directory: str) -> tuple[str | None, str | None]:
    """Identifier and version that its `pyproject.toml` gives the registry, as far as it has them."""
    try:
        with open(f"{directory}/pyproject.toml", "rb") as file:
            return registry_names(file.read())
    except OSError:
        return None, None


def registry_names(content: bytes) -> tuple[str | None, str | None]:
    """The same of a `pyproject.toml`; one without `[tool.comfy]` is not for the registry."""
    try:
        tables = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None, None
    project, tool = tables.get("project"), tables.get("tool")
    if not isinstance(project, dict) or not isinstance(tool, dict) or not isinstance(tool.get("comfy"), dict):
        return None, None
    name, version = project.get("name"), project.get("version")
    return name if isinstance(name, str) else None, version if isinstance(version, str) else None


def _names(directory: str) -> list[str]:
    return sorted(os.listdir(directory), key=str.lower) if os.path.isdir(directory) else []
