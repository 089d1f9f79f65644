"""Waiting for what the user types."""

import os
import select
import signal
import sys
import threading


def await_input() -> None:
    """Return when there is something to read; an interruption raises as ever.

    A read does not see a signal that came in the moment before it: Ctrl-C right after the question would be shown, and
    nothing more would happen. The pipe has a byte of such a signal.
    """
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        poll = select.poll()  # `select.select` knows small descriptors only.
        poll.register(0, select.POLLIN)
        poll.register(reading, select.POLLIN)
        while all(descriptor != 0 for descriptor, _ in poll.poll()):
            os.read(reading, 512)  # A signal that raised nothing, such as a new size of the window.
    finally:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)
