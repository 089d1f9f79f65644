"""The line of `status` about workflows, and the names below it."""

import pytest

from comfydock_cli.formatters.status_formatter import status_text
from comfydock_core.models.environment import (
    ComfyUIState,
    EnvironmentStatus,
    GitStatus,
    ModelsLinkState,
    PackageSyncStatus,
    PackState,
)
from comfydock_core.models.workflow import DetailedWorkflowStatus, WorkflowState


def told(*workflows: WorkflowState, unknown: str | None = None) -> str:
    status = EnvironmentStatus(
        "work", "/work", True, "3.12", None, ComfyUIState(None, None, None, True), GitStatus(False),
        PackageSyncStatus("in-sync", None), PackState(), ModelsLinkState("linked", "/m", "/m"),
    )  # fmt: skip
    status.workflows = DetailedWorkflowStatus(list(workflows), unknown)
    return status_text(status).partition("  workflows   ")[2]


def one(state: str = "unchanged", check: str | None = "fine", needs: int = 0, name: str = "a") -> WorkflowState:
    made = WorkflowState(name, state, check)
    made.needs = {"missing-model": needs} if needs else {}
    return made


@pytest.mark.parametrize(
    ("workflows", "line"),
    [
        ([one()], "1"),
        ([one(), one("changed"), one("new"), one("deleted", None)], "3, 1 changed, 1 new, 1 deleted"),
        ([one(check="needs", needs=2)], "1, 1 needs something (`comfydock workflow check --all -e work`)"),
        ([one(check="needs", needs=2)] * 2, "2, 2 need something (`comfydock workflow check --all -e work`)"),
        ([one(check="not-checked")], "1, 1 not checked (`comfydock workflow check --all -e work`)"),
    ],
)
def test_the_line_counts_only_what_there_is(workflows: list[WorkflowState], line: str) -> None:
    assert told(*workflows).partition("\n")[0] == line


def test_those_that_changed_or_need_something_are_named() -> None:
    text = told(one("changed"), one(check="needs", needs=1, name="b\x1b[2J"), one("deleted", None, name="c"))
    assert "    - c\n    ~ a\n" in text
    assert "needs 1 thing\n" in text
    assert "\x1b" not in text


def test_many_are_only_counted() -> None:
    assert told(*[one("changed")] * 30).endswith("    ~ 20 more\n")


def test_a_directory_that_cannot_be_listed_is_unknown() -> None:
    assert told(unknown="not allowed") == "unknown\n    ? not allowed\n"
