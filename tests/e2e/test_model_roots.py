"""Directories of models as somebody adds them to an environment, looks at them, and takes them out again."""

from pathlib import Path

import pytest

from tests.support.sessions import Session, tree

FILE = "environments/work/ComfyUI/extra_model_paths.yaml"
MINE = "# mine, since 2023\nmine:   # the old disk\n  base_path: {old}\n  vae: |\n     VAE\n     more # odd\n\n# end\n"


@pytest.fixture
def disk(workspace: Session) -> Path:
    """A directory of models as this program and as others have it."""
    workspace.ok("create", "work", "--torch-backend", "none", "--use")
    place = workspace.workspace.parent / "Platte ☃"
    for name in (
        "big/checkpoints/a.safetensors",
        "big/checkpoints/read.me",
        "big/vae/sub/b.pt",
        "webui/models/VAE/c.pt",
    ):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"x" * 1000)
    return place


def test_a_directory_is_added_seen_undone_and_removed(workspace: Session, disk: Path) -> None:
    file = workspace.workspace / FILE
    before = tree(workspace.workspace / "environments/work")
    plan = workspace.ok("model", "root", "add", str(disk / "big"), "--dry-run").out.splitlines()
    assert plan[0].startswith(f"would write {file} (section big with 2 folders)")
    assert plan[2] == "  + ComfyUI/extra_model_paths.yaml (section big with 2 folders)"
    assert tree(workspace.workspace / "environments/work") == before

    done = workspace.ok("model", "root", "add", str(disk / "big"))
    assert done.out == f"work reads {disk}/big (section big)\n  + checkpoints: checkpoints\n  + vae: vae\n"
    assert done.err == "ComfyUI reads `extra_model_paths.yaml` when it starts\n"
    assert file.read_text() == f"big:\n    base_path: {disk}/big\n    checkpoints: checkpoints\n    vae: vae\n"
    own, big = workspace.data("model", "root", "list")["roots"]
    assert (own["path"], own["section"], own["present"]) == (str(workspace.workspace / "models"), None, True)
    assert big == {"path": f"{disk}/big", "section": "big", "folders": ["checkpoints", "vae"], "files": 2,
                   "bytes": 2000, "present": True, "default": False}  # fmt: skip
    assert f"{disk}/big" in workspace.ok("model", "root", "list").out
    assert workspace.data("status", "-e", "work")["in_sync"]

    assert workspace.error("model", "root", "add", str(disk / "big"))["code"] == "model-root-refused"
    workspace.ok("undo", "-e", "work")
    assert not file.exists()
    workspace.ok("undo", "-e", "work")
    removed = workspace.ok("model", "root", "remove", str(disk / "big"))
    assert removed.out == f"work no longer reads {disk}/big (section big)\n  - checkpoints: checkpoints\n  - vae: vae\n"
    assert (file.exists(), (disk / "big/vae/sub/b.pt").exists()) == (False, True)


def test_what_its_author_wrote_stays(workspace: Session, disk: Path) -> None:
    file, mine = workspace.workspace / FILE, MINE.format(old=disk / "old").encode()
    file.write_bytes(mine)
    workspace.ok("model", "root", "add", str(disk / "big"), "--default", "--section", "big disk")
    added = f"big disk:\n    base_path: {disk}/big\n    is_default: true\n    checkpoints: checkpoints\n    vae: vae\n"
    assert file.read_bytes() == mine + added.encode()
    text = workspace.ok("model", "root", "list").out
    assert f"{disk}/old" in text
    assert "section mine" in text
    assert "absent" in text
    assert "section big disk (default)" in text
    workspace.ok("model", "root", "remove", "big disk")
    assert file.read_bytes() == mine
    workspace.ok("model", "root", "remove", "mine")
    assert file.read_text() == "# mine, since 2023\n\n# end\n{}\n"
    workspace.ok("model", "root", "add", str(disk / "big"))
    assert file.read_text().startswith("# mine, since 2023\n\n# end\nbig:\n")


def test_the_shell_completes_sections(workspace: Session, disk: Path) -> None:
    (workspace.workspace / FILE).write_text("big disk:\n  base_path: /big\nbroken:\n")
    offered = workspace.ok("__complete", "bash", "model", "root", "remove", "").out
    assert "big" in offered
    (workspace.workspace / FILE).write_text("a: [\n")
    assert workspace.ok("__complete", "bash", "model", "root", "remove", "").out.strip() == ""


def test_what_comfyui_would_not_take_is_told_with_its_line(workspace: Session, disk: Path) -> None:
    (workspace.workspace / FILE).write_text("a:\n  base_path: /a\n  loras:\n    - one\n")
    for words in (("list",), ("add", str(disk / "big")), ("remove", "a")):
        error = workspace.error("model", "root", *words)
        assert (error["code"], error["exit_code"], error["context"]["line"]) == ("model-paths-invalid", 8, 3)
        assert error["hint"] == "write one path a line, below `loras: |`"
    assert workspace.run("doctor", "-e", "work").code == 8


def test_what_an_environment_reads_is_indexed_until_it_does_not(workspace: Session, disk: Path) -> None:
    workspace.ok("model", "root", "add", str(disk / "big"))
    synced = workspace.data("model", "index", "sync")
    assert [root["root"] for root in synced["roots"]] == [
        str(workspace.workspace / "models"), f"{disk}/big/checkpoints", f"{disk}/big/vae"
    ]  # fmt: skip
    found = {row["path"]: row["folder"] for row in workspace.data("model", "index", "list")["models"]}
    assert found == {f"{disk}/big/checkpoints/a.safetensors": "checkpoints", f"{disk}/big/vae/sub/b.pt": "vae"}
    (disk / "big/vae").rename(disk / "big/unplugged")
    assert workspace.data("model", "index", "sync")["roots"][2]["present"] is False
    assert workspace.data("model", "index", "show", "b.pt")["locations"][0]["absent"]
    workspace.ok("model", "root", "remove", "big")
    assert len(workspace.data("model", "index", "sync")["forgotten"]) == 2
    assert workspace.data("model", "index", "list")["models"] == []


def test_an_environment_lists_what_its_comfyui_lists(workspace: Session, disk: Path) -> None:
    workspace.ok("model", "root", "add", str(disk / "big"))
    seen = workspace.data("model", "index", "list", "-e", "work", "--folder", "vae")["models"]
    assert seen == [{"folder": "vae", "name": "sub/b.pt", "path": f"{disk}/big/vae/sub/b.pt"}]
    assert "sub/b.pt" in workspace.ok("model", "index", "list", "-e", "work").out
    error = workspace.error("model", "index", "list", "-e", "work", "--folder", "lora")
    assert (error["code"], error["exit_code"]) == ("model-not-found", 3)


def test_nothing_is_forgotten_while_an_environment_does_not_tell_what_it_reads(workspace: Session, disk: Path) -> None:
    workspace.ok("model", "root", "add", str(disk / "big"))
    workspace.ok("model", "index", "sync")
    (workspace.workspace / FILE).write_text("a: [")
    ran = workspace.ok("model", "index", "sync")
    assert "what the environment `work` reads besides the models directory is unknown" in ran.err
    assert len(workspace.data("model", "index", "list")["models"]) == 2
