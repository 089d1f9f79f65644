"""`workflow show`, `analyze` and `draw`: they need no environment, and read more with one."""

from __future__ import annotations

import json
import os
import sys

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.workflow_formatter import analyzed_text, shown_data, shown_text
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.ui.console import clean
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.core.workflows import Workflows
from comfydock_core.models.exceptions import WorkspaceNotFound
from comfydock_core.utils.files.atomic import write_text
from comfydock_core.utils.files.disk_errors import disk_errors
from comfydock_core.utils.text import counted, some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_core.core.usecases.workflows.analysing import AnalyzedWorkflow

_STANDARD_INPUT = "-"
_LARGEST_GIVEN = 256 * 1024 * 1024


def show(context: Context, arguments: Arguments) -> Result:
    """One workflow as the editor would run it."""
    with make_reporter(context) as reporter:
        shown = _workflows(context).show(context.environment_name, arguments.word("workflow"), reporter)
    if arguments.flag("api"):
        prompt = shown.prompt()
        text = json.dumps(prompt, indent=2, ensure_ascii=False) + "\n"
        return Result({"prompt": prompt}, text, note=_unread_note(shown.unread), verbatim=True)
    return Result(shown_data(shown), shown_text(shown), note=_unread_note(shown.unread))


def analyze(context: Context, arguments: Arguments) -> Result:
    """What files need."""
    words = arguments.words("file")
    given = _given() if _STANDARD_INPUT in words else None
    with make_reporter(context) as reporter:
        analyzed = _workflows(context).analyze(context.environment_name, words, given, reporter)
    if len(analyzed) == 1 and analyzed[0].error is not None:
        raise analyzed[0].error
    unread = [one for one in analyzed if one.error is not None]
    note = "no file there holds a workflow" if not analyzed else ""
    if unread:
        note = f"{counted(len(unread), 'file')} of {len(analyzed)} cannot be read"
    data = {"workflows": [_data(one) for one in analyzed]}
    return Result(data, analyzed_text(analyzed), exit_code=8 if unread else 0, note=note)


def draw(context: Context, arguments: Arguments) -> Result:
    """The picture of a workflow, to a file or to standard output."""
    target = arguments.text("output")
    with make_reporter(context) as reporter:
        picture = _workflows(context).draw(context.environment_name, arguments.word("workflow"), reporter)
    if target is None:
        return Result({"svg": picture}, picture, verbatim=True)
    path = os.path.abspath(os.path.expanduser(target))
    with disk_errors(f"write `{target}`"):
        write_text(path, picture)
    return Result({"path": path}, f"drawn to {clean(path)}\n")


def _data(one: AnalyzedWorkflow) -> dict[str, object]:
    return {
        "name": one.name,
        "format": one.format,
        "carrier": one.carrier,
        "nodes": one.nodes,
        "locked": one.is_locked,
        "needs": None if one.needs is None else one.needs.as_dict(),
        "error": None if one.error is None else {"code": one.error.code, "message": str(one.error)},
    }


def _workflows(context: Context) -> Workflows:
    """Those of the workspace; without one only files can be read."""
    try:
        return context.workspace.workflows
    except WorkspaceNotFound:
        if context.environment_name is not None:
            raise
        return Workflows(None)


def _unread_note(unread: tuple[str, ...]) -> str:
    if not unread:
        return ""
    listed = some([f"`{name}`" for name in unread], 5)
    return f"nothing here defines {listed}: which input their values belong to is told by the file alone"


def _given() -> bytes:
    if sys.stdin is None:
        raise UsageError("standard input is closed", hint="send a workflow to it, or name a file")
    return sys.stdin.buffer.read(_LARGEST_GIVEN)
