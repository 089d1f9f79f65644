"""`checkout`, `switch`, `reset`, `rollback`, `branch` and `tag`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.move_formatter import (
    listed_branches,
    listed_tags,
    planned_reference,
    referenced,
)
from comfydock_cli.move_changing import go, policy_of
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.history.moving import (
    DISCARD,
    REFUSE,
    MoveRequest,
    ReferenceRequest,
)

_NAMELESS = {
    "branch": ("`comfydock branch` needs NAME for that", "`comfydock branch` lists them"),
    "tag": ("`comfydock tag` needs NAME for that", "`comfydock tag` lists them"),
}
_MODES = ("soft", "mixed", "hard")


def checkout(context: Context, arguments: Arguments) -> Result:
    """Go to a commit or a branch."""
    branch = arguments.text("branch")
    request = MoveRequest("checkout", arguments.word("ref"), branch, policy=policy_of(arguments))
    return go(context, arguments, request)


def switch(context: Context, arguments: Arguments) -> Result:
    """Go to a branch, or make one and be on it."""
    branch, new = arguments.text("branch"), arguments.text("create")
    if branch is None and new is None:
        raise UsageError(
            "`comfydock switch` needs BRANCH", hint="`comfydock branch` lists them; `-c NAME` makes a new one"
        )
    return go(context, arguments, MoveRequest("switch", branch, new, policy=policy_of(arguments)))


def reset(context: Context, arguments: Arguments) -> Result:
    """Let the branch lead elsewhere."""
    given = [mode for mode in _MODES if arguments.flag(mode)]
    if len(given) > 1:
        raise UsageError(
            f"`--{given[0]}` and `--{given[1]}` cannot be combined", hint="choose one of `--soft`, `--mixed`, `--hard`"
        )
    mode = given[0] if given else "mixed"
    return go(context, arguments, MoveRequest("reset", arguments.text("ref"), mode=mode))


def rollback(context: Context, arguments: Arguments) -> Result:
    """Go back by a new commit; without a commit, to the last one."""
    ref, policy = arguments.text("ref"), policy_of(arguments)
    if ref is None and policy == REFUSE:
        policy = DISCARD
    return go(context, arguments, MoveRequest("rollback", ref, policy=policy))


def branch(context: Context, arguments: Arguments) -> Result:
    """List, make, rename or delete a branch."""
    name, ref = arguments.text("name"), arguments.text("ref")
    deletes, renames = arguments.flag("delete"), arguments.flag("move")
    if deletes and renames:
        raise UsageError("`--delete` and `--move` cannot be combined", hint="choose one of them")
    if name is None:
        _refuse_nameless("branch", deletes or renames)
        named, history = context.environment_name, context.workspace.history
        references, head = history.references(named), history.head(named)
        return listed_branches(references, head, context.workspace.remotes.tracking(named))
    if renames and ref is None:
        name, ref = _present_branch(context), name
    if deletes and ref is not None:
        raise UsageError("`comfydock branch --delete` takes one NAME", hint="delete them one by one")
    action = "delete" if deletes else "rename" if renames else "create"
    request = ReferenceRequest("branch", action, name, new_name=ref if renames else None,
                               ref=None if renames else ref, force=arguments.flag("force"))  # fmt: skip
    return change_reference(context, request)


def tag(context: Context, arguments: Arguments) -> Result:
    """List, make or delete a tag."""
    name, message, deletes = arguments.text("name"), arguments.text("message"), arguments.flag("delete")
    if name is None:
        _refuse_nameless("tag", deletes or message is not None)
        return listed_tags(context.workspace.history.references(context.environment_name))
    if deletes and (message is not None or arguments.text("ref") is not None):
        raise UsageError("`comfydock tag --delete` takes nothing but NAME", hint="leave the rest out")
    request = ReferenceRequest("tag", "delete" if deletes else "create", name, ref=arguments.text("ref"),
                               message=message, rehearsal=context.dry_run)  # fmt: skip
    return change_reference(context, request)


def change_reference(context: Context, request: ReferenceRequest) -> Result:
    """Plan and carry out a change of a branch, tag or stash, with the environment held in between."""
    workspace = find_workspace(offline=context.offline)
    name = workspace.environment(context.environment_name).name
    if context.dry_run:
        return planned_reference(workspace.moves.plan_reference(name, request))
    initiator = context.initiator()
    with make_reporter(context) as reporter, workspace.exclusive(initiator, reporter, name):
        plan = workspace.moves.plan_reference(name, request)
        operation = workspace.moves.change_reference(plan, initiator, reporter)
    return referenced(plan, operation)


def _present_branch(context: Context) -> str:
    found = context.workspace.history.head(context.environment_name)
    if found is None:
        raise UsageError(
            "the environment is on no branch that could be renamed",
            hint="name it: `comfydock branch -m OLD NEW`",
        )
    return found


def _refuse_nameless(kind: str, asked: bool) -> None:
    if asked:
        message, hint = _NAMELESS[kind]
        raise UsageError(message, hint=hint)
