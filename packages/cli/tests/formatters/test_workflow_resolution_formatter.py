"""What is said of models that are missing."""

from comfydock_cli.formatters.workflow_resolution_formatter import planned_resolution
from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.models.workflow.candidates import ResolutionResult
from comfydock_core.models.workflow.checks import MISSING, ModelMatch
from comfydock_core.models.workflow.dependencies import ModelReference
from comfydock_core.models.workflow.entries import WorkflowEntry
from comfydock_core.models.workflow.model_origin import FROM_LIST
from comfydock_core.models.workflow.plans import WantedModel, WorkflowResolution

REFERENCE = ModelReference("1", "Load", "name", "base.pt", ("vae",))


def plan(
    fetch: tuple[WantedModel, ...] = (), offered: dict[str, tuple[ModelListEntry, ...]] | None = None
) -> WorkflowResolution:
    return WorkflowResolution(
        environment="e", name="w", path="/w.json", classes=ResolutionResult(()), matches=(), add=(), open=(),
        changes=(), fetch=fetch, missing=() if fetch else (ModelMatch(REFERENCE, MISSING),), unclear=(), elsewhere=(),
        entry=WorkflowEntry("w"), models=(), read=b"", content=None, offered=offered or {},
    )  # fmt: skip


def test_where_a_source_is_known_from_is_told() -> None:
    wanted = WantedModel(REFERENCE, ("https://h.example/a",), "vae/base.pt", "flexible", None, FROM_LIST)
    result = planned_resolution(plan((wanted,)), [wanted], why=False)
    assert "listed by ComfyUI-Manager under this name" in result.text
    assert result.data["fetch"][0]["known_from"] == "model-list"  # type: ignore[index]


def test_what_may_be_chosen_is_told_with_how() -> None:
    entries = tuple(ModelListEntry("base.pt", f"https://h.example/{at}", size="4GB") for at in (1, 2))
    result = planned_resolution(plan(offered={"base.pt": entries}), [], why=False)
    assert "https://h.example/1" in result.text
    assert "https://h.example/2" in result.text
    assert "comfydock model download URL --to" in result.text
    assert [one["url"] for one in result.data["offered"]["base.pt"]] == [one.url for one in entries]  # type: ignore[index]
