"""The startup path is frozen: what every case loads is written in `dist-config/startup.toml`, and nothing else loads.

A module that sneaks in fails here with the chain of imports that brought it. When it is wanted, `python -m build
freeze` writes it down, and the change of that file is reviewed.
"""

import sys
from pathlib import Path

import pytest

from build.cases import Case, cases_text, read_cases
from build.freeze import case_environment, forbidden_modules, own_modules, third_party_modules
from build.interpreter import choose
from build.paths import Layout
from build.programs import Program
from build.tracer import explain, import_parents

LAYOUT = Layout()
CASES = {case.name: case for case in read_cases(LAYOUT.config)}


@pytest.fixture(params=CASES.values(), ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def modules(program: Program, case: Case, tmp_path: Path) -> frozenset[str]:
    """What one start of one form loads."""
    return program.modules(case.words, case_environment(case, LAYOUT), tmp_path / "modules.txt")


def chains(case: Case, names: frozenset[str]) -> str:
    return explain(import_parents(LAYOUT, case.words, case_environment(case, LAYOUT)), names)


def asked_for(case: Case) -> str:
    """The chains of the modules that are not ours but that ours ask for."""
    parents = import_parents(LAYOUT, case.words, case_environment(case, LAYOUT))
    foreign = frozenset(parents) - own_modules(frozenset(parents))
    return explain(parents, frozenset(name for name in foreign if own_modules(frozenset({parents[name]}))))


def test_a_case_ends_as_it_should(program: Program, case: Case) -> None:
    done = program.run(case.words, case_environment(case, LAYOUT))
    assert done.returncode == case.exit, done.stdout + done.stderr


def test_only_modules_that_are_written_down_are_loaded(program: Program, case: Case, modules: frozenset[str]) -> None:
    unexpected = (own_modules(modules) | third_party_modules(modules)) - case.allowed(program.form)
    assert not unexpected, f"{case.name} loads more than startup.toml says:\n{chains(case, unexpected)}"


def test_nothing_is_written_down_that_is_not_loaded(program: Program, case: Case, modules: frozenset[str]) -> None:
    assert case.allowed(program.form) - modules == set(), "`python -m build freeze` writes down less now"


def test_the_number_of_modules_is_within_its_budget(program: Program, case: Case, modules: frozenset[str]) -> None:
    budget = case.modules[program.form]
    if (program.form == "source" and sys.version_info[:2] != (3, 11)) or not choose().version.startswith("3.11."):
        budget = max(budget, case.gate)  # The lists are of the modules of Python 3.11.
    assert len(modules) <= budget, f"{len(modules)} modules, not {budget}; asked for by ours:\n{asked_for(case)}"


def test_no_case_loads_what_is_never_to_be_loaded(program: Program, case: Case, modules: frozenset[str]) -> None:
    bad = forbidden_modules(modules)
    if program.form == "pyinstaller":
        bad -= {"inspect", "dataclasses"}  # Its own loader may bring them.
    assert not bad, chains(case, bad)


def test_budgets_are_within_the_gates() -> None:
    over = {case.name: case.modules["source"] for case in CASES.values() if case.modules["source"] > case.gate}
    assert over == {}


def test_the_file_is_in_the_shape_that_freezing_writes() -> None:
    assert (LAYOUT.config / "startup.toml").read_text("utf-8") == cases_text(tuple(CASES.values()))


def test_the_chain_of_an_import_is_told(tmp_path: Path) -> None:
    case = CASES["list-20"]
    parents = import_parents(LAYOUT, case.words, case_environment(case, LAYOUT))
    text = explain(parents, frozenset({"comfydock_core.core.finding"}))
    assert "comfydock_cli.cli" in text
    assert text.endswith("comfydock_cli.global_commands.environments > comfydock_core.core.finding")
