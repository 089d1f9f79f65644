"""`node verify`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.import_formatter import imports_text
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter

_FAILING = 8


def verify(context: Context, arguments: Arguments) -> Result:
    """What ComfyUI says of importing its packs."""
    names = arguments.words("pack")
    environment = context.environment
    with make_reporter(context) as reporter:
        report = environment.verify_packs(names, reporter)
    return Result(report.as_dict(), imports_text(report), exit_code=_FAILING if report.failed else 0)
