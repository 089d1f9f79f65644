"""`merge` and `revert`."""

import time
from collections.abc import Mapping
from dataclasses import replace

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.merge_formatter import merged, previewed
from comfydock_cli.strategies.asking import Questions
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import PlainReporter, make_reporter
from comfydock_cli.ui.prompts import can_ask
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.exceptions import MergeUndecided
from comfydock_core.models.history.merging import MINE, THEIRS, MergePlan, MergeRequest, Question
from comfydock_core.models.history.moving import DISCARD, REFUSE, STASH
from comfydock_core.utils.text import counted

_SIDES = (MINE, THEIRS)
_SHOWN = 20


def merge(context: Context, arguments: Arguments) -> Result:
    """Merge a branch, or take back a merge that git began."""
    branch, aborts = arguments.text("branch"), arguments.flag("abort")
    if aborts:
        if branch is not None:
            raise UsageError("`--abort` takes no BRANCH", hint="`comfydock merge --abort`")
        return _abort(context)
    if branch is None:
        raise UsageError("`comfydock merge` needs BRANCH", hint="`comfydock branch` lists the branches")
    return _merge(context, arguments, MergeRequest(branch, "merge"))


def revert(context: Context, arguments: Arguments) -> Result:
    """Undo what a commit changed."""
    return _merge(context, arguments, MergeRequest(arguments.word("ref"), "revert"))


def _merge(context: Context, arguments: Arguments, request: MergeRequest) -> Result:
    started = time.monotonic()
    preview = arguments.flag("preview") or context.dry_run
    request = replace(
        request,
        take=_answers(arguments.text("take")),
        auto=arguments.text("auto_resolve"),
        message=arguments.text("message"),
        policy=_policy(arguments),
        preview=preview,
    )
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    with make_reporter(context) as reporter:
        if preview:
            return previewed(workspace.moves.plan_merge(name, request, reporter))
        initiator = context.initiator(while_running=arguments.flag("while_running"))
        with workspace.exclusive(initiator, reporter, name):
            workspace.refuse_while_running(name, initiator)
            plan = _decided(context, workspace, name, request, reporter)
            outcome = None
            if plan.move is not None and not plan.nothing_to_do:
                outcome = workspace.moves.change(plan.move, initiator, reporter)
    return merged(plan, outcome, time.monotonic() - started)


def _decided(
    context: Context, workspace: Workspace, name: str, request: MergeRequest, reporter: PlainReporter
) -> MergePlan:
    """The plan with every question answered: by options, or by whoever is at the terminal."""
    plan = workspace.moves.plan_merge(name, request, reporter)
    while plan.open:
        if not can_ask(context):
            raise _undecided(plan)
        answers = _ask(plan.open, reporter)
        if len(answers) < len(plan.open):
            raise _undecided(plan)
        request = replace(request, take={**request.take, **answers})
        plan = workspace.moves.plan_merge(name, request, reporter)
    return plan


def _ask(questions: tuple[Question, ...], reporter: PlainReporter) -> dict[str, str]:
    asking = Questions(reporter.end)
    found: dict[str, str] = {}
    for question in questions:
        choices = [f"mine: {question.mine}", f"theirs: {question.theirs}"]
        answer = asking.choose(f"both sides changed {question.about} ({question.name})", choices, 2, ())
        if not isinstance(answer, int):
            break
        found[question.name] = _SIDES[answer]
    return found


def _undecided(plan: MergePlan) -> MergeUndecided:
    listed = "".join(f"\n  {one.name}: mine is {one.mine}, theirs {one.theirs}" for one in plan.open[:_SHOWN])
    more = f"\n  and {len(plan.open) - _SHOWN} more" if len(plan.open) > _SHOWN else ""
    return MergeUndecided(
        f"{counted(len(plan.open), 'question')} of this {plan.command} {'is' if len(plan.open) == 1 else 'are'} open:"
        f"{listed}{more}",
        hint=f"`--take {plan.open[0].name}=theirs` answers one, `--auto-resolve mine` or `theirs` all of them",
        context={"questions": [one.as_dict() for one in plan.questions]},
    )


def _answers(text: str | None) -> Mapping[str, str]:
    """`NAME=SIDE,NAME=SIDE`; names may have commas and equals signs of their own."""
    found: dict[str, str] = {}
    left = text or ""
    while left:
        ends = [(at, side) for side in _SIDES if (at := _end_of(left, f"={side}")) >= 0]
        if not ends:
            raise UsageError(
                f"`--take {text}` does not say whose", hint="write `--take pack:impact=theirs`, several with commas"
            )
        at, side = min(ends)
        found[left[:at]] = side
        left = left[at + len(side) + 1 :].removeprefix(",")
    return found


def _end_of(text: str, ending: str) -> int:
    """Where an answer ends: at a comma or the end of the text."""
    at = text.find(ending)
    while at >= 0 and text[at + len(ending) : at + len(ending) + 1] not in ("", ","):
        at = text.find(ending, at + 1)
    return at


def _policy(arguments: Arguments) -> str:
    if arguments.flag("stash") and arguments.flag("discard"):
        raise UsageError("`--stash` and `--discard` cannot be combined", hint="choose one of them")
    return STASH if arguments.flag("stash") else DISCARD if arguments.flag("discard") else REFUSE


def _abort(context: Context) -> Result:
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    if context.dry_run:
        return Result({"environment": name, "aborted": False}, f"would abort the merge in {name}\n")
    with make_reporter(context) as reporter, workspace.exclusive(context.initiator(), reporter, name):
        workspace.moves.abort_merge(name)
    return Result({"environment": name, "aborted": True}, f"{name}: aborted the merge that git had begun\n")
