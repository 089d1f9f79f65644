"""Answers to the questions of a merge: from the command line, or from whoever is at the terminal."""

import shlex
from collections.abc import Mapping
from dataclasses import replace

from comfydock_cli.cli_utils import Context
from comfydock_cli.strategies.asking import Questions
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import PlainReporter
from comfydock_cli.ui.prompts import can_ask
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import MergeUndecided
from comfydock_core.models.history.merging import MINE, REVERT, THEIRS, MergePlan, MergeRequest, Question
from comfydock_core.utils.text import counted, listed

_SIDES = (MINE, THEIRS)
_SHOWN = 20


def decided(
    context: Context, workspace: Workspace, name: str, request: MergeRequest, reporter: PlainReporter
) -> MergePlan:
    """The plan with every question answered: by options, or by whoever is at the terminal.

    Raises `MergeUndecided`, and what `Moves.plan_merge` raises.
    """
    plan = workspace.moves.plan_merge(name, request, reporter)
    while plan.open:
        if not can_ask(context):
            raise _undecided(plan)
        answers = _ask(plan.command, plan.open, reporter)
        if len(answers) < len(plan.open):
            raise _undecided(plan)
        request = replace(request, take={**request.take, **answers})
        plan = workspace.moves.plan_merge(name, request, reporter)
    return plan


def _ask(command: str, questions: tuple[Question, ...], reporter: PlainReporter) -> dict[str, str]:
    """Answers, in the order of the questions, up to the end of input."""
    asking = Questions(reporter.end)
    found: dict[str, str] = {}
    for question in questions:
        choices = [f"mine: {question.mine}", f"theirs: {question.theirs}"]
        answer = asking.choose(f"{_changed(command, question.about)} ({question.name})", choices, 2, ())
        if not isinstance(answer, int):
            break
        found[question.name] = _SIDES[answer]
    return found


def _changed(command: str, about: str) -> str:
    return f"later commits changed {about}, too" if command == REVERT else f"both sides changed {about}"


def _undecided(plan: MergePlan) -> MergeUndecided:
    questions = [f"{one.name}: mine is {one.mine}, theirs is {one.theirs}" for one in plan.open]
    answer = shlex.quote(f"{plan.open[0].name}=theirs")
    what = f"bringing back {plan.other}" if plan.command == "stash pop" else f"the {plan.command} of `{plan.other}`"
    return MergeUndecided(
        f"{what} needs {counted(len(plan.open), 'answer')}:{listed(questions, _SHOWN)}",
        hint=f"`--take {answer}` answers the first, `--auto-resolve mine` or `--auto-resolve theirs` all of them",
        context={"questions": [one.as_dict() for one in plan.questions]},
    )


def answers_of(text: str | None) -> Mapping[str, str]:
    """`NAME=SIDE,NAME=SIDE`; names may have commas and equals signs of their own."""
    found: dict[str, str] = {}
    left = text or ""
    while left:
        ends = [(at, side) for side in _SIDES if (at := _end_of(left, f"={side}")) >= 0]
        if not ends:
            raise UsageError(
                f"`--take {text}` does not end in `=mine` or `=theirs`",
                hint="for example `--take pack:impact=theirs`; separate several answers by commas",
            )
        at, side = min(ends)
        name = left[:at]
        if found.get(name, side) != side:
            raise UsageError(f"`--take` answers `{name}` with both `mine` and `theirs`", hint="give one answer")
        found[name] = side
        left = left[at + len(side) + 1 :].removeprefix(",")
    return found


def _end_of(text: str, ending: str) -> int:
    """Where an answer ends: at a comma or the end of the text."""
    at = text.find(ending)
    while at >= 0 and text[at + len(ending) : at + len(ending) + 1] not in ("", ","):
        at = text.find(ending, at + 1)
    return at
