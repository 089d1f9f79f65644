"""`python -m build bench-history`: what going through a history costs, beside what a person would type for it."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from build.artifacts import Builder
from build.bench import measured_programs
from build.figures import Figure, result_of
from build.history_stage import BRANCHES, SwitchStage, long_history
from build.measure import Start, Times, in_turn
from build.programs import Program, plain_environment
from build.stage import source_digest
from build.venvs import bench_venv
from build.workspaces import ACTIVE

_SWITCH_LIMIT, _KEPT_LIMIT = 0.5, 0.25  # Times what is typed by hand.
_LONG_LIMIT = 3  # Times the same with a hundredth of the history.
_FEW, _MANY = (10, 10, 3), (1000, 1000, 300)  # Commits, workflows, packs.
_READING = {"status": ("status",), "log": ("log",), "diff": ("diff",)}


@dataclass(frozen=True, slots=True)
class HistoryPlan:
    """What a run measures: how often, and with the compiled program or without."""

    rounds: int = 11
    artifacts: bool = True


@dataclass(slots=True)
class HistoryBench:
    """One run."""

    builder: Builder
    plan: HistoryPlan
    say: Callable[[str], None] = print

    @property
    def place(self) -> Path:
        """Where the environments lie that are measured in."""
        return self.builder.layout.work / "history"

    def run(self) -> dict[str, object]:
        """Measure everything; the result is what `history.json` holds. Raises `StartError`, `CalledProcessError`."""
        self.place.mkdir(parents=True, exist_ok=True)
        python = bench_venv(self.builder.layout, self.builder.interpreter, source_digest(self.builder.layout))
        programs = measured_programs(self.builder, python, compiled=self.plan.artifacts)
        figures = [figure for program in programs for figure in self.switching(program)]
        return result_of(self.builder, self.plan.rounds, [*figures, *self.reading(programs)])

    def switching(self, program: Program) -> list[Figure]:
        """`switch` there and back, in turn with the same by hand: with what is kept pruned before, and kept."""
        self.say(f"switching between two branches, {program.form}")
        stage = SwitchStage(self.place / "switch", program)
        taken: dict[str, list[float]] = {"pruned": [], "kept": [], "hand": []}
        for _ in range(self.plan.rounds):
            for name in ("pruned", "kept", "hand"):
                for branch in BRANCHES:
                    if name == "pruned":
                        stage.run("operation", "prune")
                    taken[name].append(self._seconds(stage, branch, by_hand=name == "hand"))
        hand = Times(tuple(taken["hand"])).median
        return [
            Figure(f"switch, {words}, {program.form}, against by hand", "ms", ours := Times(tuple(taken[name])).median,
                   hand, ours / hand, limit)
            for name, words, limit in (("pruned", "no virtual environment kept", _SWITCH_LIMIT),
                                       ("kept", "both virtual environments kept", _KEPT_LIMIT))
        ]  # fmt: skip

    def _seconds(self, stage: SwitchStage, branch: str, *, by_hand: bool) -> float:
        """How many milliseconds it takes to be on a branch."""
        started = time.perf_counter()
        if by_hand:
            for command in stage.by_hand(branch):
                subprocess.run(command, env=stage.hand_environment(), capture_output=True, check=True)
        else:
            stage.run("switch", branch)
        return (time.perf_counter() - started) * 1000

    def reading(self, programs: list[Program]) -> list[Figure]:
        """`status`, `log` and `diff` with a long history, many workflows and many packs, against few."""
        few, many = (long_history(self.place, *numbers) for numbers in (_FEW, _MANY))
        figures = []
        for name, words in _READING.items():
            self.say(f"measuring {name} with {_MANY[0]} commits")
            for program in programs:
                command = (*program.command, *words, "-e", ACTIVE)
                starts = [Start(root.name, command, _in(root), None) for root in (few, many)]
                times = in_turn(starts, self.plan.rounds)
                ours, theirs = times[many.name].median, times[few.name].median
                title = f"{name} with {_MANY[0]} commits and {_MANY[2]} packs, {program.form}, against {_FEW[0]}"
                figures.append(Figure(title, "ms", ours, theirs, ours / theirs, _LONG_LIMIT))
        return figures


def _in(workspace: Path) -> dict[str, str]:
    return {**plain_environment(), "COMFYDOCK_HOME": str(workspace)}
