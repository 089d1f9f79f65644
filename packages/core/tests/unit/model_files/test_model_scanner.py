"""What counts as a model below a directory: links, loops, hidden and unreadable things, and names of all kinds."""

import os
from pathlib import Path

import pytest

from comfydock_core.analyzers.model_scanner import ModelScanner
from comfydock_core.models.model_files.index import WORKSPACE, RootScan, ScanRoot

KINDS = frozenset((".safetensors", ".gguf"))


def scan(root: Path, *folders: tuple[str, str, frozenset[str]]) -> RootScan:
    return ModelScanner(ScanRoot(str(root), WORKSPACE, folders, KINDS)).scan()


def put(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"12345678")


def found(result: RootScan) -> dict[str, str]:
    return {one.path: one.folder for one in result.files}


def test_extensions_decide_whatever_their_case(tmp_path: Path) -> None:
    put(tmp_path, "loras/a.safetensors", "loras/B.SafeTensors", "loras/readme.txt", "loras/c.gguf.part", "top.gguf")
    assert found(scan(tmp_path)) == {"loras/a.safetensors": "loras", "loras/B.SafeTensors": "loras", "top.gguf": ""}


def test_a_folder_of_comfyui_has_its_name_and_its_extensions(tmp_path: Path) -> None:
    put(tmp_path, "unet/a.safetensors", "unet/sub/b.safetensors", "configs/v1.yaml", "configs/x.gguf", "own/c.gguf")
    folders = (("unet", "diffusion_models", frozenset()), ("configs", "configs", frozenset((".yaml",))))
    assert found(scan(tmp_path, *folders)) == {
        "unet/a.safetensors": "diffusion_models",
        "unet/sub/b.safetensors": "diffusion_models",
        "configs/v1.yaml": "configs",
        "own/c.gguf": "own",
    }


def test_hidden_files_and_directories_are_none_of_ours(tmp_path: Path) -> None:
    put(tmp_path, "loras/.a.safetensors", ".ops/1/old/0.safetensors", "loras/.cache/b.safetensors")
    assert found(scan(tmp_path)) == {}


def test_links_are_followed_to_what_they_lead_to_and_loops_end(tmp_path: Path) -> None:
    store, root = tmp_path / "store", tmp_path / "models"
    put(store, "0123abcd.safetensors", "more/b.safetensors")
    (root / "loras").mkdir(parents=True)
    (root / "loras/a.safetensors").symlink_to(store / "0123abcd.safetensors")
    (root / "loras/more").symlink_to(store / "more")
    (store / "more/back").symlink_to(store / "more")
    (root / "loras/up").symlink_to(root)
    result = scan(root)
    assert set(found(result)) == {"loras/a.safetensors", "loras/more/b.safetensors"}
    assert result.files[0].state.inode == (store / "0123abcd.safetensors").stat().st_ino or len(result.files) == 2


def test_many_ways_to_one_directory_come_to_an_end(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / str(number)).mkdir()
        put(tmp_path, f"{number}/a.gguf")
        for other in range(12):
            (tmp_path / str(number) / f"to{other}").symlink_to(tmp_path / str(other))
    assert 12 <= len(scan(tmp_path).files) <= 12 * 8


def test_a_link_that_leads_nowhere_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").symlink_to("/nowhere/b.safetensors")
    assert scan(tmp_path).problems == (("a.safetensors", "its link leads nowhere: /nowhere/b.safetensors"),)


def test_an_absent_root_is_absent(tmp_path: Path) -> None:
    result = scan(tmp_path / "unmounted")
    assert not result.present
    assert result.files == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_an_unreadable_directory_is_reported_and_the_rest_found(tmp_path: Path) -> None:
    put(tmp_path, "loras/a.gguf", "closed/b.gguf")
    (tmp_path / "closed").chmod(0)
    result = scan(tmp_path)
    (tmp_path / "closed").chmod(0o755)
    assert set(found(result)) == {"loras/a.gguf"}
    assert [path for path, _ in result.problems] == ["closed"]


def test_names_of_all_kinds_are_found_as_they_are(tmp_path: Path) -> None:
    names = ["ä.gguf", "a\u0308.gguf", "模型 (1).gguf", os.fsdecode(b"\xff\xfe.gguf"), "a\nb.gguf"]
    for name in names:
        with open(os.path.join(tmp_path, name), "wb"):
            pass
    assert set(found(scan(tmp_path))) == set(names)


def test_what_vanishes_while_it_is_looked_at_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, *(f"loras/{number}.gguf" for number in range(20)))
    real = os.scandir

    def scandir(path: str):  # type: ignore[no-untyped-def]
        entries = real(path)
        if path.endswith("loras"):
            for number in range(10):
                (tmp_path / f"loras/{number}.gguf").unlink()
        return entries

    monkeypatch.setattr(os, "scandir", scandir)
    assert len(scan(tmp_path).files) == 10
