"""Questions on a terminal of their own."""

import sys

import pexpect

# The main thread hears of no signal, so that one arrives in no system call of its: as one does that comes in the
# moment before the read.
DEAF = """
import signal, threading
from comfydock_cli.ui.prompts import ask
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
try:
    ask("what now?")
except KeyboardInterrupt:
    print("heard")
"""


def test_ctrl_c_in_the_moment_before_the_read_is_heard() -> None:
    child = pexpect.spawn(sys.executable, ["-c", DEAF], encoding="utf-8", timeout=60)
    child.delaybeforesend = None
    child.expect_exact("what now? ")
    child.sendintr()
    child.expect_exact("heard")
    child.expect(pexpect.EOF)
