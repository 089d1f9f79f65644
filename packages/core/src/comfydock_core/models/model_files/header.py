"""What a model file is, as far as its header tells."""

from collections.abc import Mapping
from dataclasses import asdict, field, fields

from comfydock_core.models.model_files.header_words import header_words
from comfydock_core.records import record

SAFETENSORS = "safetensors"
GGUF = "gguf"
PICKLE = "pickle"
LEGACY_PICKLE = "pickle-legacy"
ONNX = "onnx"
UNKNOWN = "unknown"


@record
class ModelHeader:
    """What the header of a model file says. Nothing is guessed from its name or its folder.

    `format` is one of the constants above: `pickle` is PyTorch's ZIP archive, `pickle-legacy` a pickle without one.
    `whole` is true when the file is as long as its header says, false when it is truncated or damaged, and `None` when
    that cannot be told; `problem` says in words why it is not true.

    `kind` is what the file is for (`checkpoint`, `lora`, `vae`, `text encoder`, `diffusion model`, `controlnet`,
    `upscaler`, `embedding`, …), `family` what it was made for (`SDXL`, `Flux.1`, …) or, of encoders, what it is
    (`T5-XXL`); `None` is unknown.

    `dtypes` has the number of elements by data type, most first; `parameters` is their sum and `tensors` the number of
    tensors. Quantised weights that are packed in bytes count as these. `rank` is the usual rank of a LoRA. `details`
    are a few more strings worth showing.
    """

    format: str = UNKNOWN
    whole: bool | None = None
    problem: str | None = None
    kind: str | None = None
    family: str | None = None
    dtypes: Mapping[str, int] = field(default_factory=dict)
    parameters: int | None = None
    tensors: int | None = None
    rank: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """One line, such as `LoRA for Flux.1, rank 16, bf16`; empty when nothing is known."""
        return header_words(self.as_dict())

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON, which `from_dict` understands."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "ModelHeader":
        """What `as_dict` gave. Keys of a later version are passed over; raises nothing for what is missing."""
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})  # type: ignore[arg-type]
