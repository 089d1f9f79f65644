"""`model add-source`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.plan_formatter import planned
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.plan import PlanStep


def add(context: Context, arguments: Arguments) -> Result:
    """Note where a model can be had."""
    models, url = context.workspace.models, arguments.word("url")
    with make_reporter(context) as reporter:
        if context.dry_run:
            place = models.show(arguments.word("model"), reporter).places[0]
            return planned([PlanStep("note", without_credentials(url), f"as a source of {place.full_path}")])
        added = models.add_source(arguments.word("model"), url, reporter)
    data = {"blake3": added.blake3, "path": added.path, "url": added.url, "kind": added.kind, "new": added.is_new}
    said = "added a source of" if added.is_new else "this source was known of"
    return Result(data, f"{said} {added.path}: {added.url}\n")
