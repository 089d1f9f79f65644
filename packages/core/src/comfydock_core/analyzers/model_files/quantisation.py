"""How the weights of a model are quantised, where the names of what goes along with them say it."""

from collections.abc import Mapping

from comfydock_core.analyzers.model_files.content import Tensor

# What a tensor beside the weights ends in, most telling first.
_ENDINGS = {
    "bitsandbytes__nf4": "bitsandbytes nf4",
    "bitsandbytes__fp4": "bitsandbytes fp4",
    "wscales": "SVDQuant",
    "weight_scale_2": "nvfp4",
    "scaled_fp8": "fp8 scaled",
    "SCB": "bitsandbytes int8",
}


def quantisation_of(tensors: Mapping[str, Tensor]) -> str | None:
    """The name of the scheme, or `None` where none shows."""
    ends = {name.rpartition(".")[2] for name in tensors}
    return next((scheme for end, scheme in _ENDINGS.items() if end in ends), None)
