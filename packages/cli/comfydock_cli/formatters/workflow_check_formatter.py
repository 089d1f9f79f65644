"""Whether workflows run, as text."""

from collections.abc import Iterator, Sequence

from comfydock_cli.formatters.columns import aligned
from comfydock_cli.ui.console import clean
from comfydock_core.models.workflow.checks import WorkflowCheck, WorkflowIssue
from comfydock_core.utils.text import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.models.workflow.lock import LockComparison

_MOST_UNTOLD = 5


def checks_text(checks: Sequence[WorkflowCheck]) -> str:
    """One line a workflow that runs; for the others what is in the way."""
    return "".join(line for one in checks for line in _lines(one))


def _lines(one: WorkflowCheck) -> Iterator[str]:
    state = "runs" if one.runs else f"does not run: {counted(len(one.issues), 'problem')}"
    yield f"{clean(one.name)}: {state}\n"
    yield _table(one.issues)
    if one.idle:
        yield "  not in the way, but worth a look:\n"
        yield _table(one.idle)
    if one.lock is not None:
        yield from _lock_lines(one.lock)
    if one.untold:
        yield f"  only ComfyUI itself could tell {counted(len(one.untold), 'input')}:\n"
        rows = [[f"    {each.type} {each.input or ''}", each.reason] for each in one.untold[:_MOST_UNTOLD]]
        yield aligned(rows)
        if len(one.untold) > _MOST_UNTOLD:
            yield f"    and {len(one.untold) - _MOST_UNTOLD} more\n"


def _lock_lines(lock: "LockComparison") -> Iterator[str]:
    if lock.is_as_locked:
        yield "  as locked\n"
        return
    yield "  differs from its lock:\n"
    yield aligned([[f"    {one.kind}", one.message] for one in lock.differences])


def _table(issues: Sequence[WorkflowIssue]) -> str:
    rows = []
    for issue in issues:
        where = " ".join(part for part in (issue.type, issue.node and f"({issue.node})") if part)
        hint = f"; {issue.hint}" if issue.hint else ""
        rows.append([f"  {issue.code}", where, f"{issue.message}{hint}"])
    return aligned(rows)
