"""`manifest`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.table.parser import Arguments


def manifest(context: Context, arguments: Arguments) -> Result:
    """The manifest's text, or one section of it."""
    environment = context.environment
    section = arguments.text("section")
    if section is None:
        return Result(environment.manifest() if context.json else None, environment.manifest_text(), verbatim=True)
    if context.json:
        return Result(environment.manifest_section(section))
    return Result(text=environment.manifest_section_text(section), verbatim=True)
