"""Real workflows read with the classes of a real checkout, whose code nobody runs, beside what the real editor sends.

The editor's prompts lie beside the repository; `COMFYDOCK_TEST_COMFYUI` names a checkout of ComfyUI 0.33.0.
"""

import os
from pathlib import Path

import pytest

from comfydock_core.analyzers.class_inputs import read_class_inputs
from comfydock_core.analyzers.code.class_files import files_of_comfyui
from tests.support.editor_prompts import SHIFTED, UNEXPLAINED, Comparison, compare, editor_prompts
from tests.support.real_workflows import real_workflows
from tests.support.shared import shared_data

REAL = os.environ.get("COMFYDOCK_TEST_COMFYUI")


def _is_that_version() -> bool:
    version = Path(REAL or "/nowhere", "comfyui_version.py")
    return version.is_file() and '"0.33.0"' in version.read_text(encoding="utf-8")


pytestmark = pytest.mark.skipif(
    not _is_that_version(), reason="COMFYDOCK_TEST_COMFYUI names no checkout of ComfyUI 0.33.0"
)


@pytest.fixture(scope="module")
def compared() -> Comparison:
    classes = dict(read_class_inputs(str(REAL), files_of_comfyui(str(REAL))).classes)
    prompts = editor_prompts(shared_data("prompts", "templates.jsonl.gz"))
    found = compare(prompts, real_workflows(), classes, order_known=True)
    print(found.table())
    return found


def test_nearly_every_input_is_as_the_editor_sends_it(compared: Comparison) -> None:
    assert compared.equal / compared.inputs >= 0.992


def test_every_difference_is_explained(compared: Comparison) -> None:
    assert compared.of_rule(UNEXPLAINED) == []


def test_model_inputs_differ_only_where_the_editor_asks_for_a_number(compared: Comparison) -> None:
    differing = [one for one in compared.differences if one.input == "ckpt_name"]
    assert {(one.rule, one.theirs) for one in differing} == {(SHIFTED, ("value", 4096)), (SHIFTED, ("value", 0.6))}
