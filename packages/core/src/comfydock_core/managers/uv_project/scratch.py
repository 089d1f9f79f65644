"""Questions to uv, asked in a directory of their own, so that no file of an environment changes."""

import contextlib
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping

from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.uv_project.indexes import BackendIndex
from comfydock_core.repositories.definition.pyproject_document import toml_text
from comfydock_core.repositories.definition.pytorch_settings import Table, accelerators_of, requires_python, uv_settings
from comfydock_core.utils.files import atomic
from comfydock_core.utils.package_names import requirement_name
from comfydock_core.validation.requirements import closed_minor

EXCLUDE_NEWER = "exclude-newer"
# What an environment's settings say about its own groups and members, or what is asked for differently.
_LEFT_OUT = frozenset(
    {
        "conflicts",
        "constraint-dependencies",
        "default-groups",
        "dependency-groups",
        "dev-dependencies",
        "exclude-dependencies",
        "index",
        "managed",
        "package",
        "sources",
        "workspace",
    }
)


@contextlib.contextmanager
def scratch_project(uv: UVCommand, manifest: Table) -> Iterator[tuple[UVCommand, str]]:
    """uv for a project that has this manifest, and the project's directory, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="comfydock-lock-") as directory:
        atomic.write_text(f"{directory}/pyproject.toml", toml_text(manifest))
        yield uv.inside(directory), directory


def question(
    manifest: Table,
    dependencies: Iterable[str],
    family: Iterable[str],
    *,
    index: BackendIndex | None = None,
    from_index: Iterable[str] = (),
    machines: Collection[str] = (),
) -> Table:
    """A manifest that asks for `dependencies` under the settings of an environment's `manifest`.

    What the environment says about the family is left out; members in `from_index` come from the back end's `index`
    and from nowhere else, while other packages may come from either. With `index` no day limits them, as PyTorch's
    indexes do not say when they got their files. Given the markers of `machines` only these are resolved for.
    """
    given = uv_settings(manifest)
    uv: Table = {key: value for key, value in given.items() if key not in _LEFT_OUT}
    if index is not None:
        uv.pop(EXCLUDE_NEWER, None)
    uv |= {
        "package": False,
        "constraint-dependencies": _about_others(manifest, family),
        "exclude-dependencies": [item for item in _list(given.get("exclude-dependencies")) if isinstance(item, str)],
        "index": [*([{"name": index.name, "url": index.url}] if index else []), *_indexes(given.get("index"))],
        "sources": _sources(given.get("sources"), family, index, from_index),
    }
    python = requires_python(manifest)
    if (upper := closed_minor(python)) is not None:
        # uv drops the upper bound where it locks without a project, and would look at every later Python, too.
        uv.setdefault("environments", [f"python_full_version < '{upper}'"])
    if machines:
        uv["environments"] = _limited(uv.get("environments"), machines)
    project = {"name": "comfydock-question", "version": "0", "requires-python": python}
    return {"project": {**project, "dependencies": list(dependencies)}, "tool": {"uv": uv}}


def _limited(environments: object, machines: Collection[str]) -> list[str]:
    """The environments to be resolved for, on some machines only."""
    given = [text for text in _list(environments) if isinstance(text, str)]
    return [f"({text}) and {machine}" for machine in machines for text in given] or list(machines)


def _about_others(manifest: Table, family: Iterable[str]) -> list[object]:
    """The user's own constraints: neither those of the release nor those of its accelerators."""
    names = set(family).union(*accelerators_of(manifest).values())
    constraints = _list(uv_settings(manifest).get("constraint-dependencies"))
    return [item for item in constraints if isinstance(item, str) and requirement_name(item) not in names]


def _indexes(given: object) -> list[object]:
    """The user's own indexes. Those that ComfyDock 1.x wrote for a back end have its names."""
    named = [item for item in _list(given) if isinstance(item, dict)]
    return [item for item in named if not str(item.get("name", "")).startswith("pytorch-")]


def _sources(
    given: object, family: Iterable[str], index: BackendIndex | None, from_index: Iterable[str]
) -> Mapping[str, object]:
    """Which index a package comes from. Other kinds of source are in the pins themselves."""
    names = set(family)
    own = given.items() if isinstance(given, dict) else ()
    kept = {name: source for name, source in own
            if requirement_name(name) not in names and isinstance(source, dict) and "index" in source}  # fmt: skip
    return {**kept, **({name: {"index": index.name} for name in from_index} if index else {})}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
