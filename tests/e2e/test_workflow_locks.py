"""Workflows locked from the command line, given to somebody else, and got again there."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.http_server import Reply, serving
from tests.support.model_files import write_safetensors
from tests.support.pack_host import PackHost
from tests.support.sessions import Session

NODES = """
import folder_paths


class Loader:
    RETURN_TYPES = ()
    OUTPUT_NODE = True
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"model_name": (folder_paths.get_filename_list("checkpoints"),)}}


NODE_CLASS_MAPPINGS = {"Loader": Loader}
"""
MODEL = "base ☃.safetensors"


@pytest.fixture
def place(work: Session, host: PackHost) -> Session:
    """An environment with a pack, a model, and a workflow that needs both."""
    host.add("loaders", "1.0.0", files={"__init__.py": NODES})
    work.ok("node", "add", "loaders")
    (work.workspace / "models/checkpoints").mkdir(exist_ok=True)
    write_safetensors(work.workspace / "models/checkpoints" / MODEL, {"weight": (4, 4)})
    workflow = workflow_of(work)
    workflow.parent.mkdir(parents=True)
    node = {"id": 1, "type": "Loader", "inputs": [], "outputs": [], "widgets_values": [MODEL]}
    workflow.write_text(json.dumps({"version": 0.4, "nodes": [node], "links": []}, separators=(",", ":")))
    return work


def workflow_of(session: Session) -> Path:
    return session.environments / "work/ComfyUI/user/default/workflows/deep er/große.json"


def lock_of(session: Session) -> Path:
    return session.environments / "work/.cec/workflow-locks/deep er/große.json"


def test_the_story_of_a_lock(place: Session, tmp_path: Path) -> None:
    name = "deep er/große"
    assert place.run("workflow", "check", name, "--locked").code == 1
    planned = place.ok("workflow", "lock", name, "--dry-run")
    assert f"{MODEL} (for its digests)" in planned.out
    assert not lock_of(place).exists()
    done = place.data("workflow", "lock", name, "--embed")
    assert (done["complete"], done["workflows"][0]["state"], done["workflows"][0]["embeds"]) == (True, "new", True)
    locked = json.loads(lock_of(place).read_text())
    assert locked == done["workflows"][0]["lock"]
    assert locked["packs"][0]["version"] == "1.0.0"
    assert "locked already" in place.ok("workflow", "lock", "--all", "--embed").out
    assert "as locked" in place.ok("workflow", "check", name, "--locked").out
    before = workflow_of(place).read_text()
    assert before.startswith('{"version":0.4,"nodes":[{"id":1,"type":"Loader"')
    assert before.endswith("]}}}")

    path = place.workspace / "models/checkpoints" / MODEL
    whole = path.read_bytes()
    path.write_bytes(whole + b"more")
    ran = place.run("workflow", "check", name)
    assert (ran.code, "differs from its lock" in ran.out) == (0, True)
    assert place.run("workflow", "check", name, "--locked").code == 1
    path.unlink()

    address = "/base.safetensors"
    with serving({address: Reply(whole)}) as server:
        path.write_bytes(whole)
        place.ok("model", "index", "sync", "--hash")
        place.ok("model", "add-source", MODEL, server.url + address)
        place.ok("workflow", "lock", name, "--embed")
        path.unlink()
        received = workflow_of(place).with_name("received.json")
        received.write_bytes(workflow_of(place).read_bytes())
        place.ok("undo")
        place.ok("undo")
        lock_of(place).unlink(missing_ok=True)
        place.ok("workflow", "resolve", "deep er/received", "--auto", "--models", "all", "--yes")
    assert path.read_bytes() == whole
    assert "as locked" in place.ok("workflow", "check", "deep er/received", "--locked").out


def test_what_could_not_be_locked_is_told_with_exit_code_1(place: Session) -> None:
    (place.workspace / "models/checkpoints" / MODEL).unlink()
    ran = place.run("workflow", "lock", "--all")
    assert ran.code == 1
    assert "not locked" in ran.out
    assert "not everything could be locked" in ran.err
    (model,) = json.loads(lock_of(place).read_text())["models"]
    assert model["problem"] == "it is not here"


def test_names_or_all_are_needed_and_pictures_take_no_lock(place: Session, tmp_path: Path) -> None:
    assert place.run("workflow", "lock").code == 2
    assert place.run("workflow", "lock", "x", "--all").code == 2
    assert place.error("workflow", "lock", "nothing")["code"] == "workflow-not-found"
    picture = tmp_path / "made.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert place.error("workflow", "lock", str(picture), "--embed")["code"] == "workflow-not-writable"


def test_killed_while_it_locks_everything_is_as_before_or_as_after(place: Session) -> None:
    words = ("workflow", "lock", "--all", "--embed")
    old = workflow_of(place).read_bytes()
    log = place.workspace.parent / "points"
    place.ok(*words, COMFYDOCK_FAULT_LOG=str(log))
    new = (workflow_of(place).read_bytes(), lock_of(place).read_bytes())
    place.ok("undo")
    ended: set[bool] = set()
    for at in range(1, len(log.read_text().splitlines()) + 1):
        command = [*place.program.command, *words]
        killed = subprocess.run(
            command, env=place.environment(COMFYDOCK_FAULT=f"kill:{at}"), capture_output=True, cwd=place.workspace
        )
        assert killed.returncode == -signal.SIGKILL, at
        place.ok("operation", "prune", "--keep", "99")
        is_new = lock_of(place).exists()
        assert (workflow_of(place).read_bytes(), lock_of(place).read_bytes() if is_new else None) in (new, (old, None))
        ended.add(is_new)
        if is_new:
            place.ok("undo")
    assert ended == {False, True}
    assert not os.path.exists(lock_of(place))
