"""PyTorch back ends, as they are told to every form of the program, and what git does with an environment's files."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.support import older_workspace as older
from tests.support.miniature import Miniature, git
from tests.support.sessions import Session, names_in

IDENTITY = ("-c", "user.name=T", "-c", "user.email=t@example.invalid")


def definition(session: Session, name: str = "work") -> Path:
    return session.environments / name / ".cec"


@pytest.fixture
def work(workspace: Session) -> Session:
    workspace.ok("create", "work", "--torch-backend", "cu128", "--use")
    return workspace


def test_the_locked_back_ends_are_listed(work: Session, miniature: Miniature) -> None:
    (backend,) = work.data("backend", "list")["backends"]
    path = definition(work) / "backends" / "cu128" / "pylock.toml"
    assert backend == {
        "backend": "cu128", "chosen": True, "state": "usable", "bytes": path.stat().st_size, "own_release": False,
        "release": {"torch": "2.9.1", "torchvision": "0.24.1", "torchaudio": "2.9.1"},
        "index": f"{miniature.pytorch.as_uri()}/cu128", "packages": 4, "findings": [],
    }  # fmt: skip
    assert re.fullmatch(r"\*  cu128  torch 2\.9\.1  usable  \d\.\d kB\n", work.ok("backend", "list").out)
    assert work.ok("backend", "check").out == "checked 1 back end: all can be used\n"


def test_a_lock_that_cannot_be_used_is_told_and_fails_the_check(work: Session) -> None:
    path = definition(work) / "backends" / "cu128" / "pylock.toml"
    path.write_text(re.sub(r"hashes = \{[^}]*\}", "hashes = {}", path.read_text(), count=1))
    ran = work.run("backend", "check")
    assert ran.code == 8
    assert ran.out.startswith("checked 1 back end: 1 cannot be used\n  cu128: it has no hash for mini_accelerator-12.8")
    assert "no-hash" in work.ok("backend", "list").out
    told = work.run("backend", "check", "--json").envelope()
    assert (told["status"], told["exit_code"]) == ("failed", 8)
    assert [finding["kind"] for finding in told["data"]["findings"]] == ["no-hash"]


def test_the_back_end_of_this_machine_is_shown_and_detected(work: Session, tmp_path: Path) -> None:
    assert work.ok("env-config", "torch-backend", "show").out == "cu128\n"
    assert work.data("env-config", "torch-backend", "show") == {"torch_backend": "cu128", "state": "usable"}
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho '| Driver Version: 570.1  CUDA Version: 12.8 |'\n")
    program.chmod(0o755)
    path = f"{tmp_path}:{work.environment()['PATH']}"
    assert work.data("env-config", "torch-backend", "detect", PATH=path) == {"torch_backend": "cu128"}
    assert work.ok("env-config", "torch-backend", "detect", PATH=path).out == "cu128\n"


def test_the_choice_is_no_part_of_the_history(work: Session) -> None:
    assert (definition(work) / ".pytorch-backend").read_text() == "cu128\n"
    assert git(definition(work), "check-ignore", ".pytorch-backend").strip() == ".pytorch-backend"
    tracked = git(definition(work), "ls-files").split()
    shared = "".join((definition(work) / name).read_text() for name in ("pyproject.toml", "uv.lock"))
    assert "backends/cu128/pylock.toml" in tracked
    assert "cu128" not in shared


@pytest.mark.parametrize("choice", ["cpu\n", None, "none\n"])
def test_another_choice_than_what_is_installed_shows_in_the_status(work: Session, choice: str | None) -> None:
    path = definition(work) / ".pytorch-backend"
    path.unlink() if choice is None else path.write_text(choice)
    state = work.data("status")
    assert (state["in_sync"], state["packages"]["backend_changed"]) == (False, True)
    assert state["torch_backend"] == (choice.strip() if choice else None)
    assert "    ~ they were installed for another PyTorch back end\n" in work.ok("status").out


def test_a_changed_lock_of_pytorch_shows_in_the_status(work: Session) -> None:
    path = definition(work) / "backends" / "cu128" / "pylock.toml"
    path.write_text(path.read_text() + "# mine\n")
    state = work.data("status")
    assert (state["in_sync"], state["packages"]["part_changed"]) == (False, True)
    assert "    ~ the lock of PyTorch changed since they were installed\n" in work.ok("status").out


def test_a_chosen_back_end_without_a_lock_is_told(work: Session) -> None:
    (definition(work) / ".pytorch-backend").write_text("cpu\n")
    states = {each["backend"]: each["state"] for each in work.data("backend", "list")["backends"]}
    assert states == {"cpu": "not-locked", "cu128": "usable"}


def test_without_pytorch_there_is_nothing_to_list(workspace: Session) -> None:
    workspace.ok("create", "bare", "--torch-backend", "none", "--use")
    ran = workspace.ok("backend", "list")
    assert (ran.out, ran.err) == ("", "no PyTorch back end is locked here\n")
    assert workspace.ok("env-config", "torch-backend", "show").out == "none\n"


def test_an_environment_of_1x_has_no_back_ends_to_list(session: Session, miniature: Miniature) -> None:
    older.build_workspace(session.workspace, active="old")
    older.add_environment(session.workspace, miniature, "old")
    assert session.data("backend", "list") == {"backends": []}
    assert session.data("backend", "check") == {"checked": [], "findings": []}
    assert session.data("env-config", "torch-backend", "show") == {"torch_backend": "cpu", "state": None}


def test_without_a_record_uv_tells_what_differs(work: Session) -> None:
    for path in (work.environments / "work" / ".venv" / ".comfydock").iterdir():
        path.unlink()
    packages = work.data("status")["packages"]
    assert (packages["state"], packages["source"]) == ("in-sync", "uv")
    (definition(work) / ".pytorch-backend").write_text("cpu\n")
    assert work.data("status")["packages"]["unknown"] == "PyTorch is not locked for the back end cpu"


@pytest.mark.parametrize(
    ("backend", "address", "code", "exit_code"),
    [("cu999", None, "backend-not-found", 3), ("cpu", "http://127.0.0.1:9/whl", "network-unavailable", 5)],
)
def test_a_back_end_that_cannot_be_had_leaves_nothing(
    workspace: Session, backend: str, address: str | None, code: str, exit_code: int
) -> None:
    own = {"COMFYDOCK_PYTORCH_INDEX_URL": address} if address else {}
    words = ("create", "work", "--torch-backend", backend)
    error = workspace.error(*words, UV_HTTP_RETRIES="0", **own)
    assert (error["code"], error["exit_code"]) == (code, exit_code)
    assert backend in error["message"]
    assert names_in(workspace.environments) == []


# Git with this program


def branch_with_pack(session: Session, name: str, requirement: str) -> None:
    """A branch on which somebody added a pack and locked with uv, as anybody may."""
    place = definition(session)
    git(place, "checkout", "-q", "-b", name, "main")
    manifest = place / "pyproject.toml"
    groups = f'[dependency-groups]\npack-{name} = ["{requirement}"]\n'
    manifest.write_text(manifest.read_text() + f"\n{groups}")
    uv_lock(session)
    git(place, "add", "--all")
    git(place, *IDENTITY, "commit", "-qm", name)


def uv_lock(session: Session, *more: str) -> int:
    environment = {**session.environment(), "UV_CACHE_DIR": str(session.workspace / "uv_cache")}
    return subprocess.run(["uv", "lock", "--quiet", *more], cwd=definition(session), env=environment).returncode


def test_git_merges_with_this_program(work: Session) -> None:
    branch_with_pack(work, "one", "mini-windows")
    branch_with_pack(work, "two", "mini-imaging<1.1")
    command = ["git", *IDENTITY, "merge", "--no-edit", "one"]
    done = subprocess.run(command, cwd=definition(work), env=work.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done
    groups = tomllib.loads((definition(work) / "pyproject.toml").read_text())["dependency-groups"]
    assert groups == {"pack-one": ["mini-windows"], "pack-two": ["mini-imaging<1.1"]}
    assert uv_lock(work, "--check") != 0
    assert uv_lock(work) == 0
    packages = tomllib.loads((definition(work) / "uv.lock").read_text())["package"]
    versions = {package["name"]: package.get("version") for package in packages}
    assert (versions["mini-imaging"], versions["mini-windows"]) == ("1.0", "1.0")
    assert versions["torch"] == "2.9.1"


def test_what_both_sides_changed_is_a_conflict_for_git(work: Session, tmp_path: Path) -> None:
    for name, version in (("base", 1), ("ours", 2), ("theirs", 3)):
        (tmp_path / name).write_text(f"[a]\nb = {version}\n")
    words = ("__merge", "manifest", *(str(tmp_path / name) for name in ("base", "ours", "theirs")))
    ran = work.run(*words)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "conflict: both sides changed `a.b`; ours was kept\n"
    assert (tmp_path / "ours").read_text() == "[a]\nb = 2\n"


def test_what_is_damaged_is_not_merged(work: Session, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("base", "ours", "theirs")]
    for path in paths:
        path.write_text("<<<<<<< ours\n")
    error = work.error("__merge", "lock", *map(str, paths))
    assert (error["code"], error["exit_code"]) == ("merge-refused", 8)
    assert paths[1].read_text() == "<<<<<<< ours\n"
    error = work.error("__merge", "lock", *(str(tmp_path / "nowhere") for _ in range(3)))
    assert (error["code"], error["exit_code"]) == ("file-system", 6)
