"""Making the manifest of ComfyDock 1.x neutral: what it says about one machine's PyTorch is taken out."""

import copy
import re

from comfydock_core.configs.defaults import MANIFEST_SCHEMA, TORCH_PACKAGES
from comfydock_core.managers.pyproject.creation import closed_range
from comfydock_core.repositories.definition.pytorch_settings import Table, is_index_of_1x, names_a_build
from comfydock_core.utils.package_names import public_version

_OPEN = re.compile(r">=\s*(3\.\d+)", re.ASCII)


def neutral_manifest(manifest: Table, python: str | None) -> tuple[Table, list[str]]:
    """The manifest without a back end, and what was changed, in words. `python` is the version it is locked for.

    What the user added stays: other constraints, indexes, sources and groups.
    """
    neutral = copy.deepcopy(manifest)
    changes: list[str] = []
    uv = _make_table(_make_table(neutral, "tool"), "uv")
    _make_pins_public(uv, changes)
    _drop_indexes(uv, changes)
    uv.setdefault("default-groups", "all")
    comfydock = _make_table(_make_table(neutral, "tool"), "comfydock")
    if comfydock.pop("torch_backend", None) is not None:
        changes.append("took `torch_backend` out: each machine has its own, in `.pytorch-backend`")
    comfydock["schema_version"] = MANIFEST_SCHEMA
    comfydock["pytorch"] = {"family": list(TORCH_PACKAGES)}
    _close_python(neutral, python, changes)
    return neutral, changes


def _make_pins_public(uv: Table, changes: list[str]) -> None:
    constraints = uv.get("constraint-dependencies")
    if not isinstance(constraints, list):
        return
    for at, text in enumerate(constraints):
        if names_a_build(text):
            constraints[at] = public_version(text)
            changes.append(f"pinned {constraints[at]} instead of {text}")


def _drop_indexes(uv: Table, changes: list[str]) -> None:
    """Without the index of the back end, the sources that lead to it go too."""
    indexes, sources = _list(uv.get("index")), _table(uv, "sources")
    ours = [item for item in indexes if isinstance(item, dict) and is_index_of_1x(item)]
    names = {item["name"] for item in ours}
    for name in [name for name, source in sources.items() if isinstance(source, dict) and source.get("index") in names]:
        del sources[name]
    changes += [f"took the package index `{name}` and the sources that lead to it out" for name in sorted(names)]
    _keep(uv, "index", [item for item in indexes if item not in ours])
    _keep(uv, "sources", sources)


def _keep(uv: Table, key: str, value: list[object] | Table) -> None:
    if value:
        uv[key] = value
    else:
        uv.pop(key, None)


def _close_python(manifest: Table, python: str | None, changes: list[str]) -> None:
    """One lock is for one minor version of Python: that of the environment, where the manifest begins with it."""
    project = _table(manifest, "project")
    match = _OPEN.fullmatch(str(project.get("requires-python", "")).strip())
    if match and python and ".".join(python.split(".")[:2]) == match[1]:
        project["requires-python"] = closed_range(python)
        changes.append(f"locked for Python {match[1]} alone")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _table(parent: Table, key: str) -> Table:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _make_table(parent: Table, key: str) -> Table:
    value = parent.setdefault(key, {})
    assert isinstance(value, dict)  # uv and the reader of manifests refuse anything else.
    return value
