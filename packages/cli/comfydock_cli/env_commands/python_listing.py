"""`py list` and `constraint list`."""

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.formatters.python_formatter import listed_constraints, listed_packages
from comfydock_cli.table.parser import Arguments


def list_packages(context: Context, arguments: Arguments) -> Result:
    """What the manifest asks for."""
    return listed_packages(context.environment.python_packages(packs=arguments.flag("all")))


def list_constraints(context: Context, arguments: Arguments) -> Result:
    """What limits versions."""
    return listed_constraints(context.environment.constraints())
