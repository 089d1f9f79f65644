"""Which folders the files of the list of models belong in."""

import pytest

from comfydock_core.models.model_files.folders import ModelFolder, ModelFolders
from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.repositories.node_data.published_models import read_model_list
from comfydock_core.resolvers.listed_models import folders_of, tells_content
from tests.support.shared import shared_data

ENDS = frozenset({".safetensors"})


def folder(name: str, *directories: str) -> ModelFolder:
    return ModelFolder(name, tuple(f"/c/models/{one}" for one in directories or (name,)), ENDS)


FOLDERS = ModelFolders(
    (
        folder("checkpoints"),
        folder("loras"),
        folder("vae"),
        folder("text_encoders", "text_encoders", "clip"),
        folder("diffusion_models", "unet", "diffusion_models"),
        folder("upscale_models"),
        folder("ultralytics_bbox", "ultralytics/bbox"),
        ModelFolder("elsewhere", ("/disk/elsewhere",), ENDS),
    ),
    "/c/models",
    {"clip": "text_encoders", "unet": "diffusion_models"},
)


def of(save_path: str, kind: str = "") -> tuple[str, ...]:
    return folders_of(ModelListEntry("a.safetensors", "https://h.example/a", save_path, kind), FOLDERS)


@pytest.mark.parametrize(
    ("save_path", "kind", "names"),
    [
        ("checkpoints/SD1.5", "checkpoint", ("checkpoints",)),
        ("clip/t5", "clip", ("text_encoders",)),
        ("unet", "unet", ("diffusion_models",)),
        ("ultralytics/bbox", "Ultralytics", ("ultralytics_bbox",)),
        ("ultralytics/segm", "Ultralytics", ()),
        ("elsewhere/x", "", ("elsewhere",)),
        ("vae_of_mine", "VAE", ()),
        ("instance_models", "x", ()),
        ("", "upscale", ("upscale_models",)),
        ("", "VAE", ("vae",)),
        ("", "clip", ("text_encoders",)),
        ("", "controlnet", ()),
        ("", "Janus-Pro", ()),
    ],
)
def test_a_file_belongs_where_its_directory_or_its_kind_says(save_path: str, kind: str, names: tuple[str, ...]) -> None:
    assert of(save_path, kind) == names


@pytest.mark.parametrize(
    ("name", "tells"),
    [
        ("model.safetensors", False),
        ("Diffusion_PyTorch_Model.fp16.safetensors", False),
        ("pytorch_lora_weights.safetensors", False),
        ("flux1-dev-fp8.safetensors", True),
        ("model-of-mine.safetensors", True),
    ],
)
def test_names_that_libraries_give_every_model_tell_nothing(name: str, tells: bool) -> None:
    assert tells_content(name) is tells


def test_most_of_the_real_list_belongs_in_folders_of_comfyui_itself() -> None:
    entries, _ = read_model_list(shared_data("manager", "model-list.json").read_bytes())
    names = (
        "checkpoints", "clip_vision", "controlnet", "diffusers", "diffusion_models", "embeddings", "gligen",
        "latent_upscale_models", "loras", "model_patches", "photomaker", "style_models", "text_encoders",
        "upscale_models", "vae", "vae_approx",
    )  # fmt: skip
    own = ModelFolders(tuple(folder(name) for name in names), "/c/models")
    placed = [one for one in entries if folders_of(one, own)]
    assert len(placed) > 400
    assert {one.save_path for one in placed if one.kind == "Ultralytics"} == set()
