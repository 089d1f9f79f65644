"""What is measured of workflows within one process, run by an interpreter that has ComfyDock installed.

Prints times in milliseconds, by label, as JSON.
"""

import json
import shutil
import sys
import time

from comfydock_core.analyzers.class_inputs.remembered_inputs import RememberedInputs
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.utils.reporting import SilentReporter


def classes(comfyui: str, answers: str, rounds: str) -> dict[str, list[float]]:
    """Reading the node classes of ComfyUI from its code, once, and recalling them."""
    shutil.rmtree(answers, ignore_errors=True)
    return {"read": [_asked(comfyui, answers)], "recalled": [_asked(comfyui, answers) for _ in range(int(rounds))]}


def _asked(comfyui: str, answers: str) -> float:
    begun = time.perf_counter()
    inputs = RememberedInputs(comfyui, AnswerCache(answers), SilentReporter())
    inputs.of_comfyui()
    elapsed = (time.perf_counter() - begun) * 1000
    inputs.save()
    return elapsed


TASKS = {"classes": classes}

if __name__ == "__main__":
    json.dump(TASKS[sys.argv[1]](*sys.argv[2:]), sys.stdout)
