"""Reading ComfyUI's `extra_model_paths.yaml`: as much of YAML as such files are made of, and no more is guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.repositories.extra_model_paths import parse_extra_model_paths

EXAMPLE = """#Rename this to extra_model_paths.yaml and ComfyUI will load it

#all you have to do is change the base_path to where yours is installed
a111:
    base_path: "/data/web ui/"   # with a space

    checkpoints: models/Stable-diffusion
    loras: |
        models/Lora
        models/LyCORIS

    embeddings: 'it''s here'
    is_default: true
#other:
#    base_path: /nowhere
comfyui:
  base_path: /data/models#1
  vae: it's mine # a comment
"""


def test_a_file_as_comfyui_shows_it_is_read() -> None:
    found = parse_extra_model_paths(EXAMPLE)
    assert found.sections == {
        "a111": {
            "base_path": "/data/web ui/",
            "checkpoints": "models/Stable-diffusion",
            "loras": "models/Lora\nmodels/LyCORIS",
            "embeddings": "it's here",
            "is_default": "true",
        },
        "comfyui": {"base_path": "/data/models#1", "vae": "it's mine"},
    }
    assert found.unread == []


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("a:\n  loras:\n    - one\n    - two\n", [3, 4]),
        ("a: {loras: one}\n", [1]),
        ("a:\n  loras: [one, two]\n", [2]),
        ("a:\n  <<: *others\n", [2]),
        ("a:\n\tloras: one\n", [2]),
        ("  loras: one\n", [1]),
    ],
)
def test_what_only_yaml_itself_understands_is_told_and_not_guessed(text: str, unread: list[int]) -> None:
    assert parse_extra_model_paths(text).unread == unread


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    parse_extra_model_paths(text)
