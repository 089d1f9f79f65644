"""The answers in C, compiled into a program of their own: what they answer, and what they leave to Python."""

import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from build.paths import Layout
from build.settings import read_nuitka
from comfydock_cli.generate.snapshot import help_source

PLUGINS = Layout().root / "build/plugins"
VERSION = "comfydock 1.2.3\n"

# What the interpreter stands for: the program says who it is and ends otherwise.
LEFT = '#include <stdio.h>\nint main(void) { puts("left to Python"); return 77; }\n'

Answer = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def plugin(load_plugin: Callable[[str], Any]) -> Any:
    return load_plugin("first_answers")


@pytest.fixture(scope="module")
def helps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """The help of every command, as the build prints it."""
    frozen = tmp_path_factory.mktemp("frozen") / "_frozen_help.py"
    frozen.write_text(help_source(), "utf-8")
    found: dict[str, tuple[str, str]] = runpy.run_path(str(frozen))["HELP"]
    return found


@pytest.fixture(scope="module")
def answer(plugin: Any, helps: dict[str, tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """Runs the small program with the words and, as keywords, the variables."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform not in ("linux", "darwin"):
        pytest.skip("no compiler")
    place = tmp_path_factory.mktemp("compiled")
    template = (PLUGINS / "first_answers.c").read_text("utf-8")
    (place / "answers.c").write_text(plugin.c_source(template, VERSION, helps, (80, 100)), "utf-8")
    (place / "main.c").write_text(LEFT, "utf-8")
    program = place / "program"
    options = ["-std=c11", "-Wall", "-Wextra", "-Wno-sign-compare", "-Werror"]
    subprocess.run([compiler, *options, "-o", program, place / "answers.c", place / "main.c"], check=True)

    def run(*words: str, argv: list[str] | None = None, **variables: str) -> "subprocess.CompletedProcess[str]":
        line = ["comfydock", *words] if argv is None else argv
        return subprocess.run(line, executable=program, env=variables, capture_output=True, text=True)

    return run


def test_every_command_is_answered(answer: Answer, helps: dict[str, tuple[str, str]]) -> None:
    for path, texts in helps.items():
        done = answer(*path.split(), "--help")
        assert (done.returncode, done.stdout, done.stderr) == (0, texts[0], ""), path


def test_the_version_is_answered(answer: Answer) -> None:
    done = answer("--version", COLUMNS="60")
    assert (done.returncode, done.stdout, done.stderr) == (0, VERSION, "")


def test_words_that_only_look_like_a_command_are_left_to_python(
    answer: Answer, helps: dict[str, tuple[str, str]]
) -> None:
    joined = next(path for path in helps if " " in path)
    for words in ((joined,), ("",), ("", ""), ("create", ""), ("create ",), (" create",)):
        assert answer(*words, "--help").returncode == 77, words


@pytest.mark.parametrize(
    "line",
    [
        "",
        "-h",
        "help",
        "--help x",
        "--help create",
        "create",
        "creat --help",
        "creates --help",
        "create --help --help",
        "create --json --help",
        "create x --help",
        "--help --help",
        "--version --help",
        "--version --version",
        "--version x",
        "--version=1",
        "version",
    ],
)
def test_any_other_line_is_left_to_python(answer: Answer, line: str) -> None:
    assert answer(*line.split()).returncode == 77


def test_a_line_of_nothing_is_left_to_python(answer: Answer) -> None:
    assert answer("", "").returncode == 77
    assert answer("", "", "--help").returncode == 77
    assert answer(argv=[""]).returncode == 77
    assert answer(argv=["--help"]).returncode == 77


def test_what_python_must_judge_is_left_to_python(answer: Answer) -> None:
    assert answer("--help", COLUMNS="80").returncode == 77
    assert answer("--help", COLUMNS="").returncode == 0
    for words in (("--help",), ("--version",)):
        assert answer(*words, COMFYDOCK_MODULES_FILE="/tmp/x").returncode == 77


@pytest.mark.parametrize("text", ["naïve", "tab\t", "line\r\n", "\x00", "\x7f"])
def test_text_that_is_not_plain_stops_the_build(plugin: Any, text: str) -> None:
    with pytest.raises(ValueError, match="ASCII"):
        plugin.c_source("", VERSION, {"": (text, "")}, (80, 100))


def test_a_literal_means_its_text(plugin: Any) -> None:
    assert plugin.c_text('a "b" \\n ??/\n') == r'"a \"b\" \\n \?\?/\n"'


def test_the_staged_tree_says_what_is_answered(plugin: Any, helps: dict[str, tuple[str, str]], tmp_path: Path) -> None:
    (tmp_path / "_frozen_help.py").write_text(help_source(), "utf-8")
    (tmp_path / "_version.py").write_text('VERSION = "1.2.3"\n', "utf-8")
    template = (PLUGINS / "first_answers.c").read_text("utf-8")
    assert plugin.staged_source(tmp_path) == plugin.c_source(template, VERSION, helps, (80, 100))


def test_one_setting_decides_whether_there_are_answers() -> None:
    assert "first_answers.py" in read_nuitka(Layout().config).plugins
