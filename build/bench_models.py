"""`python -m build bench-models`: what models cost, each figure beside what it is compared with in the same run."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from build.artifacts import Builder
from build.bench import BARE, measured_programs
from build.figures import Figure, result_of
from build.measure import Start, StartError, Times, in_turn
from build.model_trees import random_file, sparse_file, workspace_with
from build.programs import Program, plain_environment
from build.stage import source_digest
from build.venvs import bench_venv

_PROBE = Path(__file__).with_name("model_probe.py")
_GB = 1_000_000_000
_FIND = ("model", "index", "find", "tweaker", "4711")
_SYNC = ("model", "index", "sync")
# Sources read the stubs of the lazy packages at every start, with `ast`, which alone costs a bare start.
_FIND_LIMITS = {"source": 3.6, "nuitka": 2.0}


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """What a run measures: how often, with the compiled program or without, and how large the sparse file is."""

    rounds: int = 15
    artifacts: bool = True
    sparse: int = 8 * _GB


@dataclass(slots=True)
class ModelBench:
    """One run."""

    builder: Builder
    plan: ModelPlan
    say: Callable[[str], None] = print

    @property
    def place(self) -> Path:
        """Where the models lie that are measured with."""
        return self.builder.layout.work / "models"

    def run(self) -> dict[str, object]:
        """Measure everything; the result is what `models.json` holds."""
        self.place.mkdir(parents=True, exist_ok=True)
        python = bench_venv(self.builder.layout, self.builder.interpreter, source_digest(self.builder.layout))
        programs = measured_programs(self.builder, python, compiled=self.plan.artifacts)
        figures = [
            *self.scans(python),
            *self.commands(programs),
            *self.hashing(python),
            *self.memory(python),
            *self.downloads(python),
        ]
        return result_of(self.builder, self.plan.rounds, figures)

    def scans(self, python: Path) -> list[Figure]:
        """Looking through trees of files that are known, and that are not."""
        figures: list[Figure] = []
        for files in (10_000, 40_000):
            self.say(f"scanning {files} files")
            root = workspace_with(self.place, files) / "models"
            times = self.probe(python, "scan", str(root), str(self.place / f"{files}.db"), str(self.plan.rounds))
            known, first, find = (times[label].median for label in ("known", "first", "find"))
            figures.append(Figure(f"scan of {files} known files against find", "ms", known, find, known / find, 3))
            if files == 10_000:
                figures.append(Figure("scan of 10000 known files, seconds", "ms", known, None, known / 1000, 0.6))
                figures.append(Figure("first scan of 10000 files, seconds", "ms", first, None, first / 1000, 2))
        return figures

    def commands(self, programs: list[Program]) -> list[Figure]:
        """`model index find` against the bare interpreter, and the whole of `model index sync`."""
        workspace = workspace_with(self.place, 10_000)
        environment = {**plain_environment(), "COMFYDOCK_HOME": str(workspace)}
        for index in (workspace / "comfydock_cache").glob("model_index.db*"):
            index.unlink()  # It may be that of other sources.
        for prepared in (_SYNC, ("model", "index", "list")):  # The second reads the headers, once.
            ran = programs[0].run(prepared, environment)
            if ran.returncode != 0:
                raise StartError(f"`comfydock {' '.join(prepared)}` ended with {ran.returncode}:\n{ran.stderr}")
        figures: list[Figure] = []
        bare = Start(BARE, (self.builder.interpreter.executable, "-I", "-S", "-c", "pass"), plain_environment())
        for words, limits in ((_FIND, _FIND_LIMITS), (_SYNC, None)):
            name = " ".join(words[:3])
            self.say(f"measuring {name}")
            starts = [Start(one.form, (*one.command, *words), environment) for one in programs]
            times = in_turn([bare, *starts], self.plan.rounds)
            for start in starts:
                ours, theirs = times[start.label].median, times[BARE].median
                if limits is None:
                    figures.append(Figure(f"{name}, {start.label}, seconds", "ms", ours, None, ours / 1000, 0.6))
                else:
                    named = f"{name}, {start.label}, against a bare start"
                    figures.append(Figure(named, "ms", ours, theirs, ours / theirs, limits[start.label]))
        return figures

    def hashing(self, python: Path) -> list[Figure]:
        """Both digests of a gigabyte, cached and not."""
        path, figures = random_file(self.place, 1 << 30), []
        for task, peer, limit in (("hash-warm", "libraries", 0.85), ("hash-cold", "dd", 0.9)):
            self.say(f"measuring {task}")
            times = self.probe(python, task, str(path), str(max(self.plan.rounds // 3, 3)))
            ours, theirs = times["ours"].median, times[peer].median
            figures.append(Figure(f"{task} against {peer}", "ms", ours, theirs, theirs / ours, limit, at_least=True))
        return figures

    def memory(self, python: Path) -> list[Figure]:
        """The memory that reading a huge file takes."""
        self.say(f"reading {self.plan.sparse // _GB} GB")
        times = self.probe(python, "memory", str(sparse_file(self.place, self.plan.sparse)))
        peak = times["peak"].median
        return [Figure(f"memory to read {self.plan.sparse // _GB} GB, MB", "MB", peak, None, peak, 150)]

    def downloads(self, python: Path) -> list[Figure]:
        """A gigabyte by one connection, and less from a server that limits each connection, beside `curl`.

        Ours writes out what it has and makes two digests, which takes nearly as long as fetching it from the same
        machine: `curl`, which does neither, is only caught up with where a processor is free for them.
        """
        rounds = str(max(self.plan.rounds // 3, 3))
        self.say("measuring downloads")
        times = self.probe(python, "download", str(random_file(self.place, 1 << 30)), rounds)
        ours, figures = times["ours"].median, []
        for peer, name, limit in (
            ("curl", "curl", 0.5),
            ("synced", "curl and sync", 0.9),
            ("checked", "curl, sync and sha256sum", 1.2),
        ):
            theirs = times[peer].median
            figures.append(Figure(f"download against {name}", "ms", ours, theirs, theirs / ours, limit, at_least=True))
        times = self.probe(python, "download-limited", str(random_file(self.place, 1 << 27)), rounds)
        ours, curl = times["ours"].median, times["curl"].median
        name = "download with ranges against curl, each connection limited"
        return [*figures, Figure(name, "ms", ours, curl, curl / ours, 2, at_least=True)]

    def probe(self, python: Path, *words: str) -> dict[str, Times]:
        """One task of `model_probe.py`. Raises `StartError`."""
        ran = subprocess.run([str(python), "-I", str(_PROBE), *words], capture_output=True, text=True)
        if ran.returncode != 0:
            raise StartError(f"model_probe.py {words[0]}:\n{ran.stderr}")
        return {label: Times(tuple(values)) for label, values in json.loads(ran.stdout).items()}
