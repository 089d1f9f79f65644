"""A whole story, and the passages of it that deserve a closer look, told to every form of the program."""

import json
import shutil
import signal
import urllib.request
from pathlib import Path

import pytest

from build.programs import Program
from tests.e2e.conftest import ODD
from tests.support.miniature import BRANCH, NEWEST, Miniature, git
from tests.support.sessions import Session, names_in, new_session, stop, wait_for_line

# A ComfyUI that tells what it was given.
ECHO = """\
import json, os, sys
ours = [name for name in os.environ if name.startswith(("_PYI", "_MEI", "NUITKA", "LD_LIBRARY_PATH", "PYTHON"))]
print(json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd(), "stdin": sys.stdin.read(), "ours": ours,
                  "prefix": sys.prefix, "tty": os.environ.get("GREETING")}))
sys.stderr.write("to the errors\\n")
"""


@pytest.fixture(scope="module")
def made(program: Program, tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Session:
    """One environment for the tests of this module that change nothing."""
    session = new_session(program, tmp_path_factory.mktemp("made") / ODD, miniature)
    session.ok("init")
    session.ok("create", "work", "--use")
    return session


def comfyui(session: Session, name: str = "work") -> Path:
    return session.environments / name / "ComfyUI"


def test_a_whole_story(session: Session, miniature: Miniature) -> None:
    workspace = str(session.workspace)
    assert session.data("init")["path"] == workspace
    assert session.data("list") == {"active": None, "environments": []}

    created = session.data("create", "work")
    assert (created["name"], created["comfyui"], created["active"]) == ("work", NEWEST, False)
    assert (created["commit"], created["path"]) == (miniature.commits[NEWEST], f"{workspace}/environments/work")
    assert session.data("list") == {"active": None, "environments": [{"name": "work"}]}
    assert session.data("use", "work") == {"active": "work"}

    state = session.data("status")
    assert (state["in_sync"], state["complete"], state["definition"]["clean"]) == (True, True, True)
    assert (state["comfyui"]["commit"], state["comfyui"]["dirty"]) == (miniature.commits[NEWEST], False)
    assert (state["packages"]["state"], state["models_link"]["state"]) == ("in-sync", "linked")

    assert session.run("run", "--", "--cpu", "--quick-test-for-ci").code == 0
    assert session.run("run", "--exit-code", "3").code == 3

    other = session.data("create", "other", "--comfyui", BRANCH, "--torch-backend", "none", "--use")
    assert (other["commit"], other["torch_backend"], other["active"]) == (miniature.commits[BRANCH], "none", True)
    assert session.data("status")["comfyui"]["branch"] == BRANCH
    assert session.data("status", "-e", "work")["in_sync"] is True

    deleted = session.data("delete", "other", "--yes")
    assert (deleted["deleted"], deleted["name"]) == (True, "other")
    assert session.data("list") == {"active": None, "environments": [{"name": "work"}]}
    assert names_in(session.environments) == ["work"]


def test_the_story_in_words(session: Session) -> None:
    workspace = session.workspace
    assert session.ok("init").out == f"created the workspace {workspace}; models in {workspace}/models\n"
    created = session.ok("create", "work", "--use")
    assert created.out.startswith(f"created work: ComfyUI {NEWEST} in ")
    assert created.out.count("\n") == 1
    assert session.ok("list").out == "* work\n"
    assert session.ok("list", "--long").out.splitlines()[1].split() == [
        "*", "work", NEWEST, "3.11", "0", "in", "sync",
    ]  # fmt: skip
    status = session.ok("status").out.splitlines()
    assert status[0] == "environment work (Python 3.11, PyTorch cpu)"
    assert [line.split()[0] for line in status[1:]] == ["ComfyUI", "history", "packages", "node", "models"]
    assert "clean" in status[2]
    assert "as locked" in status[3]
    deleted = session.ok("delete", "work", "--yes")
    assert deleted.out.startswith("deleted work: ")
    assert session.ok("list").out == ""


@pytest.mark.parametrize("ref", ["v0.1.0", "0.1.0", BRANCH, "main", "commit", "short"])
def test_an_environment_comes_from_any_release_branch_or_commit(
    workspace: Session, miniature: Miniature, ref: str
) -> None:
    commit = miniature.commits["v0.2.0" if ref in ("commit", "short") else "v0.1.0" if ref == "0.1.0" else ref]
    word = {"commit": commit, "short": commit[:8]}.get(ref, ref)
    assert workspace.data("create", "new", "--comfyui", word, "--torch-backend", "none")["commit"] == commit
    assert git(comfyui(workspace, "new"), "rev-parse", "HEAD").strip() == commit
    assert workspace.data("status", "-e", "new")["in_sync"] is True
    shown = workspace.ok("status", "-e", "new").out.splitlines()[1].split()
    version = {"0.1.0": ["v0.1.0", "at"], "commit": [], "short": []}.get(ref, [ref, "at"])
    assert shown == ["ComfyUI", *version, commit[:10]]


def test_models_are_shared_by_a_link(made: Session) -> None:
    assert comfyui(made).joinpath("models").resolve() == made.workspace / "models"


def test_json_leaves_progress_on_standard_error(workspace: Session) -> None:
    ran = workspace.run("create", "new", "--torch-backend", "none", "--json")
    assert json.loads(ran.out)["data"]["name"] == "new"
    assert "Resolving Python packages\n" in ran.err
    assert "\x1b" not in ran.out + ran.err


def test_quiet_says_nothing_but_the_result(workspace: Session) -> None:
    ran = workspace.ok("create", "new", "--torch-backend", "none", "-q")
    assert (ran.out.startswith("created new: "), ran.err) == (True, "")


# Running


def test_comfyui_is_started_with_its_packages(made: Session) -> None:
    ran = made.run("run", "--", "--cpu", "--quick-test-for-ci")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "ComfyUI version: 0.10.0\npytorch version: 2.9.1+cpu, mini-imaging 1.1\n"


def test_python_settings_of_the_shell_do_not_reach_comfyui(made: Session, tmp_path: Path) -> None:
    (tmp_path / "mini_imaging.py").write_text("__version__ = 'of the shell'\n")
    ran = made.run("run", "--", "--cpu", "--quick-test-for-ci", PYTHONPATH=str(tmp_path), PYTHONHOME=None)
    assert "mini-imaging 1.1\n" in ran.out
    assert ran.err == "warning: ComfyUI runs without PYTHONPATH of this shell: it has packages of its own\n"


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_the_exit_code_is_that_of_comfyui(made: Session, code: int) -> None:
    assert made.run("run", "--exit-code", str(code)).code == code


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_comfyui_in_its_own_way(made: Session, number: signal.Signals, code: int) -> None:
    process = made.start("run", "--port", "0")
    wait_for_line(process, "To see the GUI go to")
    ran = stop(process, number)
    assert (ran.code, "Stopped server" in ran.out) == (code, number == signal.SIGINT)


def test_comfyui_serves_in_a_process_of_its_own(made: Session) -> None:
    process = made.start("run", "--port", "0")
    address = wait_for_line(process, "To see the GUI go to").split()[-1]
    try:
        with urllib.request.urlopen(f"{address}/system_stats") as answer:
            system = json.load(answer)["system"]
        with urllib.request.urlopen(f"{address}/models") as answer:
            models = json.load(answer)["path"]
    finally:
        stop(process, signal.SIGTERM)
    assert system["pid"] != process.pid
    assert system["argv"] == ["main.py", "--cpu", "--port", "0"]
    assert models == str(made.workspace / "models")


def told(made: Session, *words: str, input: str = "", **changes: str) -> dict[str, object]:
    """What a ComfyUI that echoes tells of a run."""
    main = comfyui(made) / "main.py"
    before = main.read_bytes()
    main.write_text(ECHO)
    try:
        ran = made.run(*words, input=input, **changes)
    finally:
        main.write_bytes(before)
    assert (ran.code, ran.err) == (0, "to the errors\n"), ran
    answer: dict[str, object] = json.loads(ran.out)
    return answer


@pytest.mark.parametrize(
    ("words", "argv"),
    [
        (("run",), []),
        (("run", "--"), []),
        (("run", "a b", "", "ü ☃", "*", "$HOME"), ["a b", "", "ü ☃", "*", "$HOME"]),
        (("run", "--", "--json", "--help", "-e", "x"), ["--json", "--help", "-e", "x"]),
        (("run", "--listen", "--", "--dry-run"), ["--listen", "--dry-run"]),
        (("run", "--port", "8190", "--", "--cpu", "--", "x"), ["--port", "8190", "--cpu", "--", "x"]),
        (("run", "--", "a", "--", "b"), ["a", "--", "b"]),
        (("-e", "work", "run", "--cpu"), ["--cpu"]),
        (("run", "-e", "work", "--cpu", "-e", "x"), ["--cpu", "-e", "x"]),
        (("run", "--", "--dry-run", "--json"), ["--dry-run", "--json"]),
        (("run", "--cpu", "--json"), ["--cpu", "--json"]),
    ],
)
def test_the_arguments_reach_comfyui_as_they_are(made: Session, words: tuple[str, ...], argv: list[str]) -> None:
    device = [] if "--cpu" in argv else ["--cpu"]  # This machine's PyTorch has nothing else.
    assert told(made, *words)["argv"] == [*device, *argv]


def test_an_option_of_changes_is_refused_by_run_unless_it_is_meant_for_comfyui(made: Session) -> None:
    ran = made.run("run", "--cpu", "--dry-run")
    assert (ran.code, ran.out) == (2, "")
    assert "`comfydock run` changes nothing, so it has no `--dry-run`\n" in ran.err
    assert "hint: after `--` it goes to ComfyUI: `comfydock run -- --dry-run`\n" in ran.err


def test_standard_input_and_the_environment_reach_comfyui(made: Session) -> None:
    answer = told(made, "run", input="zwei\nZeilen ☃\n", GREETING="hello")
    assert (answer["stdin"], answer["tty"], answer["ours"]) == ("zwei\nZeilen ☃\n", "hello", [])
    assert answer["cwd"] == str(comfyui(made))
    assert answer["prefix"] == str(made.environments / "work" / ".venv")


# Damage


def test_an_extra_package_shows_in_the_status(made: Session) -> None:
    (packages,) = (made.environments / "work" / ".venv" / "lib").glob("python*/site-packages")
    extra = packages / "stray-1.2.dist-info"
    extra.mkdir()
    try:
        state = made.data("status")
        text = made.ok("status").out
    finally:
        extra.rmdir()
    assert (state["in_sync"], state["packages"]["extra"]) == (False, ["stray 1.2"])
    assert "not as locked\n    + stray 1.2\n" in text


def test_a_missing_package_shows_in_the_status(made: Session) -> None:
    (info,) = (made.environments / "work" / ".venv" / "lib").glob("python*/site-packages/mini_base-1.5.dist-info")
    aside = info.rename(info.with_name("aside"))
    try:
        state = made.data("status")
    finally:
        aside.rename(info)
    assert (state["in_sync"], state["packages"]["missing"]) == (False, ["mini_base 1.5"])


def test_a_changed_file_of_comfyui_shows_in_the_status(made: Session) -> None:
    nodes = comfyui(made) / "nodes.py"
    before = nodes.read_bytes()
    nodes.write_bytes(before + b"# mine\n")
    try:
        state = made.data("status")
    finally:
        nodes.write_bytes(before)
    assert (state["comfyui"]["dirty"], state["comfyui"]["changed"]) == (True, ["nodes.py"])


def test_another_commit_of_comfyui_shows_in_the_status(made: Session, miniature: Miniature) -> None:
    git(comfyui(made), "-c", "advice.detachedHead=false", "reset", "--quiet", "--soft", miniature.commits["v0.1.0"])
    try:
        state = made.data("status")
        text = made.ok("status").out
    finally:
        git(comfyui(made), "reset", "--quiet", "--soft", miniature.commits[NEWEST])
    assert (state["in_sync"], state["comfyui"]["matches"]) == (False, False)
    assert f"~ the manifest wants {miniature.commits[NEWEST][:10]}" in text


def test_an_uncommitted_change_of_the_definition_shows_in_the_status(made: Session) -> None:
    notes = made.environments / "work" / ".cec" / "notes.txt"
    notes.write_text("mine\n")
    try:
        state, text = made.data("status"), made.ok("status").out
    finally:
        notes.unlink()
    assert (state["definition"]["clean"], state["definition"]["untracked"]) == (False, ["notes.txt"])
    assert "1 uncommitted change\n    + notes.txt\n" in text


def test_node_packs_missing_and_foreign_show_in_the_status(workspace: Session) -> None:
    workspace.ok("create", "new", "--torch-backend", "none", "--use")
    manifest = workspace.environments / "new" / ".cec" / "pyproject.toml"
    wanted = "".join(f'\n[tool.comfydock.nodes.{name}]\nname = "{name}"\n' for name in ("there", "gone"))
    manifest.write_text(manifest.read_text() + wanted)
    packs = comfyui(workspace, "new") / "custom_nodes"
    for name in ("there", "gone", "foreign"):
        (packs / name).mkdir()
    shutil.rmtree(packs / "gone")
    state = workspace.data("status")
    packs_told = {
        "present": ["there"],
        "missing": ["gone"],
        "untracked": ["foreign"],
        "changed": [],
        "changed_files": {},
        "imports": {},
        "unknown": None,
    }
    assert state["packs"] == packs_told
    assert state["in_sync"] is False
    assert "node packs  1 pack, 1 missing, 1 not in the manifest\n" in workspace.ok("status").out


def test_an_environment_without_its_packages_says_so(workspace: Session) -> None:
    workspace.ok("create", "new", "--torch-backend", "none", "--use")
    shutil.rmtree(workspace.environments / "new" / ".venv")
    assert workspace.data("status")["packages"]["state"] == "not-installed"
    ran = workspace.run("run")
    assert (ran.code, ran.err.startswith("error: the environment `new` has no Python")) == (8, True)


# Manifest and logs


def test_the_manifest_is_shown_whole_in_part_and_as_json(made: Session, miniature: Miniature) -> None:
    file = made.environments / "work" / ".cec" / "pyproject.toml"
    assert made.ok("manifest").out == file.read_text("utf-8")
    assert made.data("manifest")["project"]["name"] == "comfydock-env-work"
    section = made.ok("manifest", "--section", "tool.comfydock").out
    assert section.startswith("[tool.comfydock]\n")
    assert f'comfyui_commit_sha = "{miniature.commits[NEWEST]}"\n' in section
    assert made.data("manifest", "--section", "tool.comfydock.python_version") == "3.11"
    assert made.error("manifest", "--section", "tool.comfydok")["code"] == "section-not-found"


def test_the_log_tells_what_was_done(workspace: Session) -> None:
    workspace.ok("create", "new", "--torch-backend", "none")
    workspace.ok("use", "new")
    workspace.run("create", "new")
    assert "begin: comfydock use name=new" in workspace.ok("logs").out
    log = workspace.ok("logs", "--workspace", "--full").out
    assert "begin: comfydock create name=new" in log
    assert "end: exit code 0" in log
    (failure,) = workspace.data("logs", "-e", "new", "--level", "error")["records"]
    assert "EnvironmentExists" in failure


def test_run_has_no_json(made: Session) -> None:
    error = made.error("--json", "run")
    assert (error["code"], error["exit_code"]) == ("usage", 2)


def test_names_of_environments_are_completed(made: Session) -> None:
    assert "work" in made.ok("__complete", "bash", "use", "w").out.split()
