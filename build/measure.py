"""Timing starts. Programs take turns (A B C A B C …), so that whatever the machine does meanwhile hits all alike."""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """One thing to start and time."""

    label: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    exit: int | None = 0
    """The exit code that makes a time count; `None` takes any."""


class StartError(Exception):
    """A program that is measured does not do what it should."""


@dataclass(frozen=True, slots=True)
class Times:
    """The times of one program in one case, in milliseconds."""

    samples: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    def percentile(self, share: float) -> float:
        """The value that `share` of the samples stay under; the nearest sample, nothing in between."""
        ordered = sorted(self.samples)
        return ordered[min(round(share * (len(ordered) - 1)), len(ordered) - 1)]


def in_turn(
    starts: Sequence[Start], rounds: int, warmup: int = 2, clock: Callable[[Start], float] | None = None
) -> dict[str, Times]:
    """Start each in turn, round after round; the first `warmup` rounds do not count. Raises `StartError`."""
    timed = clock or time_start
    samples: dict[str, list[float]] = {start.label: [] for start in starts}
    for number in range(rounds + warmup):
        for start in starts:
            value = timed(start)
            if number >= warmup:
                samples[start.label].append(value)
    return {label: Times(tuple(values)) for label, values in samples.items()}


def time_start(start: Start) -> float:
    """Run once with everything from and to the null device; returns milliseconds. Raises `StartError`."""
    null = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in (0, 1, 2)]
    begun = time.perf_counter()
    process = os.posix_spawnp(start.command[0], start.command, dict(start.environment), file_actions=null)
    _, status = os.waitpid(process, 0)
    elapsed = (time.perf_counter() - begun) * 1000
    code = os.waitstatus_to_exitcode(status)
    if start.exit is not None and code != start.exit:
        raise StartError(f"{start.label}: `{' '.join(start.command)}` ended with {code}, not {start.exit}")
    return elapsed
