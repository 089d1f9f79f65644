"""Downloading models as people do it: with tokens, with pauses, and with a program that is killed."""

import hashlib
import json
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.model_host import CivitAI, HuggingFace, ModelHost, model_host
from tests.support.sessions import Session, stop

CONTENT = random.Random(3).randbytes(20_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PIECE = 8 << 20
KILLS = 50


@pytest.fixture
def models() -> Iterator[ModelHost]:
    with model_host() as running:
        yield running


def downloading(session: Session, models: ModelHost, url: str, *words: str) -> "subprocess.Popen[str]":
    """A download that has begun to come."""
    process = session.start("model", "download", url, "--to", "loras", *words)
    path = url.removeprefix(models.url)
    while models.bytes_sent(path) < 1_000_000 and process.poll() is None:
        time.sleep(0.01)
    return process


def test_the_story_of_a_model(workspace: Session) -> None:
    with model_host() as storage, model_host() as one, model_host() as other:
        hub, civitai = HuggingFace(one, storage), CivitAI(other, storage)
        workspace.variables |= {**hub.variables(), **civitai.variables(), "HF_TOKEN": "hf_secret"}
        workspace.variables |= {"CIVITAI_API_TOKEN": "key_secret"}
        vae = hub.put("stabilityai/sd-vae", "vae.safetensors", CONTENT, needs="Bearer hf_secret")
        lora = civitai.put(122359, 135867, "detail.safetensors", CONTENT[:1_000_000], needs="Bearer key_secret")

        plan = workspace.data("model", "download", vae, "--to", "vae", "--dry-run")
        assert (plan["plan"][0]["name"], plan["plan"][0]["size"], plan["plan"][0]["sha256"]) == (
            "vae.safetensors", len(CONTENT), SHA256)  # fmt: skip
        assert plan["disk_free"] > plan["fetch_bytes"] == len(CONTENT)
        assert not (workspace.workspace / "models/vae").exists()

        assert "downloaded" in workspace.ok("model", "download", vae, "--to", "vae").out
        assert (workspace.workspace / "models/vae/vae.safetensors").read_bytes() == CONTENT
        workspace.ok("model", "download", f"{lora}?token=url_secret")
        assert (workspace.workspace / "models/loras/detail.safetensors").exists()

        shown = workspace.data("model", "index", "show", SHA256[:12])
        assert [source["kind"] for source in shown["sources"]] == ["huggingface"]
        again = workspace.data("model", "download", vae, "--to", "checkpoints")["downloads"][0]
        assert (again["outcome"], again["carried"]) == ("elsewhere", 0)
        found = workspace.data("model", "search-source", "detail.safetensors")["sources"]
        assert [source["url"] for source in found] == [lora]
        assert workspace.data("download", "list")["downloads"] == []
        assert "secret" not in str(storage.requests).replace("Signature=secret", "")
        for file in workspace.workspace.rglob("*"):
            assert not file.is_file() or b"_secret" not in file.read_bytes()


def test_ctrl_c_keeps_what_came_and_resume_goes_on(workspace: Session, models: ModelHost) -> None:
    url = models.put("/a.safetensors", CONTENT, speed=2_000_000)
    ran = stop(downloading(workspace, models, url), signal.SIGINT)
    assert ran.code == 130
    (kept,) = workspace.data("download", "list")["downloads"]
    assert (kept["state"], kept["size"]) == ("paused", len(CONTENT))
    assert f"comfydock download resume {kept['id']}" in ran.err
    models.files["/a.safetensors"].speed = None
    (done,) = workspace.data("download", "resume")["downloads"]
    assert (done["sha256"], done["carried"]) == (SHA256, len(CONTENT) - kept["done"])
    assert [path.name for path in (workspace.workspace / "models/loras").iterdir()] == ["a.safetensors"]


def test_another_command_pauses_and_cancels(source: Session, models: ModelHost) -> None:
    url = models.put("/a.safetensors", CONTENT, speed=1_000_000)
    process = downloading(source, models, url)
    (running,) = source.data("download", "list")["downloads"]
    assert running["state"] == "running"
    assert source.error("model", "download", url, "--to", "loras")["code"] == "download-busy"
    plan = source.data("download", "pause", "--dry-run")["plan"]
    assert [(step["action"], step["target"]) for step in plan] == [("pause", running["path"])]
    (paused,) = source.data("download", "pause")["downloads"]
    _, errors = process.communicate()
    assert process.returncode == 4
    assert "paused by another command" in errors
    assert paused["state"] == "paused"
    assert source.data("download", "cancel", "a.safetensors", "--dry-run")["plan"][0]["action"] == "cancel"
    assert len(source.data("download", "list")["downloads"]) == 1
    source.ok("download", "cancel", "a.safetensors")
    assert list((source.workspace / "models/loras").iterdir()) == []
    assert source.error("download", "resume", "a.safetensors")["code"] == "download-not-found"


def test_fifty_kills_lose_no_byte_that_the_journal_has(source: Session, models: ModelHost) -> None:
    """The server counts: what the journal names is never fetched again, and what it lacks is less than a piece."""
    chance, number, kills = random.Random(4), 0, 0
    while kills < KILLS:
        number += 1
        path = f"/{number}.safetensors"
        url = models.put(path, CONTENT, speed=2_000_000)
        journal = source.workspace / f"models/loras/.{number}.safetensors.part.json"
        whole = source.workspace / f"models/loras/{number}.safetensors"
        while not whole.exists():
            there = spans(journal)
            first = len(models.sent.get(path, []))
            limit = models.bytes_sent(path) + (chance.randrange(4_000_000) if kills < KILLS else 1 << 60)
            process = source.start("model", "download", url, "--to", "loras")
            while models.bytes_sent(path) < limit and process.poll() is None:
                time.sleep(0.002)
            killed = process.poll() is None
            process.kill()
            process.communicate()
            kills += killed
            came = [span for span in models.sent.get(path, [])[first:] if span != (0, 1)]  # Asking what is offered.
            assert not any(low < end and begin < high for low, high in there for begin, end in came)
            if killed and not whole.exists():
                lost = sum(end - begin for begin, end in came) - (covered(spans(journal)) - covered(there))
                assert lost < PIECE
        assert hashlib.sha256(whole.read_bytes()).hexdigest() == SHA256


@pytest.mark.parametrize("resumed_by", [("download", "resume"), ("model", "download")])
def test_a_kill_at_every_point_of_naming_is_recovered_from(
    source: Session, models: ModelHost, resumed_by: tuple[str, ...]
) -> None:
    content = CONTENT[:500_000]
    for number in range(1, 20):
        url = models.put(f"/{number}.safetensors", content)
        words = ("model", "download", url, "--to", "loras")
        ran = source.run(*words, COMFYDOCK_FAULT=f"kill:{number}")
        if ran.code == 0:
            break
        again = words if resumed_by == ("model", "download") else resumed_by
        assert source.run(*again).code == 0
        source.ok(*words, "--sha256", hashlib.sha256(content).hexdigest())  # A kill before the list has it.
    assert number > 4
    names = sorted(path.name for path in (source.workspace / "models/loras").iterdir())
    assert names == sorted(f"{one}.safetensors" for one in range(1, number + 1))
    assert source.data("download", "list")["downloads"] == []


def test_a_failure_of_one_keeps_no_other_and_shows_in_the_exit_code(source: Session, models: ModelHost) -> None:
    good = models.put("/good.safetensors", CONTENT[:1000])
    bad = models.put("/bad.safetensors", CONTENT[:1000], ranges=False, length=2000)
    ran = source.run("model", "download", good, bad, "--to", "loras", "--json")
    envelope = json.loads(ran.out)
    assert (ran.code, [one["outcome"] for one in envelope["data"]["downloads"]]) == (5, ["downloaded"])
    assert [one["code"] for one in envelope["data"]["failed"]] == ["network-unavailable"]


def spans(journal: Path) -> list[tuple[int, int]]:
    if not journal.exists():
        return []
    return [(first, end) for first, end in json.loads(journal.read_text())["done"]]


def covered(found: list[tuple[int, int]]) -> int:
    return sum(end - first for first, end in found)
