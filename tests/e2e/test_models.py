"""Model files as people deal with them: indexed, found, verified, tidied up, and every change undone."""

import os
import signal
from pathlib import Path

import pytest

from tests.support.earlier_models import write_models_db
from tests.support.model_files import safetensors_header, write_safetensors, write_with_hole
from tests.support.sessions import Session, stop, wait_for_line

LORA = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_k.lora_{}.weight"
SHAPES = {LORA.format("down"): (16, 320), LORA.format("up"): (320, 16)}
MIB = 1 << 20


def furnish(models: Path) -> None:
    """A LoRA, a larger file twice, and things that are no models."""
    for folder in ("loras", "checkpoints"):
        (models / folder).mkdir(parents=True, exist_ok=True)
    write_safetensors(models / "loras/detail ☃.safetensors", SHAPES)
    write_whole(models / "checkpoints/big.safetensors", b"big")
    write_whole(models / "checkpoints/again.safetensors", b"big")
    (models / "loras/readme.txt").write_text("not a model")


def write_whole(path: Path, content: bytes, size: int = 3 * MIB) -> None:
    header = safetensors_header({"weight": (size,)}, "U8")
    path.write_bytes(header + (content * (size // len(content) + 1))[:size])


@pytest.fixture
def models(source: Session) -> Path:
    """The models directory of a workspace, whose models are indexed and read."""
    furnish(source.workspace / "models")
    source.ok("model", "index", "sync", "--hash")
    return source.workspace / "models"


def listed(session: Session, *words: str) -> dict[str, dict[str, object]]:
    rows = session.data("model", "index", "list", *words)["models"]
    return {os.path.relpath(row["path"], row["root"]): row for row in rows}


def test_the_story_of_a_workspace_of_models(workspace: Session) -> None:
    models = workspace.workspace / "models"
    furnish(models)
    assert "comfydock model index sync" in workspace.ok("model", "index", "list").err
    plan = workspace.data("model", "index", "sync", "--dry-run")["plan"]
    assert {line["action"] for line in plan} == {"add"}
    assert workspace.data("model", "index", "status")["roots"] == []
    synced = workspace.data("model", "index", "sync", "--hash")
    assert (len(synced["roots"][0]["added"]), synced["hashed"], synced["unhashed"]) == (3, 3, 0)
    shown = workspace.ok("model", "index", "list").out
    assert "LoRA" in shown
    assert "rank 16" in shown
    (group,) = workspace.data("model", "index", "list", "--duplicates")["duplicates"]
    assert [Path(row["path"]).name for row in group] == ["again.safetensors", "big.safetensors"]
    assert "detail ☃.safetensors" in workspace.ok("model", "index", "find", "DETAIL", "lora").out
    digest = group[0]["blake3"]
    assert workspace.data("model", "index", "show", digest[:8])["blake3"] == digest
    assert "3 files whole, by their digests" in workspace.ok("model", "verify", "--all", "--deep").out
    assert workspace.data("model", "dedupe")["made"] in ({"hard link": 1}, {"clone": 1})
    workspace.ok("undo")
    workspace.ok("model", "delete", "loras/detail ☃.safetensors", "--yes")
    assert not (models / "loras/detail ☃.safetensors").exists()
    workspace.ok("undo")
    assert (models / "loras/detail ☃.safetensors").exists()


def test_a_file_is_named_by_its_path_its_name_or_digits(source: Session, models: Path) -> None:
    digest = str(listed(source)["loras/detail ☃.safetensors"]["sha256"])
    path = models / "loras/detail ☃.safetensors"
    for words in (str(path), "loras/detail ☃.safetensors", "detail ☃.safetensors", "detail ☃", digest[:6], digest):
        assert source.data("model", "index", "show", words)["sha256"] == digest


def test_a_name_of_several_models_is_refused_with_all_of_them(source: Session, models: Path) -> None:
    (models / "vae").mkdir()
    write_whole(models / "vae/big.safetensors", b"other")
    source.ok("model", "index", "sync")
    error = source.error("model", "index", "show", "big.safetensors")
    assert (error["code"], error["exit_code"]) == ("conflict", 4)
    assert "checkpoints/big.safetensors" in error["hint"]
    assert "vae/big.safetensors" in error["hint"]


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("model", "index", "show", "detial ☃.safetensors"), "model-not-found", 3),
        (("model", "index", "list", "--folder", "lora"), "not-found", 3),
        (("model", "index", "dir", "/nowhere"), "invalid-setting", 2),
        (("model", "add-source", "detail ☃", "not an address"), "invalid-setting", 2),
        (("model", "delete", "nothing"), "model-not-found", 3),
    ],
)
def test_what_is_not_there_is_an_error_with_a_hint(
    source: Session, models: Path, words: tuple[str, ...], code: str, exit_code: int
) -> None:
    error = source.error(*words)
    assert (error["code"], error["exit_code"], bool(error["hint"])) == (code, exit_code, True)


def test_verify_needs_models_or_all_of_them(source: Session, models: Path) -> None:
    assert source.run("model", "verify").code == 2
    assert source.run("model", "verify", "--all", "detail ☃").code == 2


def test_a_truncated_file_is_found_by_its_header(source: Session, models: Path) -> None:
    os.truncate(models / "checkpoints/big.safetensors", 2 * MIB)
    ran = source.run("model", "verify", "--all")
    assert ran.code == 8
    assert "damaged" in ran.out
    assert "truncated" in ran.out
    assert "2 files whole" in ran.out


def test_one_flipped_byte_in_the_middle_is_found_by_reading(source: Session, models: Path) -> None:
    path = models / "checkpoints/large.safetensors"
    write_whole(path, b"0123456789abcdef", 60 * MIB)
    source.ok("model", "index", "sync", "--hash")
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(31 * MIB)
        file.write(b"!")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert source.run("model", "verify", "large").code == 0
    ran = source.run("model", "verify", "large", "--deep")
    assert (ran.code, "the index has another digest" in ran.out) == (8, True)


def test_a_damaged_file_is_renamed_and_gets_its_name_back(source: Session, models: Path) -> None:
    path = models / "checkpoints/big.safetensors"
    os.truncate(path, 2 * MIB)
    assert source.run("model", "verify", "--all", "--quarantine", "--dry-run").code == 0
    assert path.exists()
    assert source.run("model", "verify", "--all", "--quarantine").code == 8
    assert (path.exists(), path.with_name("big.safetensors.damaged").stat().st_size) == (False, 2 * MIB)
    assert "checkpoints/big.safetensors" not in listed(source)
    source.ok("undo")
    assert path.stat().st_size == 2 * MIB


def test_deduplicated_files_share_their_bytes_and_undo_splits_them(source: Session, models: Path) -> None:
    one, other = models / "checkpoints/again.safetensors", models / "checkpoints/big.safetensors"
    content = one.read_bytes()
    assert source.ok("model", "dedupe", "--dry-run").out.startswith("would share ")
    assert one.stat().st_ino != other.stat().st_ino
    made = source.data("model", "dedupe")
    if made["made"] == {"hard link": 1}:
        assert one.stat().st_ino == other.stat().st_ino
    assert (one.read_bytes(), other.read_bytes()) == (content, content)
    assert "no two files hold the same" in source.ok("model", "dedupe").out or "clone" in made["made"]
    source.ok("undo")
    assert one.stat().st_ino != other.stat().st_ino
    assert (one.read_bytes(), other.read_bytes()) == (content, content)


def test_files_that_only_begin_alike_are_never_deduplicated(source: Session, models: Path) -> None:
    header = safetensors_header({"weight": (6 * MIB,)}, "U8")
    for end in (b"1", b"2"):
        path = models / f"checkpoints/alike{end.decode()}.safetensors"
        path.write_bytes(header + bytes(6 * MIB - 1) + end)
    source.ok("model", "index", "sync", "--hash")
    plan = source.data("model", "dedupe", "--dry-run")
    assert [Path(twin["path"]).name for twin in plan["twins"]] == ["big.safetensors"]


def test_a_file_that_changed_unnoticed_is_not_deduplicated(source: Session, models: Path) -> None:
    """Equal in the index, by size and time; read again, they are not."""
    path = models / "checkpoints/big.safetensors"
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(2 * MIB)
        file.write(b"!")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert source.data("model", "dedupe")["made"] == {}
    assert path.read_bytes() != (models / "checkpoints/again.safetensors").read_bytes()


def test_a_dry_run_says_that_there_is_nothing_to_deduplicate(source: Session, models: Path) -> None:
    (models / "checkpoints/again.safetensors").unlink()
    source.ok("model", "index", "sync")
    assert source.ok("model", "dedupe", "--dry-run").out == "no two files hold the same\n"
    assert source.data("model", "dedupe", "--dry-run")["plan"] == []


def test_a_file_that_is_being_written_is_not_deduplicated(source: Session, models: Path) -> None:
    with (models / "checkpoints/big.safetensors").open("r+b"):
        answer = source.data("model", "dedupe")
    assert answer["made"] == {}
    assert [skipped["reason"] for skipped in answer["skipped"]] == ["another program has it open for writing"]


def test_the_last_file_of_a_model_is_asked_for_and_another_is_not(source: Session, models: Path) -> None:
    ran = source.run("model", "delete", "loras/detail ☃.safetensors")
    assert (ran.code, "the only file known with the digest" in ran.err) == (2, True)
    deleted = source.data("model", "delete", "checkpoints/big.safetensors")
    assert [Path(path).name for path in deleted["others"]] == ["again.safetensors"]


def test_a_copy_that_was_not_read_before_is_read_before_the_last_is_said_to_go(source: Session, models: Path) -> None:
    (models / "loras/copy.safetensors").write_bytes((models / "loras/detail ☃.safetensors").read_bytes())
    source.ok("model", "index", "sync")
    deleted = source.data("model", "delete", "loras/detail ☃.safetensors")
    assert [Path(path).name for path in deleted["others"]] == ["copy.safetensors"]


def test_deleting_a_link_leaves_what_it_leads_to(source: Session, models: Path) -> None:
    (models / "loras/link.safetensors").symlink_to(models / "checkpoints/big.safetensors")
    source.ok("model", "index", "sync")
    source.ok("model", "delete", "loras/link.safetensors")
    assert not (models / "loras/link.safetensors").is_symlink()
    assert (models / "checkpoints/big.safetensors").exists()
    source.ok("undo")
    assert (models / "loras/link.safetensors").is_symlink()


def test_another_models_directory_is_seen_by_every_environment(source: Session, tmp_path: Path) -> None:
    source.ok("create", "work", "--torch-backend", "none")
    other = tmp_path / "elsewhere"
    furnish(other)
    link = source.environments / "work/ComfyUI/models"
    before = os.readlink(link)
    assert source.data("model", "index", "dir", str(other), "--dry-run")["environments"] == ["work"]
    assert os.readlink(link) == before
    source.ok("model", "index", "dir", str(other))
    assert os.readlink(link) == str(other)
    assert "checkpoints/big.safetensors" in listed(source)
    source.ok("undo", "--workspace")
    assert os.readlink(link) == before


def test_a_source_belongs_to_the_content_whatever_its_name(source: Session, models: Path) -> None:
    url = "https://example.org/detail?token=secret"
    assert source.data("model", "add-source", "detail ☃", url)["new"]
    assert not source.data("model", "add-source", "detail ☃", url)["new"]
    (models / "loras/detail ☃.safetensors").rename(models / "loras/renamed.safetensors")
    source.ok("model", "index", "sync")
    (source_of,) = source.data("model", "index", "show", "renamed")["sources"]
    assert source_of["url"].startswith("https://example.org/detail")
    assert "secret" not in source.ok("model", "index", "show", "renamed").out


def test_reading_goes_on_where_it_was_stopped(source: Session) -> None:
    models = source.workspace / "models"
    furnish(models)
    source.ok("model", "index", "sync")
    started = source.start("model", "index", "sync", "--hash", COMFYDOCK_FAULT="")
    started.send_signal(signal.SIGINT)
    started.communicate()
    assert started.returncode in (0, 130, -signal.SIGINT)
    assert source.data("model", "index", "sync", "--hash")["unhashed"] == 0


def test_ctrl_c_while_reading_says_what_is_true(source: Session) -> None:
    models = source.workspace / "models"
    furnish(models)
    write_with_hole(models / "checkpoints/huge.safetensors", safetensors_header({"weight": (8 << 30,)}, "U8"), 8 << 30)
    started = source.start("model", "index", "sync", "--hash")
    wait_for_line(started, "Reading 4 files", errors=True)
    ran = stop(started, signal.SIGINT)
    assert ran.code == 130
    assert "interrupted" in ran.err
    assert "Traceback" not in ran.err
    assert listed(source)["checkpoints/huge.safetensors"]["blake3"] is None


def test_what_a_predecessor_knew_is_known_afterwards(source: Session) -> None:
    models = source.workspace / "models"
    furnish(models)
    database = source.workspace / "comfydock_cache/models.db"
    write_models_db(database, models / "loras/detail ☃.safetensors", models)
    before = database.read_bytes()
    source.ok("model", "index", "sync")
    (known,) = source.data("model", "index", "show", "detail ☃")["sources"]
    assert (known["url"], known["origin"]) == ("https://civitai.com/api/download/models/7", "ComfyDock 1.x")
    assert database.read_bytes() == before


def test_a_models_directory_that_is_not_mounted_loses_nothing(source: Session, models: Path) -> None:
    models.rename(models.with_name("unplugged"))
    assert "is absent; what is known of it is kept" in source.ok("model", "index", "sync").out
    assert {row["absent"] for row in listed(source).values()} == {True}
    models.with_name("unplugged").rename(models)
    source.ok("model", "index", "sync")
    assert all(row["blake3"] and not row["absent"] for row in listed(source).values())
