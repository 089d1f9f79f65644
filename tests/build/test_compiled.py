"""What starts load becomes C, everything else of ours is carried as bytecode."""

from pathlib import Path

from build.cases import Case, read_cases
from build.compiled import compiled_modules, own_modules
from build.paths import Layout
from build.settings import read_artifact, read_nuitka

LAYOUT = Layout()


def test_every_module_that_a_frozen_start_loads_becomes_c() -> None:
    compiled = set(compiled_modules(read_cases(LAYOUT.config)))
    for case in read_cases(LAYOUT.config):
        assert set(case.own) | set(case.only_frozen) <= compiled


def test_what_only_the_sources_load_at_a_start_does_not() -> None:
    case = Case("one", ("list",), own=("a", "b"), only_source=("c",), only_frozen=("d",), third_party=("e",))
    assert compiled_modules([case, Case("other", ("status",), own=("b", "f"))]) == ("a", "b", "d", "f")


def test_nothing_is_to_become_c_that_is_not_there() -> None:
    sources = own_modules_of_the_project()
    made_by_the_build = {"comfydock_cli._frozen_help", "comfydock_cli.table._snapshot"}
    assert set(compiled_modules(read_cases(LAYOUT.config))) - sources == made_by_the_build


def test_modules_are_named_by_their_place(tmp_path: Path) -> None:
    for name in ("__init__.py", "one.py", "inner/__init__.py", "inner/two.py", "data.txt"):
        path = tmp_path / "package" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    names = {"package", "package.one", "package.inner", "package.inner.two"}
    assert own_modules(tmp_path, ["package", "absent"]) == names


def test_the_plugin_that_decides_is_used() -> None:
    assert "bytecode_modules.py" in read_nuitka(LAYOUT.config).plugins


def own_modules_of_the_project() -> set[str]:
    found: set[str] = set()
    for package in LAYOUT.packages:
        assert package.name in read_artifact(LAYOUT.config).packages
        found |= own_modules(package.parent, [package.name])
    return found
