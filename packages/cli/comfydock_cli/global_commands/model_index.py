"""`model index list`, `show` and `status`: what the index knows."""

import time

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.model_formatter import details_text, duplicates_text, seen_text, state_text
from comfydock_cli.formatters.model_list import NO_MODELS, models_text
from comfydock_cli.table.parser import Arguments
from comfydock_cli.ui.progress import make_reporter
from comfydock_core.core.models import Models
from comfydock_core.models.exceptions import NotFoundError
from comfydock_core.utils.text import counted


def list_models(context: Context, arguments: Arguments) -> Result:
    """The indexed files, those of equal content, or with `-e` what ComfyUI of an environment lists."""
    models, folder = context.workspace.models, arguments.text("folder")
    if context.environment_name is not None and not arguments.flag("duplicates"):
        seen = models.seen_by(context.environment_name, folder)
        note = "" if seen else "ComfyUI of this environment lists no models"
        return Result({"models": [one.as_dict() for one in seen]}, seen_text(seen), note=note)
    if folder is not None:
        _refuse_unknown_folder(models, folder)
    if arguments.flag("duplicates"):
        groups = [group for group in models.duplicates() if folder in (None, *(one.folder for one in group))]
        data = {"duplicates": [[one.as_dict() for one in group] for group in groups]}
        unread = sum(root.files - root.hashed for root in models.state().roots)
        return Result(data, duplicates_text(groups), note=_unread_note(unread))
    with make_reporter(context) as reporter:
        places = models.all(reporter, folder)
    note = "" if places or models.is_anything_indexed() else NO_MODELS
    return Result({"models": [one.as_dict() for one in places]}, models_text(places), note=note)


def show(context: Context, arguments: Arguments) -> Result:
    """All about one model."""
    with make_reporter(context) as reporter:
        details = context.workspace.models.show(arguments.word("model"), reporter)
    return Result(details.as_dict(), details_text(details))


def status(context: Context, arguments: Arguments) -> Result:
    """The state of the index."""
    state = context.workspace.models.state()
    return Result(state.as_dict(), state_text(state, time.time()), note="" if state.roots else NO_MODELS)


def _refuse_unknown_folder(models: Models, folder: str) -> None:
    known = models.folders()
    if folder not in known:
        raise NotFoundError(
            f"no indexed model lies in a folder `{folder}`",
            hint=f"there are {', '.join(known)}" if known else NO_MODELS,
            context={"folder": folder, "known": known},
        )


def _unread_note(unread: int) -> str:
    if not unread:
        return ""
    return f"{counted(unread, 'file')} not compared, as they were not read yet: `comfydock model index sync --hash`"
