"""`python -m build bench-workflows`: what workflows cost, beside the bare interpreter of the same run."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from build.artifacts import Builder
from build.bench import BARE, measured_programs
from build.figures import Figure, result_of
from build.measure import Start, StartError, Times, in_turn
from build.programs import Program, plain_environment
from build.stage import source_digest
from build.venvs import bench_venv
from build.workflow_stage import workspace_for, workspace_of_workflows
from build.workspaces import ACTIVE

_PROBE = Path(__file__).with_name("workflow_probe.py")
_COMFYUI_VARIABLE = "COMFYDOCK_TEST_COMFYUI"
_CHECK = ("workflow", "check", "-e", ACTIVE)
_CHECK_LIMIT = 12  # Times a bare start.
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
        for title, path in self.largest().items():
            self.say(f"checking {path.name}, {title}")
            times = self.beside_bare(programs, (*_CHECK, str(path)), workspace)
            for program in programs:
                ours, theirs = times[program.form].median, times[BARE].median
                name = f"workflow check, {title}, {program.form}, against a bare start"
                figures.append(Figure(name, "ms", ours, theirs, ours / theirs, _CHECK_LIMIT))
        return figures

    def largest(self) -> dict[str, Path]:
        """The largest workflow of all templates, and of those that people shared where they lie beside us."""
        found = {"largest template": max(self.workflows, key=lambda path: path.stat().st_size)}
        shared = self.builder.layout.root.parent / "shared" / "data" / "workflows"
        others = sorted(shared.glob("*.json"), key=lambda path: path.stat().st_size)
        return {**found, "largest shared": others[-1]} if others else found

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
        self, programs: list[Program], words: tuple[str, ...], workspace: Path, rounds: int | None = None
    ) -> dict[str, Times]:
        """A command in each form, in turn with the bare interpreter, after a run that reads what is remembered."""
        for program in programs:
            ran = program.run(words, _in(workspace))
            if ran.returncode >= _FAILED:
                raise StartError(f"`comfydock {' '.join(words[:3])}` ended with {ran.returncode}:\n{ran.stderr}")
        bare = Start(BARE, (self.builder.interpreter.executable, "-I", "-S", "-c", "pass"), plain_environment())
        starts = [Start(one.form, (*one.command, *words), _in(workspace), None) for one in programs]
        return in_turn([bare, *starts], rounds or self.plan.rounds)

    def probe(self, python: Path, *words: str) -> dict[str, Times]:
        """One task of `workflow_probe.py`. Raises `StartError`."""
        ran = subprocess.run([str(python), "-I", str(_PROBE), *words], capture_output=True, text=True)
        if ran.returncode != 0:
            raise StartError(f"workflow_probe.py {words[0]}:\n{ran.stderr}")
        return {label: Times(tuple(values)) for label, values in json.loads(ran.stdout).items()}


def _in(workspace: Path) -> dict[str, str]:
    return {**plain_environment(), "COMFYDOCK_HOME": str(workspace)}
