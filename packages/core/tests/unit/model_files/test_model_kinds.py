"""What a model is, by its tensors: each published family in miniature, and what is like one and is none."""

from pathlib import Path

import pytest

from comfydock_core.analyzers.model_files.header_reading import read_header
from tests.support.model_files import Shapes, write_gguf, write_pickle, write_safetensors
from tests.support.state_dicts import LORAS, MODELS, SD15_UNET, SDXL_UNET, lora


def _name(value: object) -> str | None:
    return value if isinstance(value, str) else None


@pytest.mark.parametrize(("kind", "family", "shapes"), MODELS, ids=_name)
def test_a_published_model_is_known_by_its_tensors(
    tmp_path: Path, kind: str, family: str | None, shapes: Shapes
) -> None:
    header = read_header(str(write_safetensors(tmp_path / "model.safetensors", shapes)))
    assert (header.kind, header.family, header.whole, header.problem) == (kind, family, True, None)


@pytest.mark.parametrize(("family", "layers", "parts"), LORAS, ids=_name)
def test_a_lora_is_known_by_the_layers_that_it_changes(
    tmp_path: Path, family: str | None, layers: Shapes, parts: tuple[str, str]
) -> None:
    shapes = lora(layers, 16, down=parts[0], up=parts[1])
    header = read_header(str(write_safetensors(tmp_path / "lora.safetensors", shapes, "BF16")))
    assert (header.kind, header.family, header.rank) == ("lora", family, 16)


def test_lycoris_names_are_those_of_loras(tmp_path: Path) -> None:
    layer = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
    loha = {f"{layer}.hada_w1_a": (640, 8), f"{layer}.hada_w1_b": (8, 2048), f"{layer}.alpha": ()}
    lokr = {f"{layer}.lokr_w1": (8, 8), f"{layer}.lokr_w2_a": (80, 4), f"{layer}.lokr_w2_b": (4, 256)}
    headers = [read_header(str(write_safetensors(tmp_path / "a.safetensors", shapes))) for shapes in (loha, lokr)]
    assert [(header.kind, header.family, header.rank) for header in headers] == [
        ("lora", "SDXL", 8),
        ("lora", None, 4),
    ]


def test_the_rank_of_a_lora_is_the_usual_one(tmp_path: Path) -> None:
    shapes = {
        **lora({"diffusion_model.blocks.0.self_attn.k": (1536, 1536)}, 64, down="lora_A", up="lora_B"),
        **lora({f"diffusion_model.blocks.{n}.self_attn.q": (1536, 1536) for n in range(3)}, 32),
    }
    assert read_header(str(write_safetensors(tmp_path / "a.safetensors", shapes))).rank == 32


@pytest.mark.parametrize(
    "shapes",
    [
        {},
        {"weight": (4, 4), "bias": (4,)},
        {"input_blocks.0.0.weight": (320, 4, 3, 3)},
        {**SD15_UNET, "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 777)},
        {f"model.layers.{n}.weight": (4, 4) for n in range(100)} | {"model.layers.0.lora_A.weight": (2, 4)},
    ],
)
def test_what_no_rule_proves_stays_unknown(tmp_path: Path, shapes: Shapes) -> None:
    header = read_header(str(write_safetensors(tmp_path / "sdxl_checkpoint_vae_lora.safetensors", shapes)))
    assert (header.kind, header.family, header.rank, header.whole) == (None, None, None, True)


def test_every_format_tells_the_same_of_the_same_tensors(tmp_path: Path) -> None:
    small = {name: shape for name, shape in SDXL_UNET.items() if len(shape) == 2}
    shapes = {**small, "input_blocks.0.0.weight": (8, 4, 1, 1)}
    headers = [
        read_header(str(write_safetensors(tmp_path / "a.safetensors", shapes))),
        read_header(str(write_gguf(tmp_path / "a.gguf", shapes))),
        read_header(str(write_pickle(tmp_path / "a.ckpt", shapes))),
    ]
    assert {header.format for header in headers} == {"safetensors", "gguf", "pickle"}
    assert {(header.kind, header.family, header.parameters, header.tensors) for header in headers} == {
        ("diffusion model", "SDXL", sum(a * b for a, b in small.values()) + 32, 4)
    }


def test_a_model_that_lies_within_another_table_is_known(tmp_path: Path) -> None:
    shapes = {"conv_first.weight": (8, 3, 3, 3), "body.0.rdb1.conv1.weight": (4, 8, 3, 3)}
    header = read_header(str(write_pickle(tmp_path / "x4.pth", shapes, "F32", wrapped="params_ema")))
    assert (header.kind, header.family, header.dtypes) == ("upscaler", "Real-ESRGAN", {"fp32": 504})
