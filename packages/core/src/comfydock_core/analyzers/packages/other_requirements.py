"""Where else node packs write down what they ask for: files of other names, setuptools, poetry. Nothing is run."""

import ast
import configparser
import os
import re
from dataclasses import dataclass, field

from comfydock_core.analyzers.packages.pack_settings import at, project_settings, settings_text
from comfydock_core.utils.text import some

_MISSPELT = re.compile(r"(requi?re?ments?|reqs?)\.txt", re.IGNORECASE)
_SHOWN = 5


@dataclass(slots=True)
class OtherRequirements:
    """What was found: `files` to be read as `requirements.txt` is, `lines` as (requirement, file, line), and notes."""

    files: list[str] = field(default_factory=list)
    lines: list[tuple[str, str, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_other_requirements(directory: str) -> OtherRequirements:
    """What a pack without a `requirements.txt` and without `[project].dependencies` asks for elsewhere.

    What cannot be read without running it is reported in a note. Raises `OSError`.
    """
    found = OtherRequirements()
    for name in sorted(os.listdir(directory)):
        if _MISSPELT.fullmatch(name) and name != "requirements.txt" and os.path.isfile(f"{directory}/{name}"):
            found.files.append(name)
            found.notes.append(f"{name}: is read in place of `requirements.txt`, which says nothing")
    _of_project(project_settings(directory), found)
    _of_setup_cfg(settings_text(directory, "setup.cfg"), found)
    _of_setup_py(settings_text(directory, "setup.py"), found)
    for name in dict.fromkeys(file for _, file, _ in found.lines):
        found.notes.append(f"{name}: what it asks for is read, without running it")
    return found


def required_python(directory: str) -> str | None:
    """Which Pythons the pack's `pyproject.toml` says that it is for; `None` where it says nothing that can be read."""
    said = at(project_settings(directory), "project", "requires-python")
    return said if isinstance(said, str) else None


def _of_project(whole: object, found: OtherRequirements) -> None:
    """Dynamic dependencies and those of poetry."""
    dynamic = at(whole, "project", "dynamic")
    if isinstance(dynamic, list) and "dependencies" in dynamic:
        named = at(whole, "tool", "setuptools", "dynamic", "dependencies", "file")
        files = [named] if isinstance(named, str) else named
        if isinstance(files, list) and files and all(isinstance(one, str) for one in files):
            found.files += files
        else:
            found.notes.append("pyproject.toml: its dependencies are dynamic, made by a program, and are not read")
    poetry = at(whole, "tool", "poetry", "dependencies")
    if isinstance(poetry, dict) and (names := [name for name in poetry if name.lower() != "python"]):
        found.notes.append(f"pyproject.toml: what it asks poetry for is not read: {some(names, _SHOWN)}")


def _of_setup_cfg(text: str, found: OtherRequirements) -> None:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error as error:
        found.notes.append(f"setup.cfg: cannot be read: {str(error).splitlines()[0]}")
        return
    listed = parser.get("options", "install_requires", fallback="")
    if listed.startswith("file:"):
        found.files += [name.strip() for name in listed.removeprefix("file:").split(",") if name.strip()]
        return
    found.lines += [(line.strip(), "setup.cfg", 1) for line in listed.splitlines() if line.strip()]


def _of_setup_py(text: str, found: OtherRequirements) -> None:
    if "install_requires" not in text:
        return
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        found.notes.append("setup.py: cannot be read, and what it asks for with it")
        return
    keywords = (one for node in ast.walk(tree) if isinstance(node, ast.Call) for one in node.keywords)
    for keyword in keywords:
        if keyword.arg != "install_requires":
            continue
        value = keyword.value
        items = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
        plain = [item for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
        found.lines += [(str(item.value), "setup.py", item.lineno) for item in plain]
        if len(plain) == len(items):
            return
    found.notes.append("setup.py: some of what it asks for is made when it runs, and is not read")
