"""What a model is, by its tensors. What they do not prove stays unknown."""

from collections.abc import Mapping
from typing import NamedTuple

from comfydock_core.analyzers.model_files import kind_rules as rules
from comfydock_core.analyzers.model_files.content import Tensor
from comfydock_core.analyzers.model_files.kind_rules import Rule
from comfydock_core.analyzers.model_files.lora_kinds import lora_of

Tensors = Mapping[str, Tensor]
Kind = tuple[str | None, str | None, int | None]  # Its kind, its family, and its rank.

_IN_CHECKPOINT = "model.diffusion_model."
_DIFFUSION_PREFIXES = (
    _IN_CHECKPOINT,
    "",
    "diffusion_model.",
    "model.model.",
    "model.",
    "net.",
    "transformer.",
    "unet.",
)
_BESIDE_IN_CHECKPOINTS = {
    "first_stage_model",
    "cond_stage_model",
    "conditioner",
    "text_encoders",
    "vae",
    "pretransform",
    "audio_vae",
}
_VAE_PREFIXES = ("", "first_stage_model.", "vae.", "module.")
_TEXT_PREFIXES = ("", "text_encoder.", "encoder.", "cond_stage_model.transformer.")
_PLAIN_PREFIXES = ("", "control_model.", "module.", "model.", "wav2vec2.")
_FEW = 8
_EMBEDDINGS = {"emb_params", "*", "clip_l", "clip_g", "t5xxl"}
_EMBEDDING_WIDTHS = {768: "SD 1.5", 1024: "SD 2"}


class _Model(NamedTuple):
    """The tensors, and the first parts of their names: a prefix that is not among these needs no further look."""

    tensors: Tensors
    heads: set[str]


def kind_of(tensors: Tensors) -> Kind:
    """The kind and family of a model that has these tensors, and the rank of a LoRA."""
    model = _Model(tensors, {name.partition(".")[0] for name in tensors})
    if rule := _first(model, rules.ADDITIONS, _PLAIN_PREFIXES):
        return rule.kind, rule.family, None
    lora = lora_of(tensors)
    if lora is not None:
        return rules.LORA, lora.family, lora.rank
    return _model_kind(model)


def _model_kind(model: _Model) -> Kind:
    for prefix in _DIFFUSION_PREFIXES:
        if rule := _first(model, rules.DIFFUSION_MODELS, (prefix,)):
            return _within(model, prefix), rule.family, None
    if any(name.startswith(_IN_CHECKPOINT) for name in model.tensors):
        return _within(model, _IN_CHECKPOINT), None, None
    for table, prefixes in (
        (rules.VAES, _VAE_PREFIXES),
        (rules.TEXT_ENCODERS, _TEXT_PREFIXES),
        (rules.IMAGE_ENCODERS, _PLAIN_PREFIXES),
        (rules.OTHERS, _PLAIN_PREFIXES),
    ):
        if rule := _first(model, table, prefixes):
            return rule.kind, rule.family, None
    return _embedding(model.tensors)


def _within(model: _Model, prefix: str) -> str:
    """A diffusion model that has its VAE or its text encoders beside it is a checkpoint."""
    if prefix in (_IN_CHECKPOINT, "model.model.") and model.heads & _BESIDE_IN_CHECKPOINTS:
        return rules.CHECKPOINT
    return rules.DIFFUSION_MODEL


def _first(model: _Model, table: tuple[Rule, ...], prefixes: tuple[str, ...]) -> Rule | None:
    for prefix in prefixes:
        if prefix and prefix.partition(".")[0] not in model.heads:
            continue
        for rule in table:
            if prefix + rule.names[0] in model.tensors and _holds(rule, model.tensors, prefix):
                return rule
    return None


def _holds(rule: Rule, tensors: Tensors, prefix: str) -> bool:
    if any(prefix + name not in tensors for name in rule.names):
        return False
    if any(prefix + name in tensors for name in rule.without):
        return False
    return all(_has_side(tensors.get(prefix + side.name), side) for side in rule.sides)


def _has_side(tensor: Tensor | None, side: rules.Side) -> bool:
    if tensor is None:
        return False
    shape = tensor.shape
    if side.axis is None:
        return len(shape) == side.length
    return -len(shape) <= side.axis < len(shape) and shape[side.axis] == side.length


def _embedding(tensors: Tensors) -> Kind:
    """Textual inversions: a few vectors of the width that the text encoder has."""
    if not 0 < len(tensors) <= _FEW or not _EMBEDDINGS & tensors.keys():
        return None, None, None
    if "clip_l" in tensors and "clip_g" in tensors:
        return rules.EMBEDDING, "SDXL", None
    widths = {tensor.shape[-1] for tensor in tensors.values() if tensor.shape}
    families = {_EMBEDDING_WIDTHS.get(width) for width in widths}
    return rules.EMBEDDING, families.pop() if len(families) == 1 else None, None
