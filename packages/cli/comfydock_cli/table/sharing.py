"""Commands that bring environments to other people and machines, and from them."""

from comfydock_cli.table.spec import Command

_ABOUT = "sharing"

COMMANDS: tuple[Command, ...] = ()
