"""What was noted of a workflow's models is found again, whatever became of their names."""

import pytest

from comfydock_core.core.usecases.workflows.earlier_models import EarlierModels
from comfydock_core.core.usecases.workflows.model_notes import category_of
from comfydock_core.models.workflow.dependencies import ModelReference
from comfydock_core.models.workflow.entries import ModelEntry, ModelUse, WorkflowEntry
from comfydock_core.models.workflow.prompt_view import NamedModel

RESOLVED = ModelEntry("m.pt", "vae", "optional", "resolved", (ModelUse("1", "L", 0, "sub/m.pt"),), "aa")
INTENT = ModelEntry(
    "gone.pt", "vae", "required", "unresolved", (ModelUse("2", "L", 0, "gone.pt"),), None, ("https://x/gone",),
    "vae/x.pt",
)  # fmt: skip
EARLIER = EarlierModels(WorkflowEntry("w", models=(RESOLVED, INTENT)))


@pytest.mark.parametrize(
    ("use", "names", "digest", "found"),
    [
        (ModelUse("1", "L", 0, "sub/m.pt"), ["other.pt"], None, RESOLVED),
        (ModelUse("9", "L", 3, "renamed.pt"), ["renamed.pt"], "aa", RESOLVED),
        (ModelUse("9", "L", 3, "deep/m.pt"), ["deep/m.pt", "m.pt"], None, RESOLVED),
        (ModelUse("1", "L", 0, "another.pt"), ["another.pt"], "bb", RESOLVED),
        (ModelUse("9", "L", 3, "another.pt"), ["another.pt"], "bb", None),
    ],
    ids=["the very use", "the content", "the name", "the widget", "nothing"],
)
def test_a_model_is_known_by_its_use_its_content_its_name_or_its_widget(
    use: ModelUse, names: list[str], digest: str | None, found: ModelEntry | None
) -> None:
    assert EARLIER.of(use, names, digest) == found


def test_sources_belong_to_a_missing_model_of_the_same_value_alone() -> None:
    assert (EARLIER.sources("gone.pt"), EARLIER.place("gone.pt")) == (("https://x/gone",), "vae/x.pt")
    assert (EARLIER.sources("m.pt"), EARLIER.place("m.pt")) == ((), None)


def test_a_content_is_meant_by_the_very_value_alone() -> None:
    assert EARLIER.hash_of(ModelUse("1", "L", 0, "sub/m.pt")) == "aa"
    assert EARLIER.hash_of(ModelUse("1", "L", 0, "m.pt")) is None


@pytest.mark.parametrize(
    ("value", "folders", "directory", "category"),
    [
        ("a.pt", ("vae", "vae_approx"), "vae_approx", "vae_approx"),
        ("a.pt", ("vae", "vae_approx"), "elsewhere", "vae"),
        ("loras\\a.pt", (), None, "loras"),
        ("mine/a.pt", (), None, "unknown"),
        ("a.pt", (), None, "unknown"),
    ],
)
def test_where_a_missing_model_belongs(
    value: str, folders: tuple[str, ...], directory: str | None, category: str
) -> None:
    named = NamedModel("a.pt", directory) if directory else None
    assert category_of(ModelReference("1", "L", "x", value, folders, named=named)) == category
