"""`python -m build bench-workflows`: what workflows cost, beside the bare interpreter of the same run."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from build.artifacts import Builder
from build.bench import BARE, measured_programs
from build.figures import Figure, result_of
from build.measure import Start, StartError, Times, in_turn, time_start
from build.programs import Program, plain_environment
from build.stage import source_digest
from build.venvs import bench_venv
from build.workflow_stage import number_of_classes, workspace_for, workspace_of_workflows, workspace_without_packs
from build.workspaces import ACTIVE

_PROBE = Path(__file__).with_name("workflow_probe.py")
_COMFYUI_VARIABLE = "COMFYDOCK_TEST_COMFYUI"
_CHECK = ("workflow", "check", "-e", ACTIVE)
_CHECK_LIMITS = {"noted": 12, "noted, as JSON": 12, "not noted": 25}  # Times a bare start.
_TICK = 0.03  # Seconds after which a file that was written counts as settled, so that nobody waits for that.
_ANALYSE_LIMIT = 8  # Seconds.
_STATUS_LIMIT = 3  # Times `status` with a hundredth of the workflows.
_READ_LIMIT, _RECALL_LIMIT = 15, 0.05  # Seconds.
_FAILED = 2  # From this exit code on a command did not do what it should: 1 says that a workflow does not run.


@dataclass(frozen=True, slots=True)
class WorkflowPlan:
    """What a run measures: how often, with the compiled program or without, and in what packs."""

    rounds: int = 15
    artifacts: bool = True
    comfyui: Path | None = None
    """A checkout to measure with; without one ComfyUI is made of what the workflows say of their classes."""
    packs: Path | None = None
    """A directory with real node packs."""

    @classmethod
    def of(cls, rounds: int, *, artifacts: bool, packs: Path | None) -> "WorkflowPlan":
        named = os.environ.get(_COMFYUI_VARIABLE)
        return cls(rounds, artifacts, Path(named) if named else None, packs)


@dataclass(slots=True)
class Edited:
    """A copy of a workflow at `path` that has another content at each start, as when the editor saved it."""

    origin: Path
    path: Path
    saved: int = 0

    def __post_init__(self) -> None:
        self.save()

    def save(self) -> None:
        """Save it with another view."""
        self.saved += 1
        graph = json.loads(self.origin.read_bytes())
        view = {"scale": 1, "offset": [self.saved, 0]}
        self.path.write_text(json.dumps({**graph, "extra": {**(graph.get("extra") or {}), "ds": view}}), "utf-8")
        time.sleep(_TICK)

    def time(self, start: Start) -> float:
        """`time_start` of what was saved just before. Raises `StartError`."""
        self.save()
        return time_start(start)


@dataclass(slots=True)
class WorkflowBench:
    """One run. `workflows` are the real ones that every machine with the development tools has."""

    builder: Builder
    plan: WorkflowPlan
    workflows: Sequence[Path]
    say: Callable[[str], None] = print

    @property
    def place(self) -> Path:
        """Where the workspaces lie that are measured in."""
        return self.builder.layout.work / "workflows"

    def run(self) -> dict[str, object]:
        """Measure everything; the result is what `workflows.json` holds."""
        if not self.workflows:
            raise StartError("the distributions with real workflows are not installed: `just setup`")
        self.place.mkdir(parents=True, exist_ok=True)
        python = bench_venv(self.builder.layout, self.builder.interpreter, source_digest(self.builder.layout))
        programs = measured_programs(self.builder, python, compiled=self.plan.artifacts)
        workspace = workspace_for(self.place, self.workflows, self.plan.comfyui, self.plan.packs)
        figures = [
            *self.checks(programs, workspace),
            *self.analysing(programs, workspace),
            *self.status(programs),
            *self.classes(python, workspace),
        ]
        return result_of(self.builder, self.plan.rounds, figures)

    def checks(self, programs: list[Program], workspace: Path) -> list[Figure]:
        """`workflow check` of the largest workflows, when the classes of the environment are known already."""
        figures: list[Figure] = []
        for title, (path, place) in self.checked(workspace).items():
            self.say(f"checking {path.name}, {title}")
            words = (*_CHECK, str(path))
            edited = Edited(path, self.place / "edited.json")
            for program in programs:  # One after the other, as each uses the reports alone that it noted itself.
                runs = {
                    "noted": self.beside_bare([program], words, place),
                    "noted, as JSON": self.beside_bare([program], (*words, "--json"), place),
                    "not noted": self.beside_bare([program], (*_CHECK, str(edited.path)), place, clock=edited.time),
                }
                for how, times in runs.items():
                    ours, theirs = times[program.form].median, times[BARE].median
                    name = f"workflow check, {title}, {how}, {program.form}, against a bare start"
                    figures.append(Figure(name, "ms", ours, theirs, ours / theirs, _CHECK_LIMITS[how]))
        return figures

    def checked(self, workspace: Path) -> dict[str, tuple[Path, Path]]:
        """What is checked, and in which workspace.

        The largest workflow of all templates, and of those that people shared where they lie beside us; of these also
        the one with most classes, where only ComfyUI's own are there, and lists tell where the others may be had.
        """
        found = {"largest template": (max(self.workflows, key=lambda path: path.stat().st_size), workspace)}
        shared = self.builder.layout.root.parent / "shared" / "data"
        others = sorted((shared / "workflows").glob("*.json"), key=lambda path: path.stat().st_size)
        if others:
            bare = workspace_without_packs(self.place, self.workflows, self.plan.comfyui, shared / "manager")
            found["largest shared"] = (others[-1], workspace)
            found["most classes, all missing"] = (max(others, key=number_of_classes), bare)
        return found

    def analysing(self, programs: list[Program], workspace: Path) -> list[Figure]:
        """Analysing every workflow in one start."""
        self.say(f"analysing {len(self.workflows)} workflows")
        words = ("workflow", "analyze", "-e", ACTIVE, *map(str, self.workflows))
        times = self.beside_bare(programs, words, workspace, max(self.plan.rounds // 5, 3))
        return [
            Figure(f"workflow analyze of {len(self.workflows)} files, {one.form}, seconds",
                   "ms", ours := times[one.form].median, None, ours / 1000, _ANALYSE_LIMIT)
            for one in programs
        ]  # fmt: skip

    def status(self, programs: list[Program]) -> list[Figure]:
        """`status` with many workflows beside `status` with few."""
        self.say("measuring status with 1000 workflows")
        few, many = (workspace_of_workflows(self.place, self.workflows, number) for number in (10, 1000))
        figures: list[Figure] = []
        for program in programs:
            starts = [
                Start(root.name, (*program.command, "status", "-e", ACTIVE), _in(root), None) for root in (few, many)
            ]
            times = in_turn(starts, self.plan.rounds)
            ours, theirs = times[many.name].median, times[few.name].median
            name = f"status with 1000 workflows, {program.form}, against 10"
            figures.append(Figure(name, "ms", ours, theirs, ours / theirs, _STATUS_LIMIT))
        return figures

    def classes(self, python: Path, workspace: Path) -> list[Figure]:
        """The node classes of a real ComfyUI, from its code and recalled."""
        if self.plan.comfyui is None:
            return []
        self.say("reading the node classes of ComfyUI")
        comfyui = str(workspace / "environments" / ACTIVE / "ComfyUI")
        times = self.probe(python, "classes", comfyui, str(self.place / "answers"), str(self.plan.rounds))
        return [
            Figure(f"node classes of ComfyUI, {label}, seconds",
                   "ms", ours := times[label].median, None, ours / 1000, limit)
            for label, limit in (("read", _READ_LIMIT), ("recalled", _RECALL_LIMIT))
        ]  # fmt: skip

    def beside_bare(
        self,
        programs: list[Program],
        words: tuple[str, ...],
        workspace: Path,
        rounds: int | None = None,
        clock: Callable[[Start], float] = time_start,
    ) -> dict[str, Times]:
        """A command in each form, in turn with the bare interpreter, after a run that reads what is remembered."""
        for program in programs:
            ran = program.run(words, _in(workspace))
            if ran.returncode >= _FAILED:
                raise StartError(f"`comfydock {' '.join(words[:3])}` ended with {ran.returncode}:\n{ran.stderr}")
        bare = Start(BARE, (self.builder.interpreter.executable, "-I", "-S", "-c", "pass"), plain_environment())
        starts = [Start(one.form, (*one.command, *words), _in(workspace), None) for one in programs]
        return in_turn([bare, *starts], rounds or self.plan.rounds, clock=clock)

    def probe(self, python: Path, *words: str) -> dict[str, Times]:
        """One task of `workflow_probe.py`. Raises `StartError`."""
        ran = subprocess.run([str(python), "-I", str(_PROBE), *words], capture_output=True, text=True)
        if ran.returncode != 0:
            raise StartError(f"workflow_probe.py {words[0]}:\n{ran.stderr}")
        return {label: Times(tuple(values)) for label, values in json.loads(ran.stdout).items()}


def _in(workspace: Path) -> dict[str, str]:
    return {**plain_environment(), "COMFYDOCK_HOME": str(workspace)}
