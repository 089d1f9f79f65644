"""The node packs of an installation: where each came from, as exactly as its files tell."""

import os
import tomllib
from collections.abc import Iterator

from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer
from comfydock_core.integrations.git.head import repository_of
from comfydock_core.models.environments.installation import FoundEntry, FoundPack, Unidentified
from comfydock_core.models.shared import DISABLED

_CHANGED = "some of its files differ from its commit"
_STOCK = frozenset({"websocket_image_save.py", "example_node.py.example"})
_CACHE = "__pycache__"
_PYTHON = ".py"


def read_packs(
    root: str, comfyui: str
) -> tuple[tuple[FoundPack, ...], tuple[FoundEntry, ...], tuple[Unidentified, ...]]:
    """Every pack, disabled ones too, sorted by name; what else lies there; and what is not exactly known of the packs.

    `root` is the whole installation. Raises `ToolMissing`, `OSError`.
    """
    packs: list[FoundPack] = []
    entries: list[FoundEntry] = []
    unidentified: list[Unidentified] = []
    for found in _candidates(comfyui):
        if isinstance(found, FoundEntry):
            entries.append(found)
            continue
        pack, reason = _read_pack(root, *found)
        packs.append(pack)
        if reason is not None:
            name = os.path.relpath(pack.path, f"{comfyui}/custom_nodes")
            unidentified.append(Unidentified(f"custom_nodes/{name}", reason))
    return tuple(packs), tuple(entries), tuple(unidentified)


def _candidates(comfyui: str) -> Iterator[FoundEntry | tuple[str, str, bool]]:
    """Everything that lies there; of packs the path, the name and whether it is enabled.

    The manager of nodes keeps disabled ones in a directory of their own.
    """
    directory = f"{comfyui}/custom_nodes"
    git = NodeGitAnalyzer(comfyui)
    stock = git.tracked_names("custom_nodes") if git.is_checkout() else _STOCK
    for name in _names(directory):
        path = f"{directory}/{name}"
        if name in stock:
            yield FoundEntry(path, "comfyui")
        elif name != DISABLED or os.path.islink(path) or not os.path.isdir(path):
            plain = name.removesuffix(DISABLED)
            yield _classified(path, name, plain, enabled=plain == name)
    for name in _names(f"{directory}/{DISABLED}") if not os.path.islink(f"{directory}/{DISABLED}") else ():
        yield _classified(f"{directory}/{DISABLED}/{name}", name, name.partition("@")[0], enabled=False)


def _classified(path: str, name: str, plain: str, *, enabled: bool) -> FoundEntry | tuple[str, str, bool]:
    if name == _CACHE:
        return FoundEntry(path, "cache")
    if not os.path.exists(path):
        return FoundEntry(path, "broken-link")
    if name.startswith(".") or not plain:
        return FoundEntry(path, "hidden")
    if os.path.isdir(path) or (plain.endswith(_PYTHON) and os.path.isfile(path)):
        return path, plain, enabled
    return FoundEntry(path, "file" if os.path.isfile(path) else "special")


def _read_pack(root: str, path: str, name: str, enabled: bool) -> tuple[FoundPack, str | None]:
    linked_to = os.path.realpath(path) if os.path.islink(path) else None
    if not os.path.isdir(path):
        return FoundPack(
            name, path, "file", enabled, linked_to=linked_to
        ), "a single file has no origin to fetch it from"
    if not any(entry != _CACHE for entry in os.listdir(path)):
        return FoundPack(name, path, "empty", enabled, linked_to=linked_to), "it is empty"
    registry_id, version = _registry_names(path)
    git = NodeGitAnalyzer(path)
    links = _leading_back(path, root)
    if git.is_checkout():
        checkout, unknown = git.read()
        repository = repository_of(path)
        elsewhere = None if repository is None or _is_below(repository, path) else os.path.realpath(repository)
        if elsewhere is not None and not os.path.isdir(elsewhere):
            unknown = f"its git repository `{elsewhere}` is not there"
        damage = unknown or git.damage()
        pack = FoundPack(
            name, path, "git", enabled, checkout, registry_id, version, linked_to, elsewhere, damage, links
        )
        reasons = [damage, None if unknown else git.lacking(checkout), _CHANGED if checkout.changed else None]
        return pack, "; ".join(filter(None, reasons)) or None
    if os.path.isfile(f"{path}/.tracking") and registry_id is not None and version is not None:
        return FoundPack(name, path, "registry", enabled, None, registry_id, version, linked_to, links=links), None
    pack = FoundPack(name, path, "directory", enabled, None, registry_id, version, linked_to, links=links)
    return pack, "it is neither a git checkout nor an installation from the registry"


def _leading_back(path: str, root: str) -> tuple[str, ...]:
    """The links in a pack that lead out of it, to somewhere in the installation."""
    found: list[str] = []
    for directory, directories, names in os.walk(path):
        directories[:] = [name for name in directories if name != ".git"]
        links = [f"{directory}/{name}" for name in (*directories, *names) if os.path.islink(f"{directory}/{name}")]
        found += [os.path.relpath(link, path) for link in links if _is_below(link, root) and not _is_below(link, path)]
    return tuple(sorted(found))


def _is_below(path: str, directory: str) -> bool:
    """Whether something really lies in a directory, whatever links lead there."""
    return os.path.realpath(path).startswith(f"{os.path.realpath(directory)}{os.sep}")


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
