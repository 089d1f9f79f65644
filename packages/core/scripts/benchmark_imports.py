"""What importing a module costs: time in a fresh interpreter, modules loaded, and the ratio to the bare interpreter.

    python packages/core/scripts/benchmark_imports.py [MODULE ...] [--rounds 15] [--save FILE] [--compare FILE]

Modules and the bare interpreter take turns, so that a drift of the machine hits all alike. A module that cannot be
imported is reported and the others are still measured.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

MODULES = (
    "comfydock_cli.cli",
    "comfydock_core",
    "comfydock_core.core.workspace",
    "comfydock_core.services.model_downloader",
    "comfydock_core.managers.workflow_manager",
)
BARE = "(bare interpreter)"
_COUNT = "import sys; print(len(sys.modules))"

Row = dict[str, object]


def main() -> int:
    """Measure, print, save, compare. 1 when nothing at all could be measured."""
    options = parser().parse_args()
    names = [BARE, *(options.modules or MODULES)]
    rows = {name: probe(name) for name in names}
    for _ in range(options.rounds):
        for name in names:
            if rows[name]["error"] is None:
                rows[name]["times"].append(seconds(name))  # type: ignore[attr-defined]
    results = {name: summary(row, rows[BARE]) for name, row in rows.items()}
    print(table(results, read(options.compare)))
    if options.save:
        options.save.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0 if any(result["median_ms"] for name, result in results.items() if name != BARE) else 1


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("modules", nargs="*", metavar="MODULE")
    top.add_argument("--rounds", type=int, default=15)
    top.add_argument("--save", type=Path, metavar="FILE")
    top.add_argument("--compare", type=Path, metavar="FILE")
    return top


def code_of(name: str) -> str:
    return "pass" if name == BARE else f"import {name}"


def probe(name: str) -> Row:
    """Import once, which also writes bytecode; count what was loaded, or keep the error."""
    command = [sys.executable, "-c", f"{code_of(name)}\n{_COUNT}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return {"error": done.stderr.strip().splitlines()[-1], "modules": None, "times": []}
    return {"error": None, "modules": int(done.stdout), "times": []}


def seconds(name: str) -> float:
    """One start of a fresh interpreter that imports the module."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code_of(name)], check=True)
    return time.perf_counter() - started


def summary(row: Row, bare: Row) -> Row:
    """Median and spread in milliseconds, and the ratio to the bare interpreter's median."""
    times = row["times"]
    assert isinstance(times, list)
    if not times:
        return {"error": row["error"], "modules": None, "median_ms": None, "spread_ms": None, "ratio": None}
    bare_times = bare["times"]
    assert isinstance(bare_times, list)
    median = statistics.median(times)
    tenths = statistics.quantiles(times, n=10) if len(times) > 1 else [median] * 9
    return {
        "error": None,
        "modules": row["modules"],
        "median_ms": round(median * 1000, 2),
        "spread_ms": round((tenths[-1] - tenths[0]) * 1000, 2),
        "ratio": round(median / statistics.median(bare_times), 2),
    }


def read(path: Path | None) -> dict[str, Row]:
    if path is None:
        return {}
    saved: dict[str, Row] = json.loads(path.read_text(encoding="utf-8"))
    return saved


def table(results: dict[str, Row], before: dict[str, Row]) -> str:
    """The results as lines; with `before` its ratio beside the new one."""
    width = max(len(name) for name in results)
    head = f"{'module':{width}}  median ms  p10-p90  ratio  modules" + ("  ratio before" if before else "")
    lines = [head]
    for name, row in results.items():
        if row["error"]:
            lines.append(f"{name:{width}}  {row['error']}")
            continue
        line = f"{name:{width}}  {row['median_ms']:9}  {row['spread_ms']:7}  {row['ratio']:5}  {row['modules']:7}"
        lines.append(line + (f"  {before.get(name, {}).get('ratio') or '-':>12}" if before else ""))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
