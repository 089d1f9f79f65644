"""`python -m build …`: make artifacts, measure starts, freeze the startup budgets, clean up."""

import argparse
import json
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from build.artifacts import FORMS, Builder
from build.bench import Bench, Plan, broken_budgets, read_result
from build.bench_history import HistoryBench, HistoryPlan
from build.bench_models import ModelBench, ModelPlan
from build.bench_workflows import WorkflowBench, WorkflowPlan
from build.cases import Case, read_cases, write_cases
from build.chart import chart
from build.describe import version
from build.documentation.making import DocumentationError, make_documentation
from build.figures import figures_report, missed_figures
from build.freeze import freeze_cases, third_party_place
from build.instructions import available
from build.interpreter import InterpreterError
from build.measure import StartError
from build.nuitka_build import FreezeError
from build.paths import Layout
from build.picture import record
from build.portable.freezing import FORMS as PORTABLE_FORMS
from build.portable.recipe import make_portable_python
from build.portable.workshop import PortableError
from build.programs import artifact_program, source_program
from build.release.components import ComponentError
from build.release.gathering import GatheringError, gather
from build.release.making import ReleaseError, release_of
from build.report import comparison, markdown, rows_of, table
from build.settings import SettingsError, read_artifact
from build.sizes import SizesError, report
from build.smoke import smoke
from build.snapshot import SnapshotError, surface
from build.stage import StageError, stage
from build.symbols import SymbolsError, broken, needs_of
from build.symbols import table as symbols_table
from build.symbols import version as symbols_version
from build.unused import graph_of, inside, libraries_of, loaded_by, missed, unforeseen, unreached
from build.unused import report as unused_report
from build.venvs import build_venv

# What is said in a sentence: the build cannot be done as it is wanted.
ERRORS = (
    ComponentError,
    DocumentationError,
    FreezeError,
    GatheringError,
    InterpreterError,
    PortableError,
    ReleaseError,
    SettingsError,
    SizesError,
    SnapshotError,
    StageError,
    StartError,
    SymbolsError,
)


def main(words: list[str] | None = None) -> int:
    """Run one task; returns the exit code."""
    options = parser().parse_args(words)
    try:
        code: int = options.task(options)
    except ERRORS as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return code


def parser() -> argparse.ArgumentParser:
    """The command line of the build programs."""
    top = argparse.ArgumentParser(prog="python -m build", description=__doc__)
    tasks = top.add_subparsers(required=True, metavar="TASK")
    making = tasks.add_parser("make", help="make artifacts that are not up to date")
    making.add_argument("what", choices=("all", *FORMS), nargs="?", default="all")
    making.add_argument("--onefile", action="store_true", help="the one-file form too")
    making.add_argument("--portable", action="store_true", help="the artifact for old systems, with Nuitka only")
    making.set_defaults(task=run_make)
    measuring = tasks.add_parser("bench", help="measure starts and write dist/bench/startup.{json,md,svg}")
    measuring.add_argument("--rounds", type=int, default=40)
    measuring.add_argument("--quick", action="store_true", help="few rounds, no one-file forms, no instructions")
    measuring.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND", help="time a program too")
    measuring.add_argument("--release", type=Path, metavar="COMMAND", help="measure an installed release too")
    measuring.add_argument("--compare", type=Path, metavar="OLD.json", help="show the change since another run")
    measuring.add_argument("--case", action="append", default=[], metavar="NAME", help="only this case")
    measuring.add_argument("--no-instructions", action="store_true", help="do not count instructions")
    measuring.set_defaults(task=run_bench)
    counting = tasks.add_parser("bench-models", help="measure what models cost and write dist/bench/models.{json,md}")
    counting.add_argument("--rounds", type=int, default=15)
    counting.add_argument("--source-only", action="store_true", help="leave the compiled program out")
    counting.add_argument("--large", action="store_true", help="read 100 GB for the figure of memory, not 8")
    counting.set_defaults(task=run_bench_models)
    working = tasks.add_parser("bench-workflows", help="measure workflows and write dist/bench/workflows.{json,md}")
    working.add_argument("--rounds", type=int, default=15)
    working.add_argument("--source-only", action="store_true", help="leave the compiled program out")
    working.add_argument("--packs", type=Path, metavar="DIR", help="measure with these node packs, not with made ones")
    working.set_defaults(task=run_bench_workflows)
    going = tasks.add_parser("bench-history", help="measure histories and write dist/bench/history.{json,md}")
    going.add_argument("--rounds", type=int, default=11)
    going.add_argument("--source-only", action="store_true", help="leave the compiled program out")
    going.set_defaults(task=run_bench_history)
    freezing = tasks.add_parser("freeze", help="write what every startup case loads into startup.toml")
    freezing.set_defaults(task=run_freeze)
    trying = tasks.add_parser("smoke", help="try the least that the artifacts must do")
    trying.add_argument("--portable", action="store_true", help="the artifact for old systems")
    trying.set_defaults(task=run_smoke)
    interpreting = tasks.add_parser("portable-python", help="make the interpreter that runs on old systems")
    interpreting.set_defaults(task=run_portable_python)
    reading = tasks.add_parser("symbols", help="show which C library and which libraries an artifact needs")
    reading.add_argument("directory", type=Path, nargs="?", metavar="DIR", help="the artifact, else the portable one")
    reading.add_argument("--at-most", metavar="VERSION", help="fail when a newer C library is needed, such as 2.28")
    reading.set_defaults(task=run_symbols)
    weighing = tasks.add_parser("sizes", help="show what takes the space of the compiled program")
    weighing.add_argument("--portable", action="store_true", help="the artifact for old systems")
    weighing.set_defaults(task=run_sizes)
    tracing = tasks.add_parser("unused", help="show what of the artifacts nothing reaches")
    tracing.set_defaults(task=run_unused)
    listing = tasks.add_parser("surface", help="write the list of commands and options that reviews look at")
    listing.set_defaults(task=run_surface)
    releasing = tasks.add_parser("release", help="make dist/release from a clean tree")
    releasing.add_argument("--dirty", action="store_true", help="take a tree with changes, to try it")
    releasing.set_defaults(task=run_release)
    gathering = tasks.add_parser("gather", help="make one release of those that several machines made")
    gathering.add_argument("places", type=Path, help="a directory with a release of each machine in a directory")
    gathering.set_defaults(task=run_gather)
    drawing = tasks.add_parser("picture", help="record the session that the README shows: build/pictures/session.svg")
    drawing.set_defaults(task=run_picture)
    documenting = tasks.add_parser("documentation", help="write manual pages and the reference")
    documenting.add_argument("directory", type=Path, nargs="?", metavar="DIR", default=Layout().documentation)
    documenting.set_defaults(task=run_documentation)
    cleaning = tasks.add_parser("clean", help="remove `dist/`")
    cleaning.set_defaults(task=run_clean)
    return top


def run_make(options: argparse.Namespace) -> int:
    """Make one form or all that are wanted."""
    wanted = list(standalone_forms(options.portable)) if options.what == "all" else [options.what]
    if options.onefile:
        wanted += [f"{form}-onefile" for form in wanted if not form.endswith("-onefile")]
    if options.portable and not set(wanted) <= set(PORTABLE_FORMS):
        raise PortableError(f"the portable artifact is made as {' or '.join(PORTABLE_FORMS)} only")
    builder = Builder.of(Layout(portable=options.portable), say=lambda text: print(text, flush=True))
    for form in wanted:
        builder.make(form)
    return 0


def standalone_forms(portable: bool) -> tuple[str, ...]:
    """The forms that are directories."""
    return ("nuitka",) if portable else ("nuitka", "pyinstaller")


def run_bench(options: argparse.Namespace) -> int:
    """Measure, report, compare; 1 when a ratio budget is broken."""
    builder = Builder.of(Layout(), say=lambda text: print(text, file=sys.stderr, flush=True))
    old = read_result(options.compare) if options.compare else None
    cases = tuple(case for case in read_cases(builder.layout.config) if not options.case or case.name in options.case)
    result = Bench(builder, bench_plan(options), builder.say).run(cases)
    write_results(builder.layout.bench, result, cases)
    print(table(rows_of(result)))
    if old is not None:
        print(comparison(old, result))
    broken = broken_budgets(cases, rows_of(result))
    for sentence in broken:
        print(f"over budget: {sentence}", file=sys.stderr)
    return 1 if broken else 0


def bench_plan(options: argparse.Namespace) -> Plan:
    """What the options ask for."""
    peers = dict(peer.partition("=")[::2] for peer in options.peer)
    return Plan(
        rounds=min(options.rounds, 10) if options.quick else options.rounds,
        onefile=not options.quick,
        count_instructions=not options.quick and not options.no_instructions and available(),
        release=options.release,
        peers={name: tuple(shlex.split(command)) for name, command in peers.items()},
    )


def write_results(directory: Path, result: dict[str, object], cases: tuple[Case, ...]) -> None:
    """Write the measurements for programs, for readers and for the eye."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "startup.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    (directory / "startup.md").write_text(markdown(result, cases), "utf-8")
    interpreter = result["interpreter"]
    version = interpreter["version"] if isinstance(interpreter, dict) else ""
    subtitle = f"Python {version}, medians of {result['rounds']} rounds, all programs in turn; less is better"
    (directory / "startup.svg").write_text(chart(rows_of(result), subtitle), "utf-8")


def run_bench_models(options: argparse.Namespace) -> int:
    """Measure and report what models cost; 1 when a figure is missed."""
    builder = Builder.of(Layout(), say=lambda text: print(text, file=sys.stderr, flush=True))
    plan = ModelPlan(options.rounds, not options.source_only, (100 if options.large else 8) * 1_000_000_000)
    result = ModelBench(builder, plan, builder.say).run()
    words = f"Medians of {plan.rounds} rounds, of hashing and downloads a third; ours and theirs in turn."
    return tell_figures(builder.layout.bench / "models.json", result, figures_report(result, "What models cost", words))


def run_bench_workflows(options: argparse.Namespace) -> int:
    """Measure and report what workflows cost; 1 when a figure is missed."""
    from tests.support.real_workflows import real_workflows  # They are there where the development tools are.

    builder = Builder.of(Layout(), say=lambda text: print(text, file=sys.stderr, flush=True))
    plan = WorkflowPlan.of(options.rounds, artifacts=not options.source_only, packs=options.packs)
    result = WorkflowBench(builder, plan, real_workflows(), builder.say).run()
    words = f"Medians of {plan.rounds} rounds, of analysing a fifth; ours and theirs in turn."
    report = figures_report(result, "What workflows cost", words)
    return tell_figures(builder.layout.bench / "workflows.json", result, report)


def run_bench_history(options: argparse.Namespace) -> int:
    """Measure and report what going through a history costs; 1 when a figure is missed."""
    builder = Builder.of(Layout(), say=lambda text: print(text, file=sys.stderr, flush=True))
    plan = HistoryPlan(options.rounds, not options.source_only)
    result = HistoryBench(builder, plan, builder.say).run()
    words = f"Medians of {plan.rounds} rounds, of switching of twice as many; ours and theirs in turn."
    report = figures_report(result, "What going through a history costs", words)
    return tell_figures(builder.layout.bench / "history.json", result, report)


def tell_figures(path: Path, result: dict[str, object], report: str) -> int:
    """Write a result for programs and for readers; 1 when a figure is missed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    path.with_suffix(".md").write_text(report, "utf-8")
    print(report)
    for sentence in missed_figures(result):
        print(f"missed: {sentence}", file=sys.stderr)
    return int(bool(missed_figures(result)))


def run_freeze(options: argparse.Namespace) -> int:
    """Measure the modules of every case and rewrite `startup.toml`."""
    builder = Builder.of(Layout())
    layout = builder.layout
    for form in ("nuitka", "pyinstaller"):
        builder.make(form)
    python = build_venv(layout, builder.interpreter)
    programs = {form: artifact_program(layout, form) for form in ("nuitka", "pyinstaller")}
    programs["source"] = source_program(layout, builder.interpreter.executable, third_party_place(python))
    write_cases(layout.config, freeze_cases(read_cases(layout.config), programs, layout))
    return 0


def run_smoke(options: argparse.Namespace) -> int:
    """Try both artifacts, or the portable one; 1 when one fails."""
    builder = Builder.of(Layout(portable=options.portable))
    layout = builder.layout
    failed = False
    for form in standalone_forms(options.portable):
        builder.make(form)
        with tempfile.TemporaryDirectory() as scratch:
            program = artifact_program(layout, form)
            failures = smoke(program, version(layout), builder.artifact, layout.stage, Path(scratch))
        for failure in failures:
            print(f"{form}: {failure}", file=sys.stderr)
        failed = failed or bool(failures)
    return int(failed)


def run_portable_python(options: argparse.Namespace) -> int:
    """Make the interpreter for old systems, and say where it is."""
    print(make_portable_python(Layout()))
    return 0


def run_symbols(options: argparse.Namespace) -> int:
    """Show what the files of an artifact need; 1 when a system may lack it."""
    found = needs_of(options.directory or Layout(portable=True).artifact("nuitka"))
    print(symbols_table(found))
    sentences = broken(found, symbols_version(options.at_most) if options.at_most else None)
    for sentence in sentences:
        print(f"not portable: {sentence}", file=sys.stderr)
    return int(bool(sentences))


def run_sizes(options: argparse.Namespace) -> int:
    """Show the files of an artifact and the packages inside of it."""
    layout = Layout(portable=options.portable)
    print(report(layout, read_artifact(layout.config).name))
    return 0


def run_unused(options: argparse.Namespace) -> int:
    """Show what nothing reaches; 1 when something is left out that is reached, or loaded that is not."""
    builder = Builder.of(Layout())
    layout, artifact = builder.layout, builder.artifact
    graph = graph_of(layout, artifact, libraries_of(build_venv(layout, builder.interpreter)))
    sentences = [f"left out and needed: {chain}" for chain in missed(graph)]
    for form in standalone_forms(portable=False):
        builder.make(form)
        there = inside(layout, artifact, form)
        print(f"{form}\n{unused_report(unreached(there, graph))}\n")
        loaded = loaded_by(artifact_program(layout, form), layout, artifact)
        sentences += [f"loaded by {form} and reached by nothing: {name}" for name in unforeseen(loaded, graph, there)]
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return int(bool(sentences))


def run_surface(options: argparse.Namespace) -> int:
    """Write `tests/artifacts/surface.txt` from the staged table."""
    builder = Builder.of(Layout())
    layout = builder.layout
    python = build_venv(layout, builder.interpreter)
    stage(layout, builder.artifact, python)
    (layout.root / "tests/artifacts/surface.txt").write_text(surface(layout.stage, python), "utf-8")
    return 0


def run_release(options: argparse.Namespace) -> int:
    """Make everything that people download."""
    release_of(Layout().root, lambda text: print(text, flush=True)).make(dirty=options.dirty)
    return 0


def run_gather(options: argparse.Namespace) -> int:
    """Make `dist/release` of several."""
    gather(options.places, Layout().dist / "release")
    return 0


def run_picture(options: argparse.Namespace) -> int:
    """Record a session with the compiled program."""
    builder = Builder.of(Layout())
    builder.make("nuitka")
    print(record(builder.layout))
    return 0


def run_documentation(options: argparse.Namespace) -> int:
    """Write the documentation into `dist/documentation`, or where it was asked for."""
    make_documentation(Layout(), options.directory)
    print(options.directory)
    return 0


def run_clean(options: argparse.Namespace) -> int:
    """Remove everything that was made."""
    shutil.rmtree(Layout().dist, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
