"""The startup cases and their budgets: `dist-config/startup.toml`, read and written.

Words and ratios are decided by people; modules are measured by `python -m build freeze`, which rewrites the file.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from build.settings import SettingsError, read_toml

# The forms whose modules are frozen, and those that are timed as well.
FROZEN_FORMS = ("source", "nuitka", "pyinstaller")

HEADER = """\
# The frozen startup path. `python -m build freeze` rewrites the lists and the numbers of modules from measurements;
# a change of them is reviewed like code. Everything else is decided by hand and kept.
#
# words        the command line
# environment  variables that are set for it
# workspace    how many environments its workspace has; absent where the command needs none
# exit         the exit code
# gate         the most modules it may ever load from source, whatever is measured
# ratio        the most time it may take, as a ratio to `python -I -S -c pass` of the interpreter it was built from
# instructions the same in instructions, where valgrind is present
# against_pyinstaller  the most time the Nuitka form may take, as a ratio to PyInstaller's
# modules      how many modules it loads, by form, the interpreter's own counted
# own          our modules that it loads in every form; only_source and only_frozen come beside them in those forms
# third_party  other people's modules that it loads in every form
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One start that is measured."""

    name: str
    words: tuple[str, ...]
    exit: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    workspace: int | None = None
    gate: int = 200
    ratio: dict[str, float] = field(default_factory=dict)
    instructions: dict[str, float] = field(default_factory=dict)
    against_pyinstaller: float | None = None
    modules: dict[str, int] = field(default_factory=dict)
    own: tuple[str, ...] = ()
    only_source: tuple[str, ...] = ()
    only_frozen: tuple[str, ...] = ()
    third_party: tuple[str, ...] = ()

    def allowed(self, form: str) -> frozenset[str]:
        """The modules beside the standard library's that a form may load."""
        special = self.only_source if form == "source" else self.only_frozen
        return frozenset((*self.own, *special, *self.third_party))


def read_cases(config: Path) -> tuple[Case, ...]:
    """All cases of `startup.toml`, in its order. Raises `SettingsError`."""
    return tuple(_case(name, table) for name, table in read_toml(config / "startup.toml").items())


def _case(name: str, table: object) -> Case:
    if not isinstance(table, dict) or "words" not in table:
        raise SettingsError(f"startup.toml: `{name}` has no words")
    lists = ("words", "own", "only_source", "only_frozen", "third_party")
    values: dict[str, Any] = {key: tuple(value) if key in lists else value for key, value in table.items()}
    try:
        return Case(name, **values)
    except TypeError as error:
        raise SettingsError(f"startup.toml: `{name}`: {error}") from error


def write_cases(config: Path, cases: tuple[Case, ...]) -> None:
    """Write `startup.toml` anew."""
    (config / "startup.toml").write_text(cases_text(cases), "utf-8")


def cases_text(cases: tuple[Case, ...]) -> str:
    """The whole file, always in one shape, so that a change is a small diff."""
    return HEADER + "".join(_table_text(case) for case in cases)


def _table_text(case: Case) -> str:
    lines = ["", f"[{case.name}]", f"words = {_inline(case.words)}"]
    if case.environment:
        variables = ", ".join(f'{name} = "{value}"' for name, value in case.environment.items())
        lines.append(f"environment = {{ {variables} }}")
    if case.workspace is not None:
        lines.append(f"workspace = {case.workspace}")
    if case.exit:
        lines.append(f"exit = {case.exit}")
    lines.append(f"gate = {case.gate}")
    for key, numbers in (("ratio", case.ratio), ("instructions", case.instructions), ("modules", case.modules)):
        if numbers:
            lines.append(f"{key} = {{ {', '.join(f'{form} = {number}' for form, number in numbers.items())} }}")
    if case.against_pyinstaller is not None:
        lines.append(f"against_pyinstaller = {case.against_pyinstaller}")
    lists = {"own": case.own, "only_source": case.only_source, "only_frozen": case.only_frozen}
    for key, names in (lists | {"third_party": case.third_party}).items():
        lines += [f"{key} = ["] + [f'    "{name}",' for name in names] + ["]"] if names else [f"{key} = []"]
    return "\n".join(lines) + "\n"


def _inline(words: tuple[str, ...]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"
