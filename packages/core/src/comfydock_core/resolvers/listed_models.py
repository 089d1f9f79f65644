"""Which of ComfyUI's folders a file of the list of models belongs in, as one environment has them."""

from comfydock_core.models.model_files.folders import ModelFolders
from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.utils.text import folded

# The usual folder of each kind, for entries that name no directory.
_USUAL = {
    "checkpoint": "checkpoints",
    "clip": "text_encoders",
    "clip_vision": "clip_vision",
    "controlnet": "controlnet",
    "diffusion_model": "diffusion_models",
    "embedding": "embeddings",
    "gligen": "gligen",
    "lora": "loras",
    "t2i-adapter": "controlnet",
    "t2i-style": "style_models",
    "taesd": "vae_approx",
    "text_encoders": "text_encoders",
    "unet": "diffusion_models",
    "upscale": "upscale_models",
    "vae": "vae",
}
# What libraries call the file of any model: such a name tells nothing of its content.
_OF_ANY_MODEL = frozenset(
    {
        "adapter_model",
        "diffusion_pytorch_model",
        "last",
        "latest",
        "model",
        "pytorch_lora_weights",
        "pytorch_model",
        "unet",
        "vae",
    }
)


def folders_of(entry: ModelListEntry, folders: ModelFolders) -> tuple[str, ...]:
    """The folders that ComfyUI would show the file in, in its order; none where the environment has none for it."""
    if not entry.save_path:
        usual = folders.folder(_USUAL.get(folded(entry.kind), ""))
        return () if usual is None else (usual.name,)
    named = folders.folder(entry.save_path.partition("/")[0])
    place = None if folders.models is None else f"{folders.models}/{entry.save_path}/"
    return tuple(
        one.name
        for one in folders
        if one is named or (place is not None and any(place.startswith(f"{each}/") for each in one.directories))
    )


def tells_content(file_name: str) -> bool:
    """Whether files of this name are likely to be one model: `model.safetensors` is thousands."""
    return folded(file_name.partition(".")[0]) not in _OF_ANY_MODEL
