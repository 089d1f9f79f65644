"""`run`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError


def run(context: Context, arguments: Arguments) -> Result:
    """Start ComfyUI with the words given and end with its exit code."""
    if context.json:
        raise UsageError("`comfydock run` hands the terminal to ComfyUI, so it has no `--json`")
    return Result(exit_code=context.environment.run(arguments.rest, replace=True))
