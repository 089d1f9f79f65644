"""Start times as ratios to the bare interpreter, measured in turn within one run.

Few rounds, so the gate is a little wider than the budget; `python -m build bench` holds the budgets themselves.
"""

import pytest

from build.bench import BARE
from build.cases import Case, read_cases
from build.freeze import case_environment
from build.interpreter import choose
from build.measure import Start, Times, in_turn
from build.paths import Layout
from build.programs import installed_copy, plain_environment
from tests.support.programs import ensure_artifact

LAYOUT = Layout()
SLACK = 1.25
CASES = [case for case in read_cases(LAYOUT.config) if "nuitka" in case.ratio]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_nuitka_artifact_starts_within_its_ratio(
    case: Case, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("deselect_artifacts"):
        pytest.skip("artifacts are deselected")
    starts = [Start(BARE, (choose().executable, "-I", "-S", "-c", "pass"), plain_environment())]
    for form in ("nuitka", "pyinstaller"):
        ensure_artifact(LAYOUT, form)
        program = installed_copy(LAYOUT, form, tmp_path_factory.getbasetemp() / "installed")
        environment = {**plain_environment(), **case_environment(case, LAYOUT)}
        starts.append(Start(form, (*program.command, *case.words), environment, case.exit))
    # Whatever else the machine does can spoil one attempt, a slow program spoils all.
    assert any(not slow(case, in_turn(starts, 15)) for _ in range(4)), slow(case, in_turn(starts, 40))


def slow(case: Case, times: dict[str, Times]) -> list[str]:
    """What is over its budget."""
    ratios = {"bare": (times["nuitka"].median / times[BARE].median, case.ratio["nuitka"])}
    if case.against_pyinstaller is not None:
        ratios["pyinstaller"] = (times["nuitka"].median / times["pyinstaller"].median, case.against_pyinstaller)
    return [f"{name}: {found:.2f}, not {most}" for name, (found, most) in ratios.items() if found > most * SLACK]
