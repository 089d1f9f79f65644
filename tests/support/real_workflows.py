"""Real workflows: every template and blueprint that ComfyUI offered on one day, from two distributions of the lock."""

from importlib.metadata import files
from pathlib import Path

_DISTRIBUTIONS = ("comfyui-workflow-templates-json", "comfyui-subgraph-blueprints")


def real_workflows() -> list[Path]:
    """The files of both, 759 saved graphs and blueprints, sorted by name; lists of templates are not among them."""
    found = [
        Path(str(file.locate()))
        for distribution in _DISTRIBUTIONS
        for file in files(distribution) or ()
        if file.suffix == ".json" and not _is_list(file.name) and "dist-info" not in str(file)
    ]
    return sorted(found, key=lambda path: path.name)


def _is_list(name: str) -> bool:
    return name.startswith("index") or name == "fuse_options.json"
