"""The link to the models directory, and what may be removed for it."""

import os
from pathlib import Path

import pytest

from comfydock_core.managers.model_symlink_manager import ModelSymlinkManager
from comfydock_core.models.exceptions import ModelsDirectoryNotFound, UnexpectedDirectory


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    (tmp_path / "shared").mkdir()
    return tmp_path / "shared"


def test_a_stock_directory_is_replaced(tmp_path: Path, shared: Path) -> None:
    for name in ("checkpoints/put_checkpoints_here", "vae/.gitkeep", "Put models here.txt"):
        (tmp_path / "models" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "models" / name).write_text("")
    ModelSymlinkManager(str(tmp_path / "models")).link_to(str(shared))
    assert os.readlink(tmp_path / "models") == str(shared)


@pytest.mark.parametrize("name", ["m.safetensors", "put_me_elsewhere.txt", "readme"])
def test_a_directory_with_files_stays(tmp_path: Path, shared: Path, name: str) -> None:
    (tmp_path / "models/vae").mkdir(parents=True)
    (tmp_path / "models/vae" / name).write_text("mine")
    with pytest.raises(UnexpectedDirectory) as caught:
        ModelSymlinkManager(str(tmp_path / "models")).link_to(str(shared))
    assert caught.value.context["files"] == [f"vae/{name}"]
    assert (tmp_path / "models/vae" / name).read_text() == "mine"


def test_a_link_in_a_directory_counts_as_a_file(tmp_path: Path, shared: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "vae").symlink_to(shared)
    with pytest.raises(UnexpectedDirectory):
        ModelSymlinkManager(str(tmp_path / "models")).link_to(str(shared))


def test_a_link_to_elsewhere_is_replaced(tmp_path: Path, shared: Path) -> None:
    (tmp_path / "models").symlink_to(tmp_path / "nowhere")
    ModelSymlinkManager(str(tmp_path / "models")).link_to(str(shared))
    assert os.readlink(tmp_path / "models") == str(shared)


def test_a_missing_models_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelsDirectoryNotFound):
        ModelSymlinkManager(str(tmp_path / "models")).link_to(str(tmp_path / "nowhere"))


def test_stock_files_of_a_checkout_go_into_the_models_directory_and_over_nothing(tmp_path: Path, shared: Path) -> None:
    for name in ("configs/v1.yaml", "configs/v2.yaml", "vae/put_vae_here", "clip/a.json"):
        (tmp_path / "models" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "models" / name).write_text("stock")
    (shared / "configs").mkdir()
    (shared / "configs/v1.yaml").write_text("mine")
    (shared / "clip").write_text("a file of mine")
    ModelSymlinkManager(str(tmp_path / "models")).replace_checkout_directory(str(shared))
    assert os.readlink(tmp_path / "models") == str(shared)
    assert (shared / "configs/v1.yaml").read_text() == "mine"
    assert (shared / "configs/v2.yaml").read_text() == "stock"
    assert sorted(os.listdir(shared)) == ["clip", "configs"]
