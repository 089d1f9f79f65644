"""Python packages and constraints as somebody at a terminal works with them, in each form of the program."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_hints import QUOTED
from tests.support.sessions import Session, tree


@pytest.fixture
def work(session: Session) -> Session:
    session.ok("init")
    session.ok("create", "work", "--torch-backend", "none", "--use")
    return session


@pytest.fixture
def here(source: Session) -> Session:
    """The same with the program from source alone."""
    source.ok("create", "work", "--torch-backend", "none", "--use")
    return source


def root(session: Session) -> Path:
    return session.environments / "work"


def content(session: Session) -> dict[str, object]:
    found = tree(root(session))
    return {path: one for path, one in found.items() if not path.endswith((".git/index", ".log"))}


def asked(session: Session) -> dict[str, Any]:
    return {row["name"]: row for row in session.data("py", "list")["packages"]}


def test_a_package_from_asking_for_it_to_taking_it_back(work: Session) -> None:
    before = content(work)
    plan = work.data("py", "add", "mini-masks", "--dry-run")
    assert [row["after"] for row in plan["requirements"]] == ["mini-masks>=2.0"]
    assert content(work) == before
    done = work.data("py", "add", "mini-masks")
    assert done["requirements"] == plan["requirements"]
    assert done["installed"]["added"] == ["mini-masks 2.0"]
    assert asked(work)["mini-masks"]["versions"] == ["2.0"]
    assert re.search(r"^mini-masks +2.0$", work.ok("py", "uv", "pip", "list").out, re.MULTILINE)
    told = work.ok("constraint", "add", "mini-masks<3").out
    assert "+ mini-masks<3 (constraint)" in told
    work.ok("undo", "-e", "work")
    work.ok("py", "remove", "mini-masks")
    assert "mini-masks" not in asked(work)
    assert content(work)[".cec/pyproject.toml"] == before[".cec/pyproject.toml"]


def test_what_is_printed_for_people(here: Session) -> None:
    told = here.ok("py", "add", "mini-masks", "mini-base", "--group", "tools").out
    assert re.search(r"work: `py add` in \d+\.\d s\n  \+ mini-base>=1.5 \(group tools\)\n", told)
    assert "    + mini-masks 2.0\n" in told
    listed = here.ok("py", "list").out
    assert re.search(r"^mini-masks>=2.0 +2.0 +group tools$", listed, re.MULTILINE)
    assert re.search(r"^mini-imaging>=1.0 +1.1 +ComfyUI$", listed, re.MULTILINE)
    assert here.ok("py", "add", "mini-masks", "--group", "tools").out == "work: nothing to do\n"
    assert here.ok("outdated").out == "work is up to date\n"


@pytest.mark.parametrize(
    "words",
    [("py", "add"), ("py", "add", "a", "-r", "b"), ("py", "add", "a", "--dev", "--group", "x"), ("py", "remove"),
     ("py", "add", "-r", "b", "--editable"), ("py", "add", "a", "--bounds", "loose"), ("py", "uv"), ("py", "frob"),
     ("py", "add", "a", "--no-test", "--upgrade"), ("constraint", "add"), ("constraint", "remove"), ("constraint",),
     ("py", "remove-group"), ("outdated", "--dry-run"), ("py", "list", "--dry-run"), ("--json", "py", "uv", "tree"),
     ("--dry-run", "py", "uv", "tree"), ("py", "add", "not a requirement !!"), ("constraint", "add", "mini-masks")],
)  # fmt: skip
def test_lines_that_say_too_little_or_too_much_are_usage_errors(
    made_environment: Session, words: tuple[str, ...]
) -> None:
    ran = made_environment.run(*words)
    assert ran.code == 2, ran
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("words", "code", "name"),
    [
        (("py", "remove", "mini-imagin"), 3, "package-not-found"),
        (("py", "remove-group", "tools"), 3, "package-not-found"),
        (("constraint", "remove", "numpy"), 3, "package-not-found"),
        (("py", "remove", "mini-imaging"), 4, "package-refused"),
        (("py", "add", "torch==2.9.1+cu128"), 4, "package-refused"),
        (("py", "add", "mini-base<1"), 4, "packs-conflict"),
        (("py", "add", "-r", "/nowhere/at/all.txt"), 6, "file-system"),
    ],
)
def test_what_cannot_be_done_has_its_code(
    made_environment: Session, words: tuple[str, ...], code: int, name: str
) -> None:
    before = content(made_environment)
    error = made_environment.error(*words)
    assert (error["exit_code"], error["code"]) == (code, name)
    assert content(made_environment) == before
    for line in QUOTED.findall(error["hint"] or ""):
        made_environment.ok(*(word for word in shlex.split(line)[1:]), "--help")


def test_a_file_and_a_folder_are_looked_for_where_somebody_stands(
    here: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    (place / "wishes.txt").write_text("mini-masks<2\n--index-url https://me:secret@x.invalid/simple\n")
    monkeypatch.chdir(place)
    ran = here.ok("py", "add", "-r", "wishes.txt")
    assert "is not followed" in ran.err and "secret" not in ran.err + ran.out
    assert asked(here)["mini-masks"]["requirement"] == "mini-masks<2"


def test_uv_runs_in_the_definition_and_its_exit_code_passes_through(here: Session) -> None:
    assert here.run("py", "uv", "frobnicate").code == 2
    assert here.run("py", "uv", "pip", "show", "mini-nowhere").code == 1
    assert here.ok("py", "uv", "cache", "dir").out.strip() == str(here.workspace / "uv_cache")
    assert "differs" not in here.ok("py", "uv", "pip", "list").err


def test_what_uv_changed_by_hand_is_told_in_one_line_and_sync_puts_it_right(here: Session) -> None:
    ran = here.ok("py", "uv", "pip", "install", "mini-masks")
    assert "`comfydock status` shows what differs" in ran.err
    assert here.data("status")["packages"]["extra"] == ["mini_masks 2.0"]
    here.ok("sync")
    assert here.data("status")["packages"]["state"] == "in-sync"


def test_nothing_is_changed_under_a_comfyui_that_runs(here: Session) -> None:
    here.ok("run", "--background", "--port", "0")
    try:
        for words in (("py", "add", "mini-masks"), ("py", "uv", "pip", "list"), ("constraint", "add", "mini-base>=1")):
            ran = here.run(*words)
            assert (ran.code, "is running" in ran.err) == (7, True), ran
        here.ok("py", "uv", "--while-running", "pip", "list")
        here.ok("py", "list")
    finally:
        here.ok("run", "--stop")


def test_names_are_completed(here: Session) -> None:
    here.ok("py", "add", "mini-masks", "--group", "tools")
    here.ok("constraint", "add", "mini-base>=1")

    def offered(*words: str) -> list[str]:
        return [line.split("\t")[0] for line in here.ok("__complete", "bash", *words).out.splitlines()]

    assert "mini-masks" in offered("py", "remove", "")
    assert "tools" in offered("py", "remove-group", "")
    assert "mini-base" in offered("constraint", "remove", "mini")


def test_nothing_can_be_looked_up_is_an_error_of_its_own(here: Session) -> None:
    manifest = root(here) / ".cec/pyproject.toml"
    repository = here.variables["COMFYDOCK_COMFYUI_REPOSITORY"]
    manifest.write_text(manifest.read_text().replace(repository, "http://127.0.0.1:9/ComfyUI"))
    away = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "COMFYDOCK_PYTORCH_INDEX_URL": "http://127.0.0.1:9",
            "UV_HTTP_RETRIES": "0"}  # fmt: skip
    ran = here.run("outdated", "--json", **away)
    answer = json.loads(ran.out)
    assert [row["subject"] for row in answer["data"]["failures"]] == ["comfyui", "packages", "pytorch"]
    assert (answer["data"]["looked_up"], answer["exit_code"], ran.code) == (0, 5, 5)
    del away["UV_DEFAULT_INDEX"]
    assert here.run("outdated", **away).code == 0


def test_the_hint_for_a_version_of_what_comfyui_asks_for_limits_it(here: Session) -> None:
    error = here.error("py", "add", "mini-imaging==1.0")
    (line,) = QUOTED.findall(error["hint"])
    here.ok(*shlex.split(line)[1:])
    assert asked(here)["mini-imaging"]["versions"] == ["1.0"]


def test_the_hint_for_a_package_in_a_group_removes_it(here: Session) -> None:
    here.ok("py", "add", "mini-masks", "--dev")
    error = here.error("py", "remove", "mini-masks")
    (line,) = QUOTED.findall(error["hint"])
    here.ok(*shlex.split(line)[1:])
    assert "mini-masks" not in asked(here)


def test_logins_in_addresses_are_shown_and_kept_nowhere(here: Session) -> None:
    secret = "s3cret-of-mine"
    words = ("py", "add", "einops @ https://x.invalid/a.whl", f"foo @ https://me:{secret}@x.invalid/foo.whl")
    ran = here.run(*words)
    assert (ran.code, secret in ran.out + ran.err) == (2, False)
    kept = [path for path in here.workspace.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert kept == []
