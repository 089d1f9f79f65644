"""The program's two ends: words in, exit code out. Everything between is `cli.main`."""

import _signal  # type: ignore[import-not-found]  # A part of the interpreter that is there; `signal` would be loaded.
import gc
import sys

_HEARD = _signal.getsignal(_signal.SIGINT)
if _HEARD is _signal.default_int_handler:
    # While the program loads, and when it has answered, there is nothing to put right and nobody to tell: Ctrl-C ends
    # it by the signal itself, instead of showing where it happened to be.
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

from comfydock_cli import system  # noqa: E402 - what is loaded from here on may be interrupted
from comfydock_cli.cli import main  # noqa: E402


def run() -> None:
    """Run the program with `sys.argv` and end the process. Never returns."""
    gc.disable()  # A command that reads is over before collecting pays; one that changes something turns it on again.
    system.occupy_standard_streams()
    code = _answered()
    system.leave(code)


def _answered() -> int:
    """The exit code of the command, during which Ctrl-C is an exception that cleans up."""
    try:
        if _HEARD is _signal.default_int_handler:
            _signal.signal(_signal.SIGINT, _HEARD)
        return main(sys.argv[1:])
    except KeyboardInterrupt:  # In the moment before the command hears of it, or after it was told.
        return 130
    finally:
        if _HEARD is _signal.default_int_handler:
            _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


if __name__ == "__main__":
    run()
