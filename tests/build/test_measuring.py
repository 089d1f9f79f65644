"""Measuring and reporting: turns, budgets, the files that are written."""

import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from build.bench import broken_budgets, read_result
from build.cases import Case, cases_text, read_cases, write_cases
from build.chart import chart
from build.figures import Figure, figures_report, missed_figures, told
from build.freeze import forbidden_modules, freeze_case, third_party_modules
from build.measure import Start, StartError, Times, in_turn, time_start
from build.report import comparison, markdown, table
from build.settings import SettingsError
from build.tracer import chain, explain

CASE = Case("help", ("--help",), ratio={"nuitka": 1.2}, instructions={"nuitka": 0.9}, against_pyinstaller=0.35)


def row(program: str, median: float, ratio: float, instruction_ratio: float | None = None) -> dict[str, object]:
    return {
        "case": "help",
        "program": program,
        "median": median,
        "p10": median,
        "p90": median,
        "ratio": ratio,
        "instructions": None if instruction_ratio is None else 1_000_000,
        "instruction_ratio": instruction_ratio,
        "modules": 30,
    }


def result(*rows: dict[str, object]) -> dict[str, object]:
    return {
        "interpreter": {"version": "3.11.2", "executable": "python3.11"},
        "machine": {"system": "Linux", "processor": "A & B"},
        "rounds": 40,
        "artifacts": {"nuitka": {"size_without_programs": 30_000_000, "build": {"seconds": 90}}},
        "rows": list(rows),
    }


def test_programs_take_turns_and_the_first_rounds_do_not_count() -> None:
    seen: list[str] = []

    def clock(start: Start) -> float:
        seen.append(start.label)
        return float(len(seen))

    starts = [Start("a", ("a",), {}), Start("b", ("b",), {})]
    times = in_turn(starts, rounds=2, warmup=1, clock=clock)
    assert seen == ["a", "b"] * 3
    assert times == {"a": Times((3.0, 5.0)), "b": Times((4.0, 6.0))}


def test_a_program_that_fails_is_not_measured() -> None:
    start = Start("broken", (sys.executable, "-c", "raise SystemExit(3)"), {})
    with pytest.raises(StartError, match="ended with 3"):
        time_start(start)


def test_percentiles_are_samples() -> None:
    times = Times(tuple(float(number) for number in range(11)))
    assert (times.percentile(0.1), times.median, times.percentile(0.9)) == (1.0, 5.0, 9.0)


def test_budgets_that_are_kept_are_not_told() -> None:
    assert broken_budgets((CASE,), [row("nuitka", 10, 1.1, 0.8), row("pyinstaller", 50, 5)]) == []


def test_every_budget_that_is_broken_is_told() -> None:
    broken = broken_budgets((CASE,), [row("nuitka", 30, 1.3, 0.95), row("pyinstaller", 50, 5)])
    assert [sentence.partition(":")[0] for sentence in broken] == [
        "help nuitka ratio",
        "help nuitka instruction_ratio",
        "help nuitka against pyinstaller",
    ]


def test_the_reports_hold_every_measurement() -> None:
    found = result(row("bare", 8, 1.0), row("nuitka", 9, 1.13, 0.8))
    assert "Nuitka" in table(found["rows"])  # type: ignore[arg-type]
    text = markdown(found, (CASE,))
    assert "| help | Nuitka | 9.00 | 9.00 | 9.00 | 1.13 | 1.0 M | 0.80 | 30 |" in text
    assert "30.0 MB" in text


def test_a_comparison_tells_what_is_slower_and_ignores_noise() -> None:
    old = result(row("nuitka", 9, 1.00), row("pyinstaller", 40, 5.0))
    new = result(row("nuitka", 9, 1.50), row("pyinstaller", 40, 5.1))
    lines = comparison(old, new).splitlines()
    assert lines[1].endswith("slower")
    assert lines[2].rstrip().endswith("%")


def test_the_chart_is_well_formed_and_shows_every_form() -> None:
    rows = [row("bare", 8, 1.0), row("source", 12, 1.5), row("nuitka", 8, 1.0), row("pyinstaller", 40, 5.0)]
    root = ElementTree.fromstring(chart(rows, "a < b & c"))
    titles = [node.text for node in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["help, source, installed: 1.50", "help, Nuitka: 1.00", "help, PyInstaller: 5.00"]


def test_measurements_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    for text in ("", "[]", "{}", json.dumps({"rows": 3})):
        path.write_text(text, "utf-8")
        with pytest.raises(StartError):
            read_result(path)


def test_cases_are_read_as_they_were_written(tmp_path: Path) -> None:
    cases = (
        CASE,
        Case(
            "list",
            ("list",),
            environment={"COLUMNS": "60"},
            workspace=20,
            exit=3,
            modules={"source": 9},
            own=("a.b", "a.c"),
        ),
    )
    write_cases(tmp_path, cases)
    assert read_cases(tmp_path) == cases
    assert (tmp_path / "startup.toml").read_text("utf-8") == cases_text(cases)


def test_a_case_with_an_unknown_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "startup.toml").write_text('[help]\nwords = ["--help"]\nbudget = 3\n', "utf-8")
    with pytest.raises(SettingsError, match="help"):
        read_cases(tmp_path)


def test_freezing_tells_apart_what_every_form_loads() -> None:
    modules = {
        "source": frozenset({"sys", "comfydock_cli", "comfydock_cli.live", "lazy_loader", "rich"}),
        "nuitka": frozenset({"sys", "comfydock_cli", "comfydock_cli.frozen", "rich"}),
        "pyinstaller": frozenset({"sys", "pyimod01_archive", "comfydock_cli", "comfydock_cli.frozen", "rich"}),
    }
    case = freeze_case(CASE, modules)
    assert case.own == ("comfydock_cli",)
    assert case.third_party == ("rich",)
    assert case.only_source == ("comfydock_cli.live", "lazy_loader")
    assert case.only_frozen == ("comfydock_cli.frozen",)
    assert case.modules == {"source": 5, "nuitka": 4, "pyinstaller": 5}
    assert case.allowed("nuitka") == {"comfydock_cli", "comfydock_cli.frozen", "rich"}


def test_other_peoples_modules_are_known() -> None:
    assert third_party_modules(frozenset({"os", "rich.table", "_json", "pyimod02"})) == {"rich.table"}
    assert forbidden_modules(frozenset({"ssl", "http.client", "httpx", "json"})) == {"ssl", "http.client"}


def test_a_chain_leads_from_the_program_to_the_module() -> None:
    parents = {"a": "__main__", "b": "a", "c": "b"}
    assert chain(parents, "c") == ["__main__", "a", "b", "c"]
    assert explain(parents, frozenset({"c", "x"})) == "  __main__ > a > b > c\n  x"
    assert chain({"a": "b", "b": "a"}, "a") == ["b", "a"]


def test_figures_that_are_missed_are_named() -> None:
    figures = [
        Figure("scan", "ms", 120.0, 40.0, 3.0, 3.0),
        Figure("slow scan", "ms", 124.0, 40.0, 3.1, 3.0),
        Figure("digests", "ms", 100.0, 80.0, 0.8, 0.85, at_least=True),
    ]
    result: dict[str, object] = {
        "machine": {"system": "Linux", "processor": "A"},
        "rounds": 3,
        "figures": told(figures),
    }
    assert missed_figures(result) == [
        "slow scan: 3.10, at most 3 is wanted",
        "digests: 0.80, at least 0.85 is wanted",
    ]
    assert [
        line.endswith("| missed |") for line in figures_report(result, "What it costs", "Medians.").splitlines()[-3:]
    ] == [False, True, True]
