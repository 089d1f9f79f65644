"""Which modules of ours become C: those that a measured start loads. The rest goes in as bytecode.

C is for starts, whose modules are then made without reading bytecode. What no start loads gains nothing that a user
would notice by it, and would take most of the time of a build. The list is not written down anywhere: it is what
`startup.toml` says that starts of frozen programs load.
"""

from collections.abc import Iterable
from pathlib import Path

from build.cases import Case


def compiled_modules(cases: Iterable[Case]) -> tuple[str, ...]:
    """The modules of ours that become C, sorted. One that is not there any more does no harm."""
    return tuple(sorted({name for case in cases for name in (*case.own, *case.only_frozen)}))


def own_modules(stage: Path, packages: Iterable[str]) -> frozenset[str]:
    """Every module of ours in the staged tree."""
    return frozenset(module_name(path, stage) for package in packages for path in (stage / package).rglob("*.py"))


def module_name(path: Path, stage: Path) -> str:
    """The name of the module in a file; that of a package is in its `__init__.py`."""
    parts = path.relative_to(stage).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
