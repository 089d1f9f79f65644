"""How the process ends."""

import subprocess
import sys

PROGRAM = """
import atexit, sys, threading
from comfydock_cli import system

gate = threading.Event()
atexit.register(lambda: print("last words"))
threading.Thread(target=lambda: (gate.wait(), print("a thread's words"))).start()
class Never:
    def __del__(self): print("teardown")
kept = Never()
sys.stdout.write("first words\\n")
threading.Timer(0, gate.set).start()  # From here on the thread may speak; until then it is silent.
system.leave(3)
"""


def test_threads_end_and_exit_handlers_run_but_nothing_is_torn_down() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (3, "")
    assert ran.stdout == "first words\na thread's words\nlast words\n"
