"""Our check of workflows beside a server's own: a ComfyUI that runs is asked about every real workflow.

`COMFYDOCK_TEST_COMFYUI` names its checkout, `COMFYDOCK_TEST_SERVER` its address, such as `http://127.0.0.1:8188`. What
it accepts is taken out of its queue at once; models and inputs are those that lie in the checkout. Nothing is written
there.
"""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from comfydock_core.analyzers.model_files.listing import listed_files
from comfydock_core.analyzers.model_files.model_folders import read_model_folders
from comfydock_core.analyzers.workflows.api_prompt import prompt_of_view
from comfydock_core.analyzers.workflows.opening import OpenedWorkflow, open_workflow, workflow_in
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.workflows.checking import WorkflowChecker
from comfydock_core.core.usecases.workflows.local_models import model_matcher
from comfydock_core.models.workflow.checks import SERVER_TYPES, IssueCode, WorkflowCheck
from comfydock_core.resolvers.environment_classes import environment_classes
from comfydock_core.utils.reporting import SilentReporter
from tests.support.broken_prompts import Breaker, Prompt
from tests.support.real_workflows import real_workflows

REAL = os.environ.get("COMFYDOCK_TEST_COMFYUI")
SERVER = os.environ.get("COMFYDOCK_TEST_SERVER")

pytestmark = pytest.mark.skipif(
    REAL is None or SERVER is None,
    reason="COMFYDOCK_TEST_COMFYUI names no checkout, or COMFYDOCK_TEST_SERVER no ComfyUI of it that runs",
)

_OF_A_WAY = 6  # Prompts that are broken in each way.
_WHOLE = (IssueCode.MISSING_CLASS, IssueCode.NO_OUTPUT)  # With these a server says nothing about single nodes.

Place = tuple[str | None, str | None]  # A node and its input.


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a server says of a prompt: whether it takes all of it, why not at all, and why not of each input."""

    accepted: bool
    error: str | None
    reasons: dict[Place, set[str]]


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> WorkflowChecker:
    """Ours, for an environment whose ComfyUI is the checkout."""
    root = tmp_path_factory.mktemp("workspace")
    environment = EnvironmentLayout(str(root / "environments/real"))
    Path(environment.root).mkdir(parents=True)
    Path(environment.comfyui).symlink_to(Path(str(REAL)).resolve())
    workspace = WorkspaceLayout(str(root))
    known = environment_classes(environment, AnswerCache(workspace.answers), SilentReporter())
    return WorkflowChecker(environment, known, model_matcher(workspace, environment))


@pytest.fixture(scope="module")
def opened() -> dict[str, OpenedWorkflow]:
    return {path.name: open_workflow(str(path)) for path in real_workflows()}


def test_every_real_workflow_runs_for_us_where_the_server_accepts_it_and_else_has_its_reasons(
    checker: WorkflowChecker, opened: dict[str, OpenedWorkflow]
) -> None:
    assert {name: told for name, one in opened.items() if (told := differences(checker, name, one))} == {}


def test_what_is_broken_on_purpose_is_refused_by_the_server_for_our_reason(
    checker: WorkflowChecker, opened: dict[str, OpenedWorkflow]
) -> None:
    broken = list(broken_prompts(checker, opened))
    assert len(broken) == _OF_A_WAY * 11
    told: dict[str, object] = {}
    for name, code, prompt in broken:
        one = workflow_in(prompt)
        found = {issue.code for issue in checker.check(name, one).issues}
        if code is None and found:
            told[name] = found
        elif code is not None and code not in found:
            told[name] = (code, found)
        elif different := differences(checker, name, one):
            told[name] = different
    assert told == {}


def differences(checker: WorkflowChecker, name: str, one: OpenedWorkflow) -> object:
    """What we and the server say otherwise of a workflow, nothing when we agree."""
    check = checker.check(name, one)
    prompt = prompt_of_view(one.view(checker.known.classes, checker.known.editor_only))
    verdict = ask(prompt)
    if check.runs != verdict.accepted:
        return "runs" if check.runs else [str(issue.code) for issue in check.issues], verdict
    return None if check.runs else different_reasons(check, verdict)


def different_reasons(check: WorkflowCheck, verdict: Verdict) -> object:
    whole = [issue.code for issue in check.issues if issue.code in _WHOLE]
    if whole:
        fits = any(verdict.error in SERVER_TYPES[code] for code in whole)
        return None if fits else (whole, verdict.error)
    circle = {issue.node for issue in check.issues if issue.code is IssueCode.CYCLE}
    ours: dict[Place, IssueCode] = {(issue.node, issue.input): issue.code for issue in check.issues}
    only_ours, only_theirs = [], dict(verdict.reasons)
    for (node, name), code in ours.items():
        place = next((one for one in ((node, name), (node, None)) if one in verdict.reasons), (node, name))
        if verdict.reasons.get(place, set()) & set(SERVER_TYPES[code]):
            only_theirs.pop(place, None)
        elif code is IssueCode.CYCLE or node not in circle:  # Of a node in a circle it says nothing else.
            only_ours.append((node, name, code))
    return (only_ours, only_theirs) if only_ours or only_theirs else None


def broken_prompts(
    checker: WorkflowChecker, opened: dict[str, OpenedWorkflow]
) -> Iterator[tuple[str, IssueCode | None, Prompt]]:
    """Some prompts for each way, of different workflows; those that only miss what was broken, if there are such."""
    classes = checker.known.classes
    folders = {one.name: listed_files(one) for one in read_model_folders(str(REAL), None) if one.name != "custom_nodes"}
    whole: list[tuple[str, Prompt]] = []
    for name, one in opened.items():
        if checker.check(name, one).runs:
            prompt: Any = prompt_of_view(one.view(classes, checker.known.editor_only))
            whole.append((name, prompt))
    for way, (code, change) in Breaker(classes, folders).ways.items():
        changed = ((name, broken) for name, prompt in whole if (broken := change(prompt)) is not None)
        for _, (name, prompt) in zip(range(_OF_A_WAY), changed, strict=False):
            yield f"{way}: {name}", code, prompt


def ask(prompt: dict[str, object]) -> Verdict:
    """Put a prompt into the server's queue, and take it out again."""
    try:
        answer = post("/prompt", {"prompt": prompt})
        accepted = True
    except urllib.error.HTTPError as error:
        answer, accepted = json.load(error), False
    post("/queue", {"clear": True})
    post("/interrupt", {})
    reasons: dict[Place, set[str]] = {}
    for node, told in (answer.get("node_errors") or {}).items():
        for one in told["errors"]:
            reasons.setdefault((node, one["extra_info"].get("input_name")), set()).add(one["type"])
    error = answer.get("error")
    return Verdict(accepted and not reasons, error["type"] if isinstance(error, dict) else None, reasons)


def post(path: str, content: object) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{SERVER}{path}", json.dumps(content).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        body = response.read()
    answer: dict[str, Any] = json.loads(body) if body else {}
    return answer
