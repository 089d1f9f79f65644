"""Whatever is wrong, the program says what, where and what to do; it keeps what it found and leaves nothing behind."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from build.programs import plain_environment
from tests.support.miniature import NEWEST, Miniature, build_repository, commit, git
from tests.support.sessions import Session, envelope_of, names_in, stop, tree, wait_for_line
from tests.support.source import Ran, make_workspace

# Commands by what they need, each with the words that make it do its work.
READ_WORKSPACE = (("list",), ("list", "--long"), ("config",), ("logs",), ("logs", "--workspace"))
READ_ENVIRONMENT = (("status",), ("manifest",), ("manifest", "--section", "project"), ("logs", "-e", "work"))
CHANGING = (
    ("use", "work"),
    ("delete", "work", "--yes"),
    ("config", "--registry-cache", "off"),
    ("create", "new", "--torch-backend", "none"),
)
EVERY = (*READ_WORKSPACE, *READ_ENVIRONMENT, *CHANGING, ("run",))

MINIMAL = """\
[project]
name = "comfydock-env-work"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = []

[tool.comfydock]
comfyui_version = "v0.10.0"
"""


@pytest.fixture
def small(source: Session) -> Session:
    """A workspace with the small environment `work`: files that are there, nothing installed."""
    shutil.rmtree(source.workspace)
    make_workspace(source.workspace, "work", active="work")
    (source.workspace / "models").mkdir()
    file = source.workspace / ".metadata" / "workspace.json"
    models = f'"global_model_directory": {{"path": "{source.workspace}/models"}}'
    file.write_text(f'{{"version": 1, "active_environment": "work", {models}}}')
    (source.environments / "work" / ".cec" / "pyproject.toml").write_text(MINIMAL)
    return source


def told(ran: Ran, code: int, *words: str) -> Ran:
    """Check the form that every error has: one line first, a hint at the end, nothing on standard output."""
    assert ran.code == code, ran
    assert ran.out == "", ran
    assert re.search(r"^error: \S", ran.err, re.MULTILINE), ran
    assert "Traceback" not in ran.err, ran
    for word in words:
        assert word in ran.err, ran
    return ran


def names(session: Session) -> list[str]:
    return names_in(session.environments)


# Words


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("lst",), "`comfydock list`"),
        (("creat", "x"), "`comfydock create`"),
        (("stauts",), "`comfydock status`"),
        (("completion", "instal"), "`comfydock completion install`"),
        (("list", "--lnog"), "`--long`"),
        (("create", "x", "--torch-backnd", "cpu"), "`--torch-backend`"),
        (("--jsno", "list"), "`--json`"),
        (("list", "--color", "nevr"), "`never`"),
        (("logs", "--level", "eror"), "`error`"),
        (("help", "enviroment"), "`comfydock help environment`"),
        (("explain", "file-sytem"), "`file-system`"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(program_session: Session, words: tuple[str, ...], near: str) -> None:
    told(program_session.run(*words), 2, f"\nhint: did you mean {near}?\n")


@pytest.fixture
def program_session(session: Session) -> Session:
    """Each form of the program, without a workspace."""
    return session


@pytest.mark.parametrize(
    "words",
    [
        ("frobnicate",), ("--frobnicate",), ("-x",), ("create",), ("create", "a", "b"), ("use",), ("use", ""),
        ("list", "x"), ("logs", "-n"), ("logs", "-n", "-1"), ("logs", "-n", "many"), ("logs", "-n", "1_0"),
        ("list", "--long=yes"), ("list", "--color"), ("completion",), ("completion", "show", "tcsh"), ("-e",),
        ("list", "--dry-run"), ("status", "--dry-run"), ("explain", ""), ("help", "a", "b"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_words_that_make_no_sense_are_a_usage_error(source: Session, words: tuple[str, ...]) -> None:
    source.workspace = source.workspace / "none"
    code = 3 if words == ("use", "") else 2
    told(source.run(*words), code, "\nhint: ")
    assert source.error(*words)["exit_code"] == code


def test_words_in_no_encoding_are_survived(source: Session) -> None:
    for words in ([b"\xff\xfe"], [b"use", b"\xff"], [b"create", b"\xff"], [b"list", b"-e", b"\xff", b"--json"]):
        done = subprocess.run([*source.program.command, *words], capture_output=True, env=source.environment())
        assert done.returncode in (0, 2, 3), done
        assert b"Traceback" not in done.stderr
        assert b"unexpected" not in done.stdout + done.stderr


# The workspace


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_without_a_workspace_every_command_says_so(source: Session, words: tuple[str, ...]) -> None:
    source.workspace = source.workspace.parent / "none"
    told(source.run(*words), 3, f"there is no workspace at `{source.workspace}`", "hint: create one with")
    if words != ("run",):
        assert source.error(*words)["code"] == "workspace-not-found"
    assert not source.workspace.exists()


DAMAGE = (b"", b"{", b"[]", b"null", b'{"active_environment": 5}', b"\xff\xfe",
          b'{"active_environment": "work", "global_model_directory": "x"}',
          b"[" * 100_000, b'{"a": 1} x', b"\0" * 64)  # fmt: skip


@pytest.mark.parametrize("content", DAMAGE, ids=range(len(DAMAGE)))
def test_a_damaged_configuration_is_refused_by_every_command_and_kept(small: Session, content: bytes) -> None:
    file = small.workspace / ".metadata" / "workspace.json"
    file.write_bytes(content)
    before = tree(small.environments)
    answering = NEED_NO_CONFIGURATION + (NEED_THE_ACTIVE_ENVIRONMENT if b"global" in content else ())
    for words in EVERY:
        if words not in answering:
            told(small.run(*words), 8, str(file), "\nhint: repair the file")
    assert small.error("config")["code"] == "workspace-damaged"
    assert (file.read_bytes(), tree(small.environments)) == (content, before)


# These answer all the same: what they tell is not in the configuration.
NEED_NO_CONFIGURATION = (("logs", "-e", "work"), ("logs", "--workspace"))
# These ask the configuration for the active environment alone; other damage does not concern them.
NEED_THE_ACTIVE_ENVIRONMENT = (
    ("list",), ("list", "--long"), ("logs",), ("manifest",), ("manifest", "--section", "project"), ("run",),
)  # fmt: skip


@pytest.mark.parametrize("how", ["directory", "missing", "dangling", "loop"])
def test_a_configuration_that_cannot_be_read_is_refused(small: Session, how: str) -> None:
    file = small.workspace / ".metadata" / "workspace.json"
    file.unlink()
    if how == "directory":
        file.mkdir()
    elif how == "dangling":
        file.symlink_to("nowhere")
    elif how == "loop":
        file.symlink_to(file)
    for words in (("list",), ("status",), ("config",), ("use", "work"), ("config", "--registry-cache", "on")):
        told(small.run(*words), 8, str(file))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to the superuser")
def test_a_configuration_without_permission_is_refused(small: Session) -> None:
    file = small.workspace / ".metadata" / "workspace.json"
    file.chmod(0)
    told(small.run("list"), 8, str(file), "Permission denied")


@pytest.mark.parametrize(
    "words", [("list",), ("create", "new"), ("use", "work"), ("status",), ("delete", "x", "--yes")]
)
def test_a_file_instead_of_the_environments_is_told(small: Session, words: tuple[str, ...]) -> None:
    shutil.rmtree(small.environments)
    small.environments.write_text("in the way")
    ran = small.run(*words)
    assert "unexpected" not in ran.err
    assert "Traceback" not in ran.err
    assert small.environments.read_text() == "in the way"


def test_a_workspace_that_is_a_file_is_none(source: Session) -> None:
    place = source.workspace.parent / "file"
    place.write_text("mine")
    source.workspace = place
    told(source.run("list"), 3)
    told(source.run("init"), 4, "\nhint: ")
    assert place.read_text() == "mine"


def test_init_keeps_what_is_there(source: Session) -> None:
    (source.workspace / "mine").write_text("mine")
    before = tree(source.workspace)
    told(source.run("init"), 4, "there is a workspace at", "\nhint: ")
    other = source.workspace.parent / "other"
    other.mkdir()
    (other / "mine").write_text("mine")
    told(source.run("init", str(other)), 4, "is not empty", "\nhint: ")
    told(source.run("init", str(other / "w"), "--models-dir", str(other / "none")), 2, "\nhint: ")
    assert (tree(source.workspace), tree(other)) == (before, {"mine": b"mine"})


def test_a_models_directory_that_is_gone_is_told(source: Session) -> None:
    (source.workspace / "models").rmdir()
    told(source.run("create", "new"), 3, str(source.workspace / "models"), "workspace.json")
    assert names(source) == []


# Names


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "a/b", "/a", "../a", "a\\b", ".hidden", "-a-", "a-", "a..b", "a b", "ä", "a\nb", "models",
     "LOGS", "workspace", "input", "output", ".comfydock", "x" * 129, "a:b", "a*", "~", "$(x)", "con."],
)  # fmt: skip
def test_names_that_cannot_be_are_refused_and_make_nothing(source: Session, name: str) -> None:
    before = tree(source.workspace)
    told(source.run("create", "--", name), 2, "\nhint: ")
    assert {key for key in tree(source.workspace) if key not in before} <= {"logs/workspace", "logs/workspace/full.log"}


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../work", "/", "wörk", "x" * 300, "a\nb", "Work"])
@pytest.mark.parametrize("words", [("use",), ("delete", "--yes"), ("status", "-e"), ("manifest", "-e"), ("run", "-e")])
def test_names_of_nothing_find_nothing(small: Session, words: tuple[str, ...], name: str) -> None:
    before = tree(small.environments)
    ran = small.run(*words, name) if words[-1] == "-e" else small.run(*words, "--", name)
    told(ran, 3, "\nhint: ")
    assert tree(small.environments) == before


# Environments


def test_an_environment_without_its_marker_is_not_listed_and_says_so(small: Session) -> None:
    (small.environments / "work" / ".cec" / ".complete").unlink()
    assert small.data("list")["environments"] == []
    assert small.data("status")["complete"] is False
    assert "! the environment is incomplete" in small.ok("status").out


@pytest.mark.parametrize("words", [("use",), ("status", "-e"), ("run", "-e"), ("delete", "--yes"), ("manifest", "-e")])
def test_a_directory_without_a_definition_is_no_environment_and_stays(small: Session, words: tuple[str, ...]) -> None:
    (small.environments / "mine").mkdir()
    (small.environments / "mine" / "file").write_text("mine")
    told(small.run(*words, "mine"), 8, f"`{small.environments}/mine` is not an environment", "\nhint: ")
    told(small.run("create", "mine"), 4, "\nhint: ")
    assert (small.environments / "mine" / "file").read_text() == "mine"


BROKEN = (b"[", b"a = ", b"\xff", b"tool = 3", b"[tool]\ncomfydock = 3", b"[[", b"a = [" * 5000)


@pytest.mark.parametrize("content", BROKEN, ids=range(len(BROKEN)))
def test_a_damaged_manifest_is_refused_and_kept(small: Session, content: bytes) -> None:
    file = small.environments / "work" / ".cec" / "pyproject.toml"
    file.write_bytes(content)
    told(small.run("status"), 8, str(file), "\nhint: repair the file")
    assert small.error("status")["code"] == "manifest-damaged"
    if not content.startswith((b"tool", b"[tool")):
        told(small.run("manifest", "--section", "project"), 8, str(file))
    small.ok("list")
    small.ok("use", "work")
    long = small.run("list", "--long")
    assert (long.code, "! " in long.out) == (8, True)
    assert envelope_of(small.run("list", "--long", "--json"))["status"] == "failed"
    assert file.read_bytes() == content


@pytest.mark.parametrize("how", ["directory", "missing"])
def test_a_manifest_that_cannot_be_read_is_refused(small: Session, how: str) -> None:
    file = small.environments / "work" / ".cec" / "pyproject.toml"
    file.unlink()
    if how == "directory":
        file.mkdir()
    for words in (("status",), ("manifest",), ("manifest", "--section", "project")):
        told(small.run(*words), 8, str(file), "\nhint: ")


@pytest.mark.parametrize("section", ["", ".", "a b", "tool.", "tool..x", '"', "[tool]", "tool\n", "a = 1", "tool.nope"])
def test_sections_that_are_none_are_told(small: Session, section: str) -> None:
    told(small.run("manifest", "--section", section), 3 if section == "tool.nope" else 2, "\nhint: ")


# Tools


def programs_without(*missing: str) -> Callable[[Path], str]:
    """A PATH with links to everything but these."""

    def make(place: Path) -> str:
        place.mkdir()
        for directory in os.environ["PATH"].split(os.pathsep):
            for found in Path(directory).glob("*") if Path(directory).is_dir() else ():
                if not found.name.startswith(missing) and not (place / found.name).exists():
                    (place / found.name).symlink_to(found)
        return str(place)

    return make


def test_without_git_creating_says_so(program_session: Session, tmp_path: Path) -> None:
    program_session.ok("init")
    path = programs_without("git")(tmp_path / "bin")
    told(program_session.run("create", "new", PATH=path), 6, "`git`", "\nhint: install git")
    assert program_session.error("create", "new", PATH=path)["code"] == "tool-missing"
    assert names(program_session) == []


def test_without_git_the_status_still_tells_the_rest(made_environment: Session, tmp_path: Path) -> None:
    path = programs_without("git")(tmp_path / "bin")
    state = made_environment.data("status", PATH=path)
    assert (state["definition"]["clean"], state["comfyui"]["dirty"]) == (None, None)
    assert "git" in state["definition"]["unknown"]
    assert (state["packages"]["state"], state["comfyui"]["version"]) == ("in-sync", NEWEST)
    text = made_environment.ok("status", PATH=path).out
    assert "? `git` was not found" in text


@pytest.mark.parametrize("named", ["/nowhere/uv", "/", "no-such-program"])
def test_a_uv_that_is_none_is_told(program_session: Session, named: str) -> None:
    program_session.ok("init")
    told(program_session.run("create", "new", COMFYDOCK_UV=named), 6, f"`{named}`", "hint: correct COMFYDOCK_UV")
    assert names(program_session) == []


def test_a_uv_that_fails_is_shown_with_its_own_words(source: Session, tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text("#!/bin/sh\necho 'my own words' >&2\nexit 7\n")
    uv.chmod(0o755)
    told(source.run("create", "new", COMFYDOCK_UV=str(uv)), 6, "exit code 7", "my own words")
    assert names(source) == []


# Repositories


def test_a_server_that_cannot_be_reached_is_told(program_session: Session) -> None:
    program_session.ok("init")
    address = "http://127.0.0.1:1/ComfyUI.git"
    words = ("create", "new", "--comfyui-repository", address)
    told(program_session.run(*words), 5, address, "\nhint: check the network")
    assert program_session.error(*words)["code"] == "network-unavailable"
    assert names(program_session) == []


def test_offline_asks_nobody(source: Session) -> None:
    address = "http://127.0.0.1:1/ComfyUI.git"
    error = source.error("create", "new", "--offline", "--comfyui-repository", address)
    assert (error["code"], error["exit_code"]) == ("offline", 5)
    assert "--offline" in error["hint"]


def test_offline_works_with_what_is_on_this_machine(source: Session) -> None:
    source.ok("create", "first", "--torch-backend", "none")
    assert source.data("create", "second", "--torch-backend", "none", "--offline")["comfyui"] == NEWEST


@pytest.mark.parametrize(("ref", "near"), [("v0.10.1", "`v0.10.0`"), ("experimnt", "`experiment`"), ("mian", "`main`")])
def test_a_ref_that_does_not_exist_is_answered_with_near_ones(source: Session, ref: str, near: str) -> None:
    ran = told(source.run("create", "new", "--comfyui", ref), 3, f"`{ref}`", "\nhint: did you mean ")
    assert near in ran.err.split("hint: ")[1]
    assert source.error("create", "new", "--comfyui", ref)["code"] == "ref-not-found"
    assert names(source) == []


@pytest.mark.parametrize("ref", ["f" * 40, "abcdef1", "", "-x", "a b", "refs/heads/main", "HEAD~1", "--upload-pack=x"])
def test_refs_of_nothing_are_not_found(source: Session, ref: str) -> None:
    told(source.run("create", "new", f"--comfyui={ref}"), 3, "\nhint: ")
    assert names(source) == []


@pytest.mark.parametrize("kind", ["missing", "directory", "file", "relative", "url"])
def test_what_is_no_repository_is_told(source: Session, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "other"
    if kind == "directory":
        place.mkdir()
    elif kind == "file":
        place.write_text("no repository")
    named = {"relative": "./no/where", "url": place.as_uri()}.get(kind, str(place))
    error = source.error("create", "new", "--comfyui-repository", named)
    assert (error["code"], error["exit_code"]) == ("repository-not-found", 3)
    assert error["hint"]
    assert names(source) == []


def repository(place: Path, **files: str | None) -> str:
    """A miniature whose branch `main` has files changed or removed."""
    build_repository(place)
    for name, content in files.items():
        path = place / name.replace("_", ".")
        path.unlink() if content is None else path.write_text(content)
    commit(place, "Changed")
    return str(place)


@pytest.mark.parametrize(
    ("files", "code", "exit_code", "words"),
    [
        ({"main_py": None}, "not-comfyui", 8, "`main.py`"),
        ({"requirements_txt": None}, "not-comfyui", 8, "`requirements.txt`"),
        ({"requirements_txt": "mini-math>99\n"}, "requirements-conflict", 4, "mini-math"),
        ({"requirements_txt": "mini-math==2.0\nmini-base==9\n"}, "requirements-conflict", 4, "mini-base"),
        ({"requirements_txt": "no-such-package-at-all\n"}, "requirements-conflict", 4, "no-such-package-at-all"),
        ({"requirements_txt": "mini-math\n\n!!! what\n"}, "requirement-invalid", 8, "line 3"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_repository_that_cannot_be_used_is_told_and_leaves_nothing(
    source: Session, tmp_path: Path, files: dict[str, str | None], code: str, exit_code: int, words: str
) -> None:
    place = repository(tmp_path / "other", **files)
    error = source.error("create", "new", "--comfyui-repository", place, "--comfyui", "main")
    assert (error["code"], error["exit_code"]) == (code, exit_code)
    assert words in error["message"]
    assert error["hint"]
    assert names(source) == []


@pytest.mark.parametrize(
    ("option", "value", "exit_code"),
    [("--python", "3", 2), ("--python", "four", 2), ("--python", "3.99", 3), ("--python", "", 2),
     ("--torch-backend", "cuda", 2), ("--torch-backend", "", 2)],
)  # fmt: skip
def test_options_that_cannot_be_are_told_and_leave_nothing(
    source: Session, option: str, value: str, exit_code: int
) -> None:
    told(source.run("create", "new", f"{option}={value}"), exit_code, "\nhint: ")
    assert names(source) == []


# The disk


@pytest.fixture
def disk(source: Session, tmp_path: Path) -> Iterator[Callable[[str], Session]]:
    """The session on a small file system in memory; skips where mounting is not allowed."""
    place = tmp_path / "disk"

    def mount(options: str) -> Session:
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
        if subprocess.run(command, capture_output=True).returncode != 0:
            place.rmdir()
            pytest.skip("mounting a file system is not allowed here")
        source.workspace = place / "workspace"
        source.ok("init")
        return source

    yield mount
    if place.exists():
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("kilobytes", [64, 150, 300, 500])
def test_a_full_disk_is_told_and_leaves_nothing(disk: Callable[[str], Session], kilobytes: int) -> None:
    session = disk(f"size={kilobytes}k")
    told(session.run("create", "new"), 6, "o space left on device", "\nhint: free some space")
    assert names(session) == []
    assert session.data("list")["environments"] == []


def test_a_full_disk_keeps_the_configuration(disk: Callable[[str], Session]) -> None:
    session = disk("size=200k")
    make_workspace(session.workspace.parent / "spare", "work")
    shutil.copytree(session.workspace.parent / "spare" / "environments", session.environments, dirs_exist_ok=True)
    (session.workspace.parent / "fill").write_bytes(b"")
    before = (session.workspace / ".metadata" / "workspace.json").read_bytes()
    with (session.workspace.parent / "fill").open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
        while True:
            file.write(b"x" * 4096)
    for words in (("use", "work"), ("config", "--registry-cache", "off")):
        told(session.run(*words), 6, "o space left on device")
    assert (session.workspace / ".metadata" / "workspace.json").read_bytes() == before
    assert sorted(os.listdir(session.workspace / ".metadata")) == ["place", "workspace.json"]


def test_a_limit_on_file_sizes_is_told_and_leaves_nothing(source: Session) -> None:
    script = "import os, resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);" \
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048)); os.execv(sys.argv[1], sys.argv[1:])"  # fmt: skip
    command = [sys.executable, "-c", script, *source.program.command, "create", "new"]
    done = subprocess.run(command, capture_output=True, text=True, env=source.environment())
    told(Ran(done.returncode, done.stdout, done.stderr), 6, "ile too large", "\nhint: ")
    assert names(source) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 2048


def test_a_read_only_workspace_is_read_and_nothing_else(disk: Callable[[str], Session], tmp_path: Path) -> None:
    session = disk("size=20m")
    session.ok("create", "work", "--torch-backend", "none", "--use")
    subprocess.run(["mount", "-o", "remount,ro", str(tmp_path / "disk")], check=True)
    for words in (("list",), ("list", "--long"), ("status",), ("manifest",), ("config",), ("logs", "--workspace")):
        assert session.ok(*words).err == "", words
    assert session.data("status")["in_sync"] is True
    assert session.run("run", "--", "--quick-test-for-ci").code == 0
    for words in CHANGING:
        told(session.run(*words), 4 if words[:2] == ("create", "work") else 6, "ead-only file system", "\nhint: ")
    assert session.data("list")["active"] == "work"


# Streams


def shell(session: Session, line: str) -> Ran:
    """Run a line of shell in which `comfydock` is the program."""
    program = " ".join(f"'{word}'" if "'" not in word else f'"{word}"' for word in session.program.command)
    script = f'comfydock() {{ {program} "$@"; }}\n{line}'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=session.environment())
    return Ran(done.returncode, done.stdout, done.stderr)


def test_closed_standard_streams_are_survived(workspace: Session) -> None:
    assert shell(workspace, "comfydock config <&-").code == 0
    assert shell(workspace, "comfydock config 2>&-").out.startswith("workspace ")
    assert shell(workspace, "comfydock config > /dev/null").code == 0
    assert shell(workspace, "comfydock frobnicate 2>&-").code == 2
    assert shell(workspace, "comfydock frobnicate <&- >&- 2>&-").code == 2


@pytest.mark.parametrize("words", ["config", "list --json", "--version", "--help", "create --help", "explain"])
def test_an_answer_that_nobody_can_get_is_an_error(program_session: Session, words: str) -> None:
    program_session.ok("init")
    ran = shell(program_session, f"comfydock {words} >&-")
    assert (ran.code, ran.err.startswith("error: standard output is closed\n")) == (6, True), ran


def test_create_works_with_closed_standard_streams(source: Session) -> None:
    assert shell(source, "comfydock create one --torch-backend none <&- 2>&-").code == 0
    # What was made stays, though nobody could be reported.
    assert shell(source, "comfydock create two --torch-backend none <&- >&- 2>&-").code == 6
    assert names(source) == ["one", "two"]
    assert source.data("status", "-e", "two")["in_sync"] is True


def test_a_reader_that_went_away_is_141(workspace: Session) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*workspace.program.command, "config"], stdout=writing, stderr=subprocess.PIPE,
                          env=workspace.environment())  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_listener_of_progress_that_went_away_does_not_leave_anything_half_done(source: Session) -> None:
    shell(source, "comfydock create new --torch-backend none 2> >(exec 0<&-)")
    assert names(source) in ([], ["new"])
    if names(source):
        assert source.data("status", "-e", "new")["in_sync"] is True


# Signals

PHASES = (
    "Looking up ComfyUI",
    "Cloning ComfyUI",
    "Preparing Python",
    "Resolving Python packages",
    "Installing Python packages",
    "Linking the models directory",
    "Starting the history",
)
SIGNALS = ((signal.SIGINT, 130, "error: interrupted\n"), (signal.SIGTERM, 143, "error: stopped by signal 15\n"))


@pytest.fixture
def slow_git(tmp_path: Path) -> dict[str, str]:
    """A git that does not end before it is told to, from its first commit on: the last phases last that long."""
    real = shutil.which("git")
    place = tmp_path / "slow"
    place.mkdir()
    script = place / "git"
    script.write_text(f'#!/bin/sh\ncase "$* " in *" commit "*) exec tail -f /dev/null;; esac\nexec {real} "$@"\n')
    script.chmod(0o755)
    return {"PATH": f"{place}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize(("number", "code", "words"), SIGNALS, ids=["ctrl-c", "terminated"])
def test_a_signal_in_any_phase_of_create_leaves_nothing(
    source: Session, slow_git: dict[str, str], phase: str, number: signal.Signals, code: int, words: str
) -> None:
    process = source.start("create", "new", **slow_git)
    wait_for_line(process, phase, errors=True)
    ran = stop(process, number)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.endswith(words)
    assert names(source) == []
    log = source.ok("logs", "--workspace").out
    assert "begin: comfydock create name=new" in log
    assert f"failed: {'KeyboardInterrupt' if number == signal.SIGINT else 'Terminated'}" in log
    source.ok("create", "new", "--torch-backend", "none")


def test_an_interrupted_create_has_its_envelope(source: Session, slow_git: dict[str, str]) -> None:
    process = source.start("create", "new", "--json", **slow_git)
    wait_for_line(process, "Starting the history", errors=True)
    envelope = envelope_of(stop(process, signal.SIGINT))
    assert (envelope["exit_code"], envelope["errors"][0]["code"]) == (130, "interrupted")


@pytest.mark.parametrize(("number", "code", "words"), SIGNALS, ids=["ctrl-c", "terminated"])
def test_each_form_of_the_program_cleans_up_after_a_signal(
    workspace: Session, slow_git: dict[str, str], number: signal.Signals, code: int, words: str
) -> None:
    process = workspace.start("create", "new", **slow_git)
    wait_for_line(process, "Starting the history", errors=True)
    ran = stop(process, number)
    assert (ran.code, ran.err.endswith(words)) == (code, True), ran
    assert names(workspace) == []


def test_what_kill_9_leaves_is_nobodys_and_goes_with_the_next_create(source: Session, slow_git: dict[str, str]) -> None:
    process = source.start("create", "new", **slow_git)
    wait_for_line(process, "Starting the history", errors=True)
    children = [int(path.name) for path in Path("/proc").glob("[0-9]*") if parent_of(path) == process.pid]
    stop(process, signal.SIGKILL)
    assert sorted(path.name for path in source.environments.iterdir()) == [".ops"]
    assert source.data("list")["environments"] == []
    (left,) = source.data("operation", "list")["operations"]
    assert (left["state"], left["words"]) == ("staging", ["create", "new"])
    for child in children:
        os.kill(child, signal.SIGKILL)
    said = source.ok("create", "new", "--torch-backend", "none").err
    assert "operation 1 (`create new`) was stopped before it changed anything" in said
    assert names(source) == ["new"]


def parent_of(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


# Plans

SETTINGS = "../.metadata/workspace.json"


@pytest.mark.parametrize(
    "words",
    [("use", "work"), ("delete", "work"), ("config", "--registry-cache", "off"), ("config", "--civitai-key", "k" * 16),
     ("create", "new"), ("create", "new", "--use", "--comfyui", "experiment"), ("completion", "install", "bash"),
     ("completion", "uninstall", "bash")],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_a_dry_run_changes_not_a_byte(small: Session, words: tuple[str, ...], more: tuple[str, ...]) -> None:
    before = tree(small.workspace.parent, whole=True)
    ran = small.ok(*words, "--dry-run", *more)
    assert tree(small.workspace.parent, whole=True) == before
    if more:
        assert [list(step)[:2] for step in envelope_of(ran)["data"]["plan"]] or words[1] == "uninstall"
    else:
        lines = ran.out.splitlines()
        end = lines.index("then, all at once:") if words[0] in ("use", "delete", "create") else len(lines)
        assert all(line.startswith("would ") for line in lines[:end])
        assert len(lines) == end or re.fullmatch(r"to fetch: .+; disk needed: .+, free: .+", lines[-1])


def test_a_dry_run_of_init_makes_nothing(source: Session) -> None:
    place = source.workspace.parent / "another"
    plan = source.data("init", str(place), "--dry-run")
    assert not place.exists()
    source.ok("init", str(place))
    made = {str(path) for path in (place, *place.rglob("*"))}
    assert {step["target"] for step in plan["plan"]} <= made


def test_the_plan_of_create_is_what_create_does(source: Session, miniature: Miniature) -> None:
    words = ("create", "new", "--comfyui", "experiment", "--torch-backend", "cpu", "--use")
    plan = source.data(*words, "--dry-run")
    made = source.data(*words)
    assert plan["name"] == made["name"] == "new"
    assert plan["commit"] == made["commit"] == miniature.commits["experiment"]
    steps = {step["action"]: step for step in plan["plan"]}
    assert list(steps) == ["clone", "write", "lock", "install", "copy", "link", "commit"]
    assert [(step["sign"], step["path"]) for step in plan["steps"]] == [("+", "new"), ("~", SETTINGS)]
    assert steps["clone"]["target"] == str(miniature.repository)
    assert f"at {made['commit'][:10]}" in steps["clone"]["detail"]
    assert steps["install"]["detail"] == f"Python {made['python']}"
    assert steps["lock"]["detail"] == "PyTorch for the CPU"
    assert made["torch_backend"] == "cpu"
    for action in ("write", "lock", "install", "commit"):
        assert Path(steps[action]["target"]).exists(), action
    link = Path(steps["link"]["target"])
    assert str(link.readlink()) == steps["link"]["detail"]
    assert git(Path(steps["commit"]["target"]), "rev-list", "--count", "HEAD") == "1\n"
    assert (f"{plan['scope']}/{plan['steps'][0]['path']}", made["active"]) == (made["path"], True)
    (done,) = source.data("operation", "list")["operations"]
    assert (done["fingerprint"], done["steps"]) == (plan["fingerprint"], plan["steps"])


def test_the_plan_of_delete_is_what_delete_does(source: Session) -> None:
    source.ok("create", "new", "--torch-backend", "none", "--use")
    plan, done = source.data("delete", "new", "--dry-run"), source.data("delete", "new", "--yes")
    assert (plan["files"], plan["bytes"]) == (done["files"], done["bytes"])
    assert [step["action"] for step in plan["plan"]] == ["delete", "unuse"]
    assert source.data("list")["active"] is None


def test_the_environment_of_the_tests_is_plain() -> None:
    """What a colleague's shell holds does not reach the program."""
    assert not [name for name in plain_environment() if name.startswith(("COMFYDOCK", "UV_", "NO_COLOR", "CI"))]


def test_passwords_in_addresses_are_in_no_record_and_no_message(source: Session, miniature: Miniature) -> None:
    address = f"http://me:hush-hush@127.0.0.1:9{miniature.repository}"
    for words in (
        ("create", "new", "--comfyui-repository", address),
        ("create", "new", f"--comfyui-repository={address}"),
    ):
        process = source.start(*words, COMFYDOCK_FAULT="kill:9")
        out, err = process.communicate()
        assert "hush-hush" not in out + err
    for path in source.workspace.rglob("*"):
        assert not path.is_file() or b"hush-hush" not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("words", "home"), [(("list",), "relative"), (("init", "here"), "relative"), (("py", "add", "six"), None)]
)
def test_a_current_directory_that_is_gone_is_told(
    source: Session, tmp_path: Path, words: tuple[str, ...], home: str | None
) -> None:
    place = tmp_path / "gone"
    place.mkdir()
    variables = source.environment(**({"COMFYDOCK_HOME": home} if home else {}))
    command = ["sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', str(place), *source.program.command, *words]
    done = subprocess.run(command, capture_output=True, env=variables, text=True)
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr.startswith("error: the current directory does not exist any more\n")
    assert "hint: change to a directory that exists" in done.stderr
