"""Which remote a command line names: by its word, or by `--remote` as in ComfyDock 1.x."""

from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError


def named_remote(arguments: Arguments) -> str | None:
    """The remote that is named, `None` for the usual one. Raises `UsageError` for two."""
    word, option = arguments.text("named"), arguments.text("remote")
    if word is not None and option is not None and word != option:
        raise UsageError(f"`{word}` and `--remote {option}` name two remotes", hint="name one of them")
    return option if word is None else word
