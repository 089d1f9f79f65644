"""Requirements and constraints in the manifest, as far as uv does not write them."""

from collections.abc import Collection, Mapping, Sequence

import tomlkit
from tomlkit.items import Array, Table

from comfydock_core.managers.pyproject.pytorch import multiline, uv_table
from comfydock_core.repositories.definition.pytorch_settings import uv_settings
from comfydock_core.utils.package_names import requirement_name

_CONSTRAINTS = "constraint-dependencies"


def keep_indexes(document: tomlkit.TOMLDocument, before: dict[str, object]) -> bool:
    """Make the indexes what they were before, and drop sources that were taken from one since. Whether any was."""
    old, uv = uv_settings(before), uv_table(document)
    changed = uv.unwrap().get("index") != old.get("index")
    if changed and "index" in old:
        uv["index"] = old["index"]
    elif changed:
        uv.pop("index")
    known, sources = old.get("sources"), uv.get("sources")
    new = sources.unwrap() if isinstance(sources, Table) else {}
    foreign = [
        name for name, source in new.items()
        if isinstance(source, dict) and "index" in source and not (isinstance(known, dict) and name in known)
    ]  # fmt: skip
    for name in foreign:
        uv["sources"].pop(name)
    return changed or bool(foreign)


def replace_requirements(document: tomlkit.TOMLDocument, gone: Collection[str], new: Mapping[str, str]) -> None:
    """Give the project other requirements for the packages `gone`: those of `new`, by name, follow where theirs stood.

    Comments and the order of the others stay.
    """
    project = document["project"]
    assert isinstance(project, Table)
    present = project.get("dependencies")
    if not isinstance(present, Array):
        present = multiline(())
        project["dependencies"] = present
    waiting = dict(new)
    for at in reversed(range(len(present))):
        name = requirement_name(str(present[at]))
        if name is None or name not in gone:
            continue
        text = waiting.pop(name, None)
        if text is None:
            del present[at]
        elif text != str(present[at]):
            present[at] = text
    for text in waiting.values():
        present.append(text)


def with_requirements(text: str, gone: Collection[str], new: Mapping[str, str]) -> str:
    """The text of a manifest with other requirements, as `replace_requirements` puts them."""
    document = tomlkit.parse(text)
    replace_requirements(document, gone, new)
    return tomlkit.dumps(document)


def remove_group(document: tomlkit.TOMLDocument, name: str) -> None:
    """Take a dependency group out, and the table of them when it was the last. Raises `KeyError`."""
    groups = document["dependency-groups"]
    assert isinstance(groups, Table)
    groups.pop(name)
    if not groups:
        document.pop("dependency-groups")


def drop_sources(document: tomlkit.TOMLDocument, names: Collection[str]) -> None:
    """Take out where uv gets some packages from."""
    uv = uv_table(document)
    sources = uv.get("sources")
    if not isinstance(sources, Table):
        return
    for name in [name for name in sources if requirement_name(name) in names]:
        sources.pop(name)
    if not sources:
        uv.pop("sources")


def replace_constraints(
    document: tomlkit.TOMLDocument, gone: Collection[str], new: Mapping[str, Sequence[str]]
) -> None:
    """Take the constraints out whose texts are `gone`; those of `new`, by name, follow where their name stood, or last.

    Comments and the order of the others stay.
    """
    uv = uv_table(document)
    present = uv.get(_CONSTRAINTS)
    if not isinstance(present, Array):
        present = multiline(())
        uv[_CONSTRAINTS] = present
    waiting = {name: list(texts) for name, texts in new.items()}
    for at in reversed([at for at, item in enumerate(present.unwrap()) if item in gone]):
        name = requirement_name(str(present[at]))
        texts = waiting.get(name or "", [])
        if texts:
            present[at] = texts.pop()
        else:
            del present[at]
    for text in [text for texts in waiting.values() for text in texts]:
        present.append(text)
    if not present:
        uv.pop(_CONSTRAINTS)
