"""What a model is, in one line, from what its header says. On the path of `model index find`: plain functions."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_WRITTEN = {
    "lora": "LoRA",
    "vae": "VAE",
    "vae approximation": "VAE approximation",
    "controlnet": "ControlNet",
    "clip vision": "CLIP vision model",
    "ip adapter": "IP-Adapter",
    "t2i adapter": "T2I-Adapter",
}
_OF_A_FAMILY = ("checkpoint", "diffusion model", "text encoder", "clip vision")  # Written after the family's name.


def header_words(header: "Mapping[str, Any]") -> str:
    """One line, such as `LoRA for Flux.1, rank 16, bf16`; empty when nothing is known. Missing keys are unknown."""
    parts = [_name(header.get("kind"), header.get("family"))]
    if header.get("rank") is not None:
        parts.append(f"rank {header['rank']}")
    dtypes = header.get("dtypes") or {}
    parts.append((header.get("details") or {}).get("quantisation") or max(dtypes, key=dtypes.__getitem__, default=""))
    if header.get("whole") is False:
        parts.append("damaged")
    return ", ".join(part for part in parts if part)


def _name(kind: str | None, family: str | None) -> str:
    if kind is None:
        return family or ""
    written = _WRITTEN.get(kind, kind)
    if family is None:
        return written
    return f"{family} {written}" if kind in _OF_A_FAMILY else f"{written} for {family}"
