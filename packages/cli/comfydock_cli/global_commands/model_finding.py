"""`model index find`, which is to answer at once among any number of models."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.model_list import NO_MODELS, models_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from comfydock_cli.table.parser import Arguments


def find(context: Context, arguments: "Arguments") -> Result:
    """The files that fit some words."""
    models = context.workspace.models
    found = models.search(arguments.words("words"))
    if any(one.header is None and not one.absent for one in found):
        from comfydock_cli.ui.progress import make_reporter

        with make_reporter(context) as reporter:
            found = models.with_headers(found, reporter)
    note = ""
    if not found:
        known = models.is_anything_indexed()
        note = "nothing fits; `comfydock model index list` shows all" if known else NO_MODELS
    return Result({"models": [one.as_dict() for one in found]}, models_text(found), note=note)
