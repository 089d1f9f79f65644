"""The forms of the program: every test that takes `program` runs with the source and with both artifacts."""

import pytest

from build.programs import Program
from tests.support import (
    any_speed,  # noqa: F401 - importing it is all
    programs,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deselect-artifacts", action="store_true", help="run with the source only, build nothing")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, forms in (("program", programs.FORMS), ("artifact", programs.FORMS[1:])):
        if name in metafunc.fixturenames:
            wanted = [form for form in forms if form == "source" or not metafunc.config.getoption("deselect_artifacts")]
            metafunc.parametrize(name, wanted, indirect=True, scope="session")


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Program:
    """The program from source, as the Nuitka artifact and as the PyInstaller artifact."""
    return programs.program(request.param)


@pytest.fixture(scope="session")
def artifact(request: pytest.FixtureRequest) -> Program:
    """Both artifacts."""
    return programs.program(request.param)
