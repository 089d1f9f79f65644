"""What a piece of work costs the processor, for tests of how costs grow."""

import gc
import time
from collections.abc import Callable


def processor_time(work: Callable[[], object], rounds: int = 3) -> float:
    """Seconds of this process, at best of some rounds.

    Garbage is not collected meanwhile: what that costs depends on all that other tests left in memory.
    """
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        return min(_once(work) for _ in range(rounds))
    finally:
        if was_on:
            gc.enable()


def _once(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
