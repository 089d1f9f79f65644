"""The program's two ends: words in, exit code out. Everything between is `cli.main`."""

import gc
import sys

from comfydock_cli import system
from comfydock_cli.cli import main


def run() -> None:
    """Run the program with `sys.argv` and end the process. Never returns."""
    gc.disable()  # A command that reads is over before collecting pays; one that changes something turns it on again.
    system.occupy_standard_streams()
    code = main(sys.argv[1:])
    system.leave(code)


if __name__ == "__main__":
    run()
