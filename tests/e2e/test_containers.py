"""Containers: the context that is exported, what linters say of it, and what its steps make."""

import json
import os
import re
import socket
import stat
import subprocess
import sysconfig
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.nodes import failure
from tests.support.miniature import git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session

SCRIPTS = Path(sysconfig.get_path("scripts"))
_HOME = "/opt/comfyui"


@pytest.fixture
def committed(work: Session, host: PackHost) -> Session:
    """`work` with a pack of the registry, one from git, one that is turned off, and a workflow; committed."""
    host.add("blur", files=pack_files("Blur", requirements="mini-blend\n"))
    host.add("off", files=pack_files("Off"))
    host.add_repository("alice", "Fancy")
    work.ok("node", "add", "blur", "off", "https://github.com/alice/Fancy")
    work.ok("node", "disable", "off")
    live = work.environments / "work/ComfyUI/user/default/workflows/sub"
    live.mkdir(parents=True)
    (live / "flow ☃.json").write_text('{"nodes": [], "links": []}')
    work.ok("commit")
    return work


def context_of(session: Session, place: Path, *words: str) -> Path:
    session.ok("export", "--container", str(place), *words)
    return place


def listed(context: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of every file, by path."""
    return {
        str(path.relative_to(context)): (stat.S_IMODE(path.lstat().st_mode), path.read_bytes())
        for path in sorted(context.rglob("*"))
        if path.is_file()
    }


def test_the_context_has_the_definition_and_nothing_of_this_machine(committed: Session, tmp_path: Path) -> None:
    files = listed(context_of(committed, tmp_path / "image"))
    expected = {"Containerfile", ".dockerignore", "pylock.toml", "comfyui/main.py", "workflows/sub/flow ☃.json",
                "custom_nodes/blur/__init__.py", "custom_nodes/Fancy/__init__.py"}  # fmt: skip
    assert expected <= files.keys()
    assert not [name for name in files if "/.git/" in name or name.startswith(("custom_nodes/off", "comfyui/models/"))]
    here = [str(committed.workspace).encode(), committed.variables["HOME"].encode()]
    assert not [name for name, (_, content) in files.items() if any(place in content for place in here)]


def test_a_program_of_a_development_pack_stays_one(committed: Session, tmp_path: Path) -> None:
    place = committed.environments / "work/ComfyUI/custom_nodes/Mine"
    place.mkdir()
    (place / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
    (place / "tool.sh").write_text("#!/bin/sh\n")
    (place / "tool.sh").chmod(0o700)
    committed.ok("node", "add", "Mine", "--dev")
    committed.ok("commit")
    files = listed(context_of(committed, tmp_path / "image"))
    assert {name: mode for name, (mode, _) in files.items() if "Mine" in name} == {
        "custom_nodes/Mine/__init__.py": 0o644,
        "custom_nodes/Mine/tool.sh": 0o755,
    }


def test_what_is_left_out_is_reported(committed: Session, tmp_path: Path) -> None:
    main = committed.environments / "work/ComfyUI/main.py"
    main.write_text(main.read_text() + "# mine\n")
    data = committed.data("export", "--container", str(tmp_path / "image"))
    assert data["notes"] == ["off is turned off and is left out",
                             "files of ComfyUI were changed here, which the container does not have"]  # fmt: skip
    assert data["packs"] == ["blur", "Fancy"]
    assert "# mine" not in (tmp_path / "image/comfyui/main.py").read_text()


def test_the_same_commit_gives_the_same_context(committed: Session, tmp_path: Path) -> None:
    one = listed(context_of(committed, tmp_path / "one", "--kubernetes"))
    before = os.umask(0o077)
    try:
        other = listed(context_of(committed, tmp_path / "other", "--kubernetes"))
    finally:
        os.umask(before)
    assert other == one


def test_an_earlier_context_is_replaced_and_nothing_else_is(committed: Session, tmp_path: Path) -> None:
    context = context_of(committed, tmp_path / "image")
    (context / "old").touch()
    assert not (context_of(committed, context) / "old").exists()
    other = tmp_path / "mine"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    error = failure(committed, "export-refused", "export", "--container", str(other))
    assert (error["exit_code"], sorted(os.listdir(other))) == (4, ["notes.txt"])
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.endswith((".tmp", ".old", ".comfydock"))) == []


def test_a_rehearsal_leaves_nothing(committed: Session, tmp_path: Path) -> None:
    place = tmp_path / "contexts"
    place.mkdir()
    data = committed.data("export", "--container", str(place / "image"), "--dry-run")
    assert (data["written"], data["files"] > 10, list(place.iterdir())) == (False, True, [])


def test_uncommitted_work_is_refused(committed: Session, tmp_path: Path) -> None:
    committed.ok("py", "add", "mini-choice")
    failure(committed, "uncommitted-work", "export", "--container", str(tmp_path / "image"))
    assert not (tmp_path / "image").exists()


def test_a_back_end_that_is_not_locked_is_refused(committed: Session, tmp_path: Path) -> None:
    words = ("export", "--container", str(tmp_path / "image"), "--torch-backend", "cu128")
    error = failure(committed, "backend-not-locked", *words)
    assert "comfydock backend lock cu128" in error["hint"]


@pytest.mark.parametrize("words", [("--with-packs",), ("--sign", "key"), ("out.tar.gz",)])
def test_options_of_bundles_do_not_go_with_a_container(committed: Session, tmp_path: Path, words: list[str]) -> None:
    ran = committed.run("export", "--container", str(tmp_path / "image"), *words)
    assert (ran.code, "cannot be combined" in ran.err) == (2, True)


def test_options_of_containers_need_one(committed: Session) -> None:
    ran = committed.run("export", "--kubernetes")
    assert (ran.code, "`--kubernetes` is about a container" in ran.err) == (2, True)


@pytest.mark.parametrize("backend", ["cpu", "cu128"])
def test_linters_have_nothing_to_object_to(committed: Session, tmp_path: Path, backend: str) -> None:
    committed.ok("backend", "lock", backend)
    committed.ok("commit", "--json")
    context = context_of(committed, tmp_path / "image", "--torch-backend", backend, "--kubernetes")
    linted = subprocess.run([SCRIPTS / "hadolint", context / "Containerfile"], capture_output=True, text=True)
    assert (linted.returncode, linted.stdout) == (0, "")
    validated = subprocess.run(
        [SCRIPTS / "kubernetes-validate", "--strict", context / "kubernetes.yaml"], capture_output=True, text=True
    )
    assert validated.returncode == 0, validated.stdout + validated.stderr
    text = (context / "kubernetes.yaml").read_text()
    assert ("nvidia.com/gpu" in text) == (backend == "cu128")


def test_no_login_is_in_the_context(committed: Session, tmp_path: Path) -> None:
    definition = committed.environments / "work/.cec"
    git(definition, "config", "remote.origin.url", "https://me:hunter2@example.invalid/x.git")
    (committed.environments / "work/ComfyUI/.env").write_text("TOKEN=hunter2")
    files = listed(context_of(committed, tmp_path / "image"))
    assert not [name for name, (_, content) in files.items() if b"hunter2" in content]


def test_the_steps_of_the_build_make_a_comfyui_that_answers(committed: Session, tmp_path: Path) -> None:
    context = context_of(committed, tmp_path / "image")
    text = (context / "Containerfile").read_text().replace("\\\n", " ")
    root = tmp_path / "root"
    for step in steps(text, "COPY"):
        *sources, target = [word for word in step.split() if not word.startswith("--")]
        if "--from" not in step and target.startswith(_HOME):
            (root / target[1:]).mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", f"{context / sources[0]}/.", str(root / target[1:])], check=True)
    install = next(step for step in steps(text, "RUN") if "uv pip sync" in step)
    script = install.replace("/usr/local/bin/python", "3.11").replace("/opt/venv", str(root / "opt/venv"))
    environment = {**os.environ, "UV_CACHE_DIR": str(tmp_path / "cache")}
    subprocess.run(["sh", "-c", script], cwd=context, env=environment, check=True, capture_output=True)
    port = free_port()
    start = json.loads(steps(text, "ENTRYPOINT")[0]) + json.loads(steps(text, "CMD")[-1])
    words = [str(root / "opt/venv/bin/python"), *start[1:]]
    words[words.index("0.0.0.0")], words[words.index("8188")] = "127.0.0.1", str(port)
    running = subprocess.Popen(words, cwd=root / _HOME[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert running.stdout is not None
    try:
        said = next((line for line in running.stdout if "To see the GUI" in line), "it ended")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/system_stats") as answer:
            assert (answer.status, str(port) in said) == (200, True)
    finally:
        running.kill()
        running.communicate()


def steps(text: str, word: str) -> list[str]:
    """What follows a word of the Containerfile, each time."""
    return re.findall(rf"^(?:HEALTHCHECK.*)?\s*{word} (.*)$", text, re.MULTILINE)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_patch_of_the_commit_is_applied(committed: Session, tmp_path: Path) -> None:
    environment = committed.environments / "work/ComfyUI"
    for path in (environment / "main.py", environment / "custom_nodes/blur/__init__.py"):
        path.write_text(path.read_text() + "# mine\n")
    committed.ok("commit", "--with-patches")
    data = committed.data("export", "--container", str(tmp_path / "image"))
    assert data["notes"] == ["off is turned off and is left out"]
    for name in ("comfyui/main.py", "custom_nodes/blur/__init__.py"):
        assert (tmp_path / "image" / name).read_text().endswith("# mine\n")
