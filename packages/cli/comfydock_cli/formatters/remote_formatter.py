"""Remotes, and what went to them or came from them, in words."""

import shlex
from collections.abc import Iterator, Sequence

from comfydock_cli.cli_utils import Result
from comfydock_cli.formatters.columns import aligned
from comfydock_cli.formatters.move_formatter import MISSING
from comfydock_cli.formatters.plan_formatter import planned_change
from comfydock_cli.model_fetching import MissingModels
from comfydock_cli.ui.console import clean
from comfydock_core.models.commit import SHORT
from comfydock_core.models.history.remotes import (
    BRANCH,
    FORCED,
    GONE,
    NEW,
    SAME,
    Fetched,
    Pushed,
    RefUpdate,
    Remote,
    RemotePlan,
    Tracking,
)
from comfydock_core.utils.text import counted, some

_SHOWN = 20
_LACKS_SHOWN = 10


def listed_remotes(remotes: Sequence[Remote]) -> Result:
    """A line a remote; one more where it is pushed to another address."""
    rows = []
    for one in remotes:
        rows.append((one.name, one.address))
        if one.push_address != one.address:
            rows.append(("", f"{one.push_address} (to push)"))
    data: dict[str, object] = {"remotes": [one.as_dict() for one in remotes]}
    return Result(
        data, aligned(rows), note="" if remotes else "there are no remotes; `comfydock remote add NAME URL` adds one"
    )


def changed_remote(plan: RemotePlan, operation: str) -> Result:
    """One line about a remote."""
    request, remote = plan.request, plan.remote
    words = {
        "add": f"added the remote {remote.name}, {remote.address}; `comfydock fetch {remote.name}` gets what it has",
        "remove": f"removed the remote {remote.name} (was {remote.address}); `undo` brings it back",
        "rename": f"renamed the remote {remote.name} to {request.new_name}",
    }[request.action]
    return Result({**_remote_data(plan), "operation": operation}, f"{plan.environment}: {clean(words)}\n")


def planned_remote(plan: RemotePlan) -> Result:
    """What `--dry-run` prints."""
    result = planned_change(plan.change, **_remote_data(plan))
    result.note = "\n".join([*([result.note] if result.note else []), *(f"! {one}" for one in plan.warnings)])
    return result


def _remote_data(plan: RemotePlan) -> dict[str, object]:
    return {
        "environment": plan.environment,
        "action": plan.request.action,
        "remote": plan.remote.as_dict(),
        "new_name": plan.request.new_name,
        "warnings": list(plan.warnings),
    }


def fetched(environment: str, found: Sequence[Fetched], *, rehearsal: bool) -> Result:
    """What is new, remote by remote. Exit code 3 says that one of several could not be asked."""
    lines, notes = [], []
    for one in found:
        where = f"{clean(one.remote.name)} ({clean(one.remote.address)})"
        if one.error is not None:
            lines.append(f"{environment}: could not fetch from {where}: {clean(one.error.message)}")
            notes += [one.error.hint] if one.error.hint else []
        elif not one.refs:
            lines.append(f"{environment}: nothing new at {where}")
        else:
            lines.append(f"{environment}: {'would fetch' if rehearsal else 'fetched'} from {where}")
            lines += _update_lines(one.refs)
    tracking = next((one.tracking for one in found if one.tracking is not None), None)
    if tracking is not None:
        lines += _tracking_lines(tracking)
        if tracking.behind:
            notes.append("`comfydock pull` merges it")
    data: dict[str, object] = {
        "environment": environment,
        "remotes": [_fetched_data(one) for one in found],
        "tracking": None if tracking is None else tracking.as_dict(),
    }
    code = MISSING if any(one.error is not None for one in found) else 0
    return Result(data, "".join(f"{line}\n" for line in lines), exit_code=code, note="\n".join(notes))


def _fetched_data(one: Fetched) -> dict[str, object]:
    error = None if one.error is None else {"code": one.error.code, "message": one.error.message}
    return {**one.remote.as_dict(), "refs": [ref.as_dict() for ref in one.refs], "error": error}


def pushed(outcome: Pushed, *, rehearsal: bool) -> Result:
    """What went where."""
    remote = outcome.remote
    where = f"{clean(remote.name)} ({clean(remote.push_address)})"
    went = [one for one in outcome.refs if one.outcome != SAME]
    if went:
        lines = [f"{outcome.environment}: {'would push' if rehearsal else 'pushed'} to {where}", *_update_lines(went)]
    else:
        lines = [f"{outcome.environment}: nothing to push, {where} has all of it already"]
    if outcome.upstream is not None and not rehearsal:
        lines.append(f"  the branch follows {clean(outcome.upstream)} from now on")
    notes = []
    if outcome.lacks:
        commits = len({commit for commit, _ in outcome.lacks})
        verb = "says" if commits == 1 else "say"
        notes.append(f"! {counted(commits, 'commit')} of it {verb} what nobody can rebuild elsewhere:")
        notes += [f"  {commit[:SHORT]}: {clean(text)}" for commit, text in outcome.lacks[:_LACKS_SHOWN]]
        if len(outcome.lacks) > _LACKS_SHOWN:
            notes.append(f"  and {len(outcome.lacks) - _LACKS_SHOWN} more")
    data: dict[str, object] = {
        "environment": outcome.environment,
        "remote": remote.as_dict(),
        "refs": [one.as_dict() for one in outcome.refs],
        "upstream": outcome.upstream,
        "not_reproducible": [{"commit": commit, "text": text} for commit, text in outcome.lacks],
    }
    return Result(data, "".join(f"{line}\n" for line in lines), note="\n".join(notes))


def with_models(result: Result, models: MissingModels) -> Result:
    """The result of a pull with what became of missing models. Exit code 3 says that some could not be had."""
    lines, notes = [], [result.note] if result.note else []
    for one in models.fetched:
        told = "" if one.error is None else f": {clean(one.error.message)}"
        lines.append(f"  {'fetched' if one.error is None else 'not fetched'} {clean(one.to)}{told}")
    for name, error in models.unread:
        lines.append(f"  not looked at for models: {clean(name)}: {clean(error.message)}")
    if models.unknown:
        notes.append(f"! missing, and nothing says where to get them: {clean(some(models.unknown))}")
    if models.left:
        notes.append(f"! missing, and not fetched: {clean(some(models.left))}")
    if models.failed or models.left:
        again = f"comfydock workflow resolve {shlex.quote(models.workflows[0])} --no-install --models all"
        more = f", and so for {counted(len(models.workflows) - 1, 'other')}" if len(models.workflows) > 1 else ""
        notes.append(f"`{clean(again)}` fetches what is missing{more}")
    assert isinstance(result.data, dict)
    result.data["models"] = {
        "fetched": [one.as_dict() for one in models.fetched],
        "left": models.left,
        "unknown": models.unknown,
        "unread": [{"workflow": name, "code": error.code, "message": error.message} for name, error in models.unread],
    }
    result.text += "".join(f"{line}\n" for line in lines)
    result.note = "\n".join(notes)
    if models.failed:
        result.exit_code = MISSING
    return result


def _update_lines(updates: Sequence[RefUpdate]) -> Iterator[str]:
    for one in updates[:_SHOWN]:
        yield f"  {_words(one)}"
    if len(updates) > _SHOWN:
        yield f"  and {len(updates) - _SHOWN} more"


def _words(one: RefUpdate) -> str:
    before, after = (_short(commit) for commit in (one.before, one.after))
    commits = f", {counted(one.commits, 'commit')}" if one.commits else ""
    kind = "" if one.kind == BRANCH else f"{one.kind} "
    if one.outcome == NEW:
        return f"new {one.kind} {clean(one.name)} at {after}{commits}"
    if one.outcome == GONE:
        return f"gone: {kind}{clean(one.name)} (was {before})"
    forced = " (replaced)" if one.outcome == FORCED else ""
    return f"{kind}{clean(one.name)}: {before}..{after}{commits}{forced}"


def _short(commit: str | None) -> str:
    return "" if commit is None else commit[:SHORT]


def _tracking_lines(one: Tracking) -> Iterator[str]:
    if one.gone:
        yield f"  {clean(one.branch)} follows {clean(one.upstream)}, which is gone"
    elif one.ahead or one.behind:
        apart = [f"{counted(number, 'commit')} {word} {clean(one.upstream)}"
                 for number, word in ((one.ahead, "ahead of"), (one.behind, "behind")) if number]  # fmt: skip
        yield f"  {clean(one.branch)} is {' and '.join(apart)}"
