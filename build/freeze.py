"""Freezing the startup path: what every case loads now, written into `dist-config/startup.toml`."""

import sys
from dataclasses import replace
from pathlib import Path

from build.cases import FROZEN_FORMS, Case
from build.paths import Layout
from build.programs import Program
from build.workspaces import make_workspace

_OWN = ("comfydock_cli", "comfydock_core")

# Modules of the freezers themselves, which come with every program that they make.
_OF_FREEZERS = ("pyi", "_pyi", "pyimod", "__compiled__")

# What no startup case may load, whatever its lists say.
FORBIDDEN = (
    "argparse", "asyncio", "dataclasses", "email", "http", "importlib.metadata", "inspect", "rich", "ssl", "tomlkit",
    "urllib3", "requests",
)  # fmt: skip


def own_modules(modules: frozenset[str]) -> frozenset[str]:
    """Those that are ours."""
    return frozenset(name for name in modules if name.partition(".")[0] in _OWN)


def third_party_modules(modules: frozenset[str]) -> frozenset[str]:
    """Those that are neither ours, nor the standard library's, nor a freezer's."""
    known = sys.stdlib_module_names | {"__main__", "__mp_main__", "comfydock", "sitecustomize", *_OWN}
    return frozenset(
        name for name in modules if name.partition(".")[0] not in known and not name.startswith(_OF_FREEZERS)
    )


def forbidden_modules(modules: frozenset[str]) -> frozenset[str]:
    """Those that must not be there."""
    return frozenset(name for name in modules if any(name == bad or name.startswith(f"{bad}.") for bad in FORBIDDEN))


def case_environment(case: Case, layout: Layout) -> dict[str, str]:
    """The variables of a case: its own and its workspace, which is made when it is not there yet."""
    root = layout.work / "workspaces"
    if case.workspace is None:
        return {**case.environment, "COMFYDOCK_HOME": str(root / "none")}
    home = make_workspace(root / str(case.workspace), case.workspace)
    return {**case.environment, "COMFYDOCK_HOME": str(home)}


def loaded(case: Case, program: Program, layout: Layout) -> frozenset[str]:
    """The modules that a case loads in one form."""
    note = layout.work / f"modules-{program.form}-{case.name}.txt"
    return program.modules(case.words, case_environment(case, layout), note)


def freeze_case(case: Case, modules: dict[str, frozenset[str]]) -> Case:
    """The case with what it was seen to load in each form."""
    seen = {form: own_modules(names) | third_party_modules(names) for form, names in modules.items()}
    everywhere = frozenset.intersection(*seen.values())
    frozen = frozenset().union(*(names for form, names in seen.items() if form != "source"))
    return replace(
        case,
        modules={form: len(modules[form]) for form in FROZEN_FORMS},
        own=tuple(sorted(own_modules(everywhere))),
        only_source=tuple(sorted(seen["source"] - everywhere)),
        only_frozen=tuple(sorted(frozen - everywhere)),
        third_party=tuple(sorted(third_party_modules(everywhere))),
    )


def freeze_cases(cases: tuple[Case, ...], programs: dict[str, Program], layout: Layout) -> tuple[Case, ...]:
    """All cases, measured anew. Raises `RuntimeError` when one loads what is forbidden."""
    fresh = []
    for case in cases:
        modules = {form: loaded(case, programs[form], layout) for form in FROZEN_FORMS}
        bad = forbidden_modules(modules["source"] | modules["nuitka"])
        if bad or len(modules["source"]) > case.gate:
            raise RuntimeError(
                f"{case.name} loads {len(modules['source'])} modules from source, {case.gate} are allowed;"
                f" forbidden ones: {', '.join(sorted(bad)) or 'none'}"
            )
        fresh.append(freeze_case(case, modules))
    return tuple(fresh)


def third_party_place(python: Path) -> tuple[str, ...]:
    """Where a virtual environment keeps its packages."""
    return tuple(str(path) for path in sorted((python.parent.parent / "lib").glob("python*/site-packages")))
