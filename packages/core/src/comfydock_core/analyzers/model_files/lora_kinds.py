"""LoRAs and their relatives: what they were trained for, by the names and widths of the layers they change."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from comfydock_core.analyzers.model_files.content import Tensor

_HINTS = ("lora", "hada_w", "lokr_w", "oft_")
_PART = re.compile(
    r"[._](?P<part>lora_down|lora_up|lora_A|lora_B|lora[._]down|lora[._]up|lora_linear_layer[._](?:down|up)"
    r"|hada_[wt][12](?:_[ab])?|lokr_[wt][12](?:_[ab])?|oft_blocks|oft_diag)(?:\.default)?(?:\.weight)?$"
)
_PREFIX = re.compile(
    r"^(?:unet\.)?(?:base_model\.model\.)?(?:lora_unet_|lora_prior_unet_|lora_transformer_|lycoris_|lora_te(?P<encoder>\d?)_"
    r"|(?P<text>text_encoders?(?:_\d)?\.)|model\.diffusion_model\.|diffusion_model\.|transformer\.|unet\.)?"
)
_NUMBER = re.compile(r"(?<=_)\d+(?=_|$)")
_DOWN = {"lora_down", "lora_A", "lora.down", "lora_linear_layer.down", "hada_w1_b", "lora_linear_layer_down"}
_UP = {"lora_up", "lora_B", "lora.up", "lora_linear_layer.up", "hada_w1_a", "lora_linear_layer_up"}
_RANK = {*_DOWN, "lokr_w1_b", "lokr_w2_b"}


class Lora(NamedTuple):
    """What a LoRA is for, and the rank that most of its layers have."""

    family: str | None
    rank: int | None


class _Layers(NamedTuple):
    """The layers that are changed, each kind once: `#` stands for the numbers of blocks. Widths are 0 if unknown."""

    inputs: dict[str, int]
    outputs: dict[str, int]
    blocks: dict[str, int]  # The highest number of each sort of block.
    encoders: set[str]

    def width(self, *names: str) -> int | None:
        """The input width of the first of these layers that is there."""
        return next((self.inputs[name] for name in names if name in self.inputs), None)


def lora_of(tensors: Mapping[str, Tensor]) -> Lora | None:
    """What the LoRA is, or `None` when these are not the tensors of one."""
    if not any(hint in name for name in tensors for hint in _HINTS):
        return None
    layers = _Layers({}, {}, {}, set())
    ranks: Counter[int] = Counter()
    parts = 0
    for name, tensor in tensors.items():
        found = _PART.search(name)
        if found is None:
            continue
        parts += 1
        part = found["part"]
        if part in _RANK and tensor.shape:
            ranks[tensor.shape[0]] += 1
        _note(layers, name[: found.start()], part, tensor.shape)
    if parts * 4 < len(tensors):  # Alphas, biases and norms go along; a model with a few such names is none.
        return None
    return Lora(_family(layers), max(ranks, key=lambda rank: (ranks[rank], rank)) if ranks else None)


def _note(layers: _Layers, name: str, part: str, shape: tuple[int, ...]) -> None:
    prefix = _PREFIX.match(name)
    assert prefix is not None
    if prefix["encoder"] is not None or prefix["text"]:
        layers.encoders.add(prefix["encoder"] or prefix["text"] or "")
        return
    plain = name[prefix.end() :].replace(".", "_").replace("_processor_to_", "_to_")
    numbers = _NUMBER.search(plain)
    kind = _NUMBER.sub("#", plain)
    if numbers is not None:
        sort = plain[: numbers.start()]
        layers.blocks[sort] = max(layers.blocks.get(sort, 0), int(numbers[0][:9]))
    layers.inputs.setdefault(kind, 0)
    if len(shape) > 1 and part in _DOWN:
        layers.inputs[kind] = shape[1]
    elif part in _UP and shape:
        layers.outputs[kind] = max(layers.outputs.get(kind, 0), shape[0])


def _family(layers: _Layers) -> str | None:
    for rule in (_stable_diffusion, _double_and_single, _diffusers, _wan, _others):
        family = rule(layers)
        if family is not None:
            return family
    return "SDXL" if "2" in layers.encoders and not layers.inputs else None


def _stable_diffusion(layers: _Layers) -> str | None:
    """The cross attention is as wide as what the text encoders give."""
    families = {768: "SD 1.5", 1024: "SD 2", 2048: "SDXL", 1280: "SDXL Refiner"}
    for name, width in layers.inputs.items():
        if name.endswith(("attn2_to_k", "attn2_to_v")) and _UNET.match(name):
            return families.get(width)
    return None


_UNET = re.compile(r"(?:(?:down|up|mid)_blocks?|(?:input|output)_blocks|middle_block)_")


def _double_and_single(layers: _Layers) -> str | None:
    """Flux and those built like it, by the names of their authors."""
    if any(name.startswith("distilled_guidance_layer") for name in layers.inputs):
        return "Chroma"
    if not any(name.startswith(("double_blocks_", "single_blocks_")) for name in layers.inputs):
        return None
    last = layers.blocks.get("double_blocks_", 0), layers.blocks.get("single_blocks_", 0)
    if last[0] > 18 or last[1] > 37 or "double_blocks_#_img_mlp_fc1" in layers.inputs:
        return "Hunyuan Video"
    width = (
        layers.width("single_blocks_#_linear1", "double_blocks_#_img_attn_qkv", "double_blocks_#_img_attn_proj") or 0
    )
    wide = {layers.outputs.get("single_blocks_#_linear1", 0), layers.outputs.get("double_blocks_#_img_mlp_#", 0)}
    if width in (4096, 6144) or wide & {27648, 18432}:
        return "Flux.2"
    return "Flux.1" if wide & {21504, 12288} or (width == 3072 and (last[0] > 7 or last[1] > 23)) else None


def _diffusers(layers: _Layers) -> str | None:
    """Those with joint blocks, by the names that `diffusers` gives them."""
    if "single_transformer_blocks_#_attn_to_qkv_mlp_proj" in layers.inputs:
        return "Flux.2"
    last = layers.blocks.get("transformer_blocks_", 0), layers.blocks.get("single_transformer_blocks_", -1)
    if last[1] >= 0:
        return "Hunyuan Video" if last[0] > 18 or last[1] > 37 else "Flux.1"
    joint = any(name.startswith("transformer_blocks_#_attn_add_") for name in layers.inputs)
    names = (
        "transformer_blocks_#_img_mod_#",
        "transformer_blocks_#_img_mlp_net_#_proj",
        "transformer_blocks_#_img_mlp_net_#",
    )
    if any(name in layers.inputs for name in names) or (joint and last[0] > 37):
        return "Qwen-Image"
    widths = {1536: "SD 3", 2432: "SD 3.5"}
    return widths.get(layers.width("transformer_blocks_#_attn_add_k_proj", "transformer_blocks_#_attn_to_k") or 0)


def _wan(layers: _Layers) -> str | None:
    names = (
        "blocks_#_self_attn_k",
        "blocks_#_self_attn_q",
        "blocks_#_cross_attn_k",
        "blocks_#_attn1_to_k",
        "blocks_#_attn1_to_q",
    )
    widths = {1536: "Wan 2.1", 3072: "Wan 2.2", 5120: "Wan 2.1/2.2"}
    return widths.get(layers.width(*names) or 0)


def _others(layers: _Layers) -> str | None:
    widths = {
        ("layers_#_attention_to_k", 3840): "Z-Image",
        ("layers_#_attention_qkv", 3840): "Z-Image",
        ("layers_#_attention_to_k", 2304): "Lumina 2",
        ("layers_#_attention_qkv", 2304): "Lumina 2",
        ("transformer_blocks_#_attn1_to_k", 2048): "LTX Video",
        ("transformer_blocks_#_attn1_to_k", 4096): "LTX-2",
        ("transformer_blocks_#_attn1_to_k", 1152): "PixArt",
    }
    for name, width in layers.inputs.items():
        if (name, width) in widths:
            return widths[name, width]
        if name.startswith("joint_blocks_#_"):
            return "SD 3"
        if name.startswith("double_stream_blocks_#_block"):
            return "HiDream-I1"
        if name.startswith("llm_adapter_"):
            return "Anima"
    return "Cosmos Predict2/Anima" if "blocks_#_cross_attn_k_proj" in layers.inputs else None
