"""Commands about model files: where they are, what they are, and getting them."""

from comfydock_cli.table.spec import Command

_ABOUT = "models"

COMMANDS = (Command(("model",), "", "Find, verify, fetch and tidy up models", about=_ABOUT),)
