"""`python -m build bench`: every startup case in every form, against the bare interpreter of the same Python."""

import json
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from build import describe, instructions
from build.artifacts import Builder
from build.cases import Case
from build.freeze import case_environment, loaded
from build.measure import Start, StartError, Times, in_turn, time_start
from build.paths import Layout
from build.programs import Program, installed_copy, plain_environment
from build.stage import source_digest
from build.venvs import bench_venv

BARE = "bare"

ONEFILE = ("nuitka-onefile", "pyinstaller-onefile")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bench run measures."""

    rounds: int = 40
    onefile: bool = True
    count_instructions: bool = True
    peers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    release: Path | None = None
    """The command of an installed release, to be measured in every case."""


@dataclass(frozen=True, slots=True)
class Row:
    """One program in one case."""

    case: str
    program: str
    median: float
    p10: float
    p90: float
    ratio: float
    instructions: int | None = None
    instruction_ratio: float | None = None
    modules: int | None = None

    def as_dict(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Bench:
    """One run: programs installed, cases measured one after the other."""

    builder: Builder
    plan: Plan
    say: Callable[[str], None] = print

    @property
    def layout(self) -> Layout:
        return self.builder.layout

    @property
    def place(self) -> Path:
        """Where the programs are installed for the run."""
        return self.layout.work / "bench"

    def run(self, cases: tuple[Case, ...]) -> dict[str, object]:
        """Measure everything; the result is what `startup.json` holds."""
        programs = self.install()
        rows: list[Row] = []
        for case in cases:
            self.say(f"measuring {case.name}")
            rows += self.measure(case, programs)
        rows += self.measure_peers()
        if self.plan.onefile:
            rows += self.measure_first_starts(cases[0], programs["nuitka-onefile"])
        return {
            "interpreter": self.builder.interpreter.as_dict(),
            "machine": {"system": platform.platform(), "processor": processor(), "python": sys.version.split()[0]},
            "rounds": self.plan.rounds,
            "artifacts": {form: self.artifact_facts(form) for form in programs if form not in ("source", "release")},
            "rows": [row.as_dict() for row in rows],
        }

    def install(self) -> dict[str, Program]:
        """Every form, installed as a user would: artifacts copied, the sources in a virtual environment."""
        python = bench_venv(self.layout, self.builder.interpreter, source_digest(self.layout))
        programs = {"source": Program("source", (str(python.with_name("comfydock")),))}
        forms = ["nuitka", "pyinstaller", *(ONEFILE if self.plan.onefile else ())]
        for form in forms:
            self.builder.make(form)
            programs[form] = installed_copy(self.layout, form, self.place)
        if self.plan.release is not None:
            programs["release"] = Program("release", (str(self.plan.release.absolute()),))
        return programs

    def measure(self, case: Case, programs: dict[str, Program]) -> list[Row]:
        """All programs in one case, the bare interpreter first, in turn."""
        starts = [self.bare(), *(self.start(case, program) for program in programs.values())]
        times = in_turn(starts, self.plan.rounds)
        counts = self.count(starts) if self.plan.count_instructions else {}
        rows = [self.row(case.name, starts[0].label, times, counts, None)]
        for form, program in programs.items():
            modules = None if form in ONEFILE else len(loaded(case, program, self.layout))
            rows.append(self.row(case.name, form, times, counts, modules))
        return rows

    def row(self, case: str, label: str, times: dict[str, Times], counts: dict[str, int], modules: int | None) -> Row:
        """One line of the table."""
        found, bare = times[label], times[BARE]
        count, reference = counts.get(label), counts.get(BARE)
        return Row(
            case,
            label,
            round(found.median, 3),
            round(found.percentile(0.1), 3),
            round(found.percentile(0.9), 3),
            round(found.median / bare.median, 3),
            count,
            round(count / reference, 3) if count and reference else None,
            modules,
        )

    def count(self, starts: list[Start]) -> dict[str, int]:
        """Instructions of what is worth the wait: one-file forms spend theirs on unpacking."""
        return {start.label: instructions.count(start) for start in starts if start.label not in ONEFILE}

    def measure_peers(self) -> list[Row]:
        """Other people's programs, in turn with the bare interpreter."""
        starts = [self.bare()]
        starts += [Start(name, words, plain_environment(), None) for name, words in self.plan.peers.items()]
        if len(starts) == 1:
            return []
        self.say("measuring peers")
        times = in_turn(starts, self.plan.rounds)
        return [self.row("peers", start.label, times, {}, None) for start in starts]

    def measure_first_starts(self, case: Case, program: Program) -> list[Row]:
        """The first start of a cached one-file program: it unpacks itself."""
        start = self.start(case, program)
        cache = Path(start.environment["XDG_CACHE_HOME"])

        def forget_and_start(one: Start) -> float:
            shutil.rmtree(cache, ignore_errors=True)
            return time_start(one)

        first = in_turn([start], max(self.plan.rounds // 4, 3), 1, forget_and_start)
        bare = in_turn([self.bare()], max(self.plan.rounds // 4, 3))
        return [self.row(f"{case.name}, first start", program.form, first | bare, {}, None)]

    def bare(self) -> Start:
        """The reference: nothing but the interpreter that everything was built from."""
        command = (self.builder.interpreter.executable, "-I", "-S", "-c", "pass")
        return Start(BARE, command, plain_environment())

    def start(self, case: Case, program: Program) -> Start:
        """A case in one form."""
        environment = {**plain_environment(), **case_environment(case, self.layout)}
        environment["XDG_CACHE_HOME"] = str(self.place / "cache")
        return Start(program.form, (*program.command, *case.words), environment, case.exit)

    def artifact_facts(self, form: str) -> dict[str, object]:
        """Size and build time of an artifact, as it describes itself."""
        found = describe.read(self.layout.artifact(form))
        return {key: found.get(key) for key in ("version", "commit", "size_without_programs", "build")}


def measured_programs(builder: Builder, python: Path, *, compiled: bool) -> list[Program]:
    """The installed sources, and where it is asked for the compiled program as installed."""
    programs = [Program("source", (str(python.with_name("comfydock")),))]
    if compiled:
        builder.make("nuitka")
        programs.append(installed_copy(builder.layout, "nuitka", builder.layout.work / "bench"))
    return programs


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def broken_budgets(cases: tuple[Case, ...], rows: list[dict[str, object]]) -> list[str]:
    """Every ratio budget that the rows break, as a sentence."""
    found = {(str(row["case"]), str(row["program"])): row for row in rows}
    broken: list[str] = []
    for case in cases:
        for key, budgets in (("ratio", case.ratio), ("instruction_ratio", case.instructions)):
            for form, budget in budgets.items():
                broken += _over(f"{case.name} {form} {key}", found.get((case.name, form), {}).get(key), budget)
        if case.against_pyinstaller is not None:
            ours, theirs = (found.get((case.name, form), {}).get("median") for form in ("nuitka", "pyinstaller"))
            if isinstance(ours, int | float) and isinstance(theirs, int | float):
                broken += _over(f"{case.name} nuitka against pyinstaller", ours / theirs, case.against_pyinstaller)
    return broken


def _over(what: str, value: object, budget: float) -> list[str]:
    if isinstance(value, int | float) and value > budget:
        return [f"{what}: {value:.3f}, at most {budget} is allowed"]
    return []


def read_result(path: Path) -> dict[str, object]:
    """A `startup.json` of another run. Raises `StartError`."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StartError(f"{path}: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("rows"), list):
        raise StartError(f"{path} holds no measurements")
    return found
