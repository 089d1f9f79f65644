"""Figures of a benchmark: one number each, beside what it is compared with in the same run, and its limit."""

import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from build.artifacts import Builder
from build.bench import processor


@dataclass(frozen=True, slots=True)
class Figure:
    """One number and its limit; `ours` and `theirs` are medians, which the number may be a ratio of."""

    name: str
    unit: str
    ours: float
    theirs: float | None
    value: float
    limit: float
    at_least: bool = False

    @property
    def is_kept(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def result_of(builder: Builder, rounds: int, figures: Sequence[Figure]) -> dict[str, object]:
    """What the file of a result holds."""
    return {
        "interpreter": builder.interpreter.as_dict(),
        "machine": {"system": platform.platform(), "processor": processor(), "python": sys.version.split()[0]},
        "rounds": rounds,
        "figures": told(figures),
    }


def told(figures: Sequence[Figure]) -> list[dict[str, object]]:
    """Figures as the file of a result has them."""
    return [{**asdict(figure), "kept": figure.is_kept} for figure in figures]


def figures_of(result: dict[str, object]) -> list[dict[str, object]]:
    """The figures of a result."""
    figures = result["figures"]
    return figures if isinstance(figures, list) else []


def missed_figures(result: dict[str, object]) -> list[str]:
    """Every figure beyond its limit, as a sentence."""
    return [f"{one['name']}: {_number(one['value'])}, {_limit(one)} is wanted"
            for one in figures_of(result) if not one["kept"]]  # fmt: skip


def figures_report(result: dict[str, object], title: str, words: str) -> str:
    """The result for readers, as Markdown; `words` say how it was measured."""
    machine = result["machine"]
    where = f"{machine['system']}, {machine['processor']}" if isinstance(machine, dict) else ""
    lines = [
        f"# {title}",
        "",
        f"{where}. {words}",
        "",
        "| figure | ours | theirs | value | wanted | |",
        "|---|--:|--:|--:|--:|---|",
    ]
    for one in figures_of(result):
        ours, theirs = f"{_number(one['ours'])} {one['unit']}", one["theirs"]
        beside = "" if theirs is None else f"{_number(theirs)} {one['unit']}"
        verdict = "" if one["kept"] else "missed"
        lines.append(f"| {one['name']} | {ours} | {beside} | {_number(one['value'])} | {_limit(one)} | {verdict} |")
    return "\n".join(lines) + "\n"


def _limit(figure: dict[str, object]) -> str:
    return f"{'at least' if figure['at_least'] else 'at most'} {figure['limit']:g}"


def _number(value: object) -> str:
    number = float(str(value))
    return f"{number:.2f}" if abs(number) < 100 else f"{number:.0f}"
