"""The hidden `__check`: load parts by name. Frozen programs are asked so whether everything is in them and works."""

import sys

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.table.parser import Arguments


def check(context: Context, arguments: Arguments) -> Result:
    """Load each `module`, and call each `module:function` without arguments; tell those that fail."""
    failed: dict[str, str] = {}
    for word in arguments.rest:
        try:
            _try(word)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a part is what is asked for
            failed[word] = f"{type(error).__name__}: {error}"
    text = "".join(f"{word}: {error}\n" for word, error in failed.items())
    return Result({"failed": failed}, text or f"{len(arguments.rest)} parts work\n", 1 if failed else 0)


def _try(word: str) -> None:
    module, _, function = word.partition(":")
    __import__(module)
    if function:
        getattr(sys.modules[module], function)()
