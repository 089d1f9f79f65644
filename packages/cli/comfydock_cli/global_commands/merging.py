"""`__merge`: what git calls to merge a file of a definition."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.table.parser import Arguments
from comfydock_core.core.usecases.definition.merging import merge_files


def merge(context: Context, arguments: Arguments) -> Result:
    """Merge three files into the second; exit code 1 tells git of a conflict."""
    kind, base, ours, theirs = (arguments.word(name) for name in ("kind", "base", "ours", "theirs"))
    conflicts = merge_files(kind, base, ours, theirs)
    for key in conflicts:
        context.console.error(f"conflict: both sides changed `{key}`; ours was kept")
    return Result({"conflicts": conflicts}, exit_code=1 if conflicts else 0)
