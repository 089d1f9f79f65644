"""What a manifest says about PyTorch: the family, its release, and who asks for it. Reading only."""

import re
from collections.abc import Iterable

from comfydock_core.configs.defaults import TORCH_PACKAGES
from comfydock_core.utils.package_names import normal_name, requirement_name

Table = dict[str, object]

_INDEX_OF_1X = "pytorch-"
_BUILD = re.compile(r"==\s*[^\s,;+]+\+([a-z0-9.]+)", re.ASCII)
_PIN = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*==\s*([^\s;,*]+)\s*", re.ASCII)


def is_neutral(manifest: Table) -> bool:
    """Whether the manifest leaves the back end to each machine. Those of ComfyDock 1.x name theirs."""
    return isinstance(_comfydock(manifest).get("pytorch"), dict)


def named_backend(manifest: Table) -> str | None:
    """The back end that a manifest of 1.x was made for: by its pins, its index, or what was asked for."""
    uv = uv_settings(manifest)
    pins = [text for text in _texts(uv.get("constraint-dependencies")) if names_a_build(text)]
    builds = [match[1] for text in pins if (match := _BUILD.search(text))]
    listed = uv.get("index")
    named = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    indexes = [item for item in named if is_index_of_1x(item)]
    asked = _comfydock(manifest).get("torch_backend")
    found = [*builds, *(str(item["name"]).removeprefix(_INDEX_OF_1X) for item in indexes)]
    found += [asked] if isinstance(asked, str) and asked != "auto" else []
    return found[0] if found else None


def names_a_build(text: object) -> bool:
    """Whether a constraint pins PyTorch to the build of one back end (`torch==2.9.1+cu128`), as 1.x did."""
    return isinstance(text, str) and requirement_name(text) in TORCH_PACKAGES and _BUILD.search(text) is not None


def is_index_of_1x(index: Table) -> bool:
    """Whether one of uv's indexes is the one that 1.x wrote for a back end."""
    return str(index.get("name", "")).startswith(_INDEX_OF_1X)


def family_of(manifest: Table) -> tuple[str, ...]:
    """The packages that each back end has its own builds of."""
    pytorch = _comfydock(manifest).get("pytorch")
    named = pytorch.get("family") if isinstance(pytorch, dict) else None
    if not isinstance(named, list):
        return TORCH_PACKAGES
    return tuple(dict.fromkeys(["torch", *(normal_name(name) for name in named if isinstance(name, str))]))


def release_of(manifest: Table, family: Iterable[str]) -> dict[str, str]:
    """The version that the constraints pin each member of the family to."""
    members = set(family)
    pins = [match for text in _texts(uv_settings(manifest).get("constraint-dependencies")) if (match := _pin(text))]
    return {normal_name(pin[1]): pin[2] for pin in pins if normal_name(pin[1]) in members}


def is_pin(text: str) -> bool:
    """Whether a constraint names one version for all machines, as those of a release do."""
    return _pin(text) is not None


def _pin(text: str) -> re.Match[str] | None:
    return _PIN.fullmatch(text)


def accelerators_of(manifest: Table) -> dict[str, list[str]]:
    """What is left out of the requirements of single packages, by package: the family's accelerators."""
    found: dict[str, list[str]] = {}
    excluded = uv_settings(manifest).get("exclude-dependencies")
    for entry in excluded if isinstance(excluded, list) else []:
        package = entry.get("package") if isinstance(entry, dict) else None
        if isinstance(package, dict) and isinstance(package.get("name"), str):
            found.setdefault(normal_name(package["name"]), []).extend(_texts(entry.get("dependencies")))
    return found


def wishes_about(manifest: Table, names: Iterable[str]) -> list[str]:
    """Every requirement and constraint about one of `names`, as it is written, but for the pins of a release."""
    wanted = set(names)
    constraints = _texts(uv_settings(manifest).get("constraint-dependencies"))
    own = [text for text in constraints if requirement_name(text) in wanted and not is_pin(text)]
    return list(dict.fromkeys([*requirements_naming(manifest, wanted), *own]))


def requirements_naming(manifest: Table, names: Iterable[str]) -> list[str]:
    """Every requirement of the project or of a group that is about one of `names`, as it is written."""
    groups = manifest.get("dependency-groups")
    lists = [_table(manifest, "project").get("dependencies")]
    lists += list(groups.values()) if isinstance(groups, dict) else []
    wanted = set(names)
    found = [text for each in lists for text in _texts(each) if requirement_name(text) in wanted]
    return list(dict.fromkeys(found))


def requires_python(manifest: Table) -> str:
    """What the project says about Python, `>=3.8` when it says nothing."""
    value = _table(manifest, "project").get("requires-python")
    return value if isinstance(value, str) else ">=3.8"


def uv_settings(manifest: Table) -> Table:
    """`[tool.uv]`, empty when it is not there."""
    return _table(_table(manifest, "tool"), "uv")


def overridden_names(manifest: Table) -> set[str]:
    """The packages whose demands, or demands on which, the manifest overrules for uv."""
    uv = uv_settings(manifest)
    texts = [*_texts(uv.get("override-dependencies")), *_texts(uv.get("exclude-dependencies"))]
    metadata = uv.get("dependency-metadata")
    entries = metadata if isinstance(metadata, list) else []
    texts += [str(entry.get("name")) for entry in entries if isinstance(entry, dict)]
    return {name for name in map(requirement_name, texts) if name is not None}


def accepted_without_hash(manifest: Table) -> set[str]:
    """The packages whose files may come unchecked, by `unhashed` under `[tool.comfydock]`."""
    names = (requirement_name(text) for text in _texts(_comfydock(manifest).get("unhashed")))
    return {name for name in names if name is not None}


def substitutes_of(manifest: Table) -> dict[str, str]:
    """What is taken in place of what node packs ask for, by `[tool.comfydock.substitutes]`: names of packages."""
    table = _table(_comfydock(manifest), "substitutes")
    pairs = ((requirement_name(old), requirement_name(new)) for old, new in table.items() if isinstance(new, str))
    return {old: new for old, new in pairs if old is not None and new is not None}


def _comfydock(manifest: Table) -> Table:
    return _table(_table(manifest, "tool"), "comfydock")


def _table(parent: Table, key: str) -> Table:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
