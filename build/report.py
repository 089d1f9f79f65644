"""Measurements as text: the table on the terminal, the Markdown report, the comparison of two runs."""

from build.cases import Case

NAMES = {
    "bare": "bare interpreter",
    "source": "source, installed",
    "nuitka": "Nuitka",
    "release": "release, installed",
    "pyinstaller": "PyInstaller",
    "nuitka-onefile": "Nuitka, one file",
    "pyinstaller-onefile": "PyInstaller, one file",
}

Result = dict[str, object]
Rows = list[dict[str, object]]

_HEADINGS = ("case", "program", "median ms", "p10", "p90", "ratio", "instructions", "ratio", "modules")


def rows_of(result: Result) -> Rows:
    """The measurements of a result."""
    rows = result["rows"]
    return rows if isinstance(rows, list) else []


def cells(row: dict[str, object]) -> tuple[str, ...]:
    """One measurement as words."""
    count = row["instructions"]
    program = str(row["program"])
    return (
        str(row["case"]),
        NAMES.get(program, program),
        *(f"{row[key]:.2f}" for key in ("median", "p10", "p90", "ratio")),
        f"{count / 1e6:.1f} M" if isinstance(count, int) else "",
        f"{row['instruction_ratio']:.2f}" if row["instruction_ratio"] is not None else "",
        str(row["modules"]) if row["modules"] is not None else "",
    )


def table(rows: Rows) -> str:
    """All measurements in columns; a line between the cases."""
    lines = [_HEADINGS, *(cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    text = []
    for number, line in enumerate(lines):
        if number and line[0] != lines[number - 1][0]:
            text.append("")
        padded = [cell.ljust(width) if column < 2 else cell.rjust(width)
                  for column, (cell, width) in enumerate(zip(line, widths, strict=True))]  # fmt: skip
        text.append("  ".join(padded).rstrip())
    return "\n".join(text) + "\n"


def markdown(result: Result, cases: tuple[Case, ...]) -> str:
    """The report: how it was measured, what came out."""
    interpreter, machine = _table(result, "interpreter"), _table(result, "machine")
    lines = [
        "# Start times",
        "",
        f"Python {interpreter.get('version')} ({interpreter.get('executable')}), {machine.get('system')},"
        f" {machine.get('processor')}. Medians of {result.get('rounds')} rounds; all programs of a case in turn."
        " Ratio 1.00 is `python -I -S -c pass` of the interpreter that the artifacts were built from.",
        "",
        *artifact_lines(result),
        *(f"* **{case.name}**: `comfydock {' '.join(case.words)}`{_place(case)}" for case in cases),
        "",
        "| " + " | ".join(_HEADINGS) + " |",
        "|---|---|" + "--:|" * (len(_HEADINGS) - 2),
    ]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in rows_of(result)]
    return "\n".join(lines) + "\n"


def artifact_lines(result: Result) -> list[str]:
    """Size and build time of each artifact, as a Markdown table."""
    lines = ["| artifact | size without uv | built in | compiler cache |", "|---|--:|--:|---|"]
    for form, facts in _table(result, "artifacts").items():
        build = _table(facts, "build")
        size = _table(facts).get("size_without_programs")
        lines.append(
            f"| {NAMES.get(form, form)} | {size / 1e6 if isinstance(size, int) else 0:.1f} MB"
            f" | {build.get('seconds')} s | {build.get('compiler_cache')} |"
        )
    return [*lines, ""]


def comparison(old: Result, new: Result) -> str:
    """Ratios of two runs side by side; a change under a twentieth is noise and shown as such."""
    before = {(row["case"], row["program"]): row for row in rows_of(old)}
    lines = []
    for row in rows_of(new):
        past = before.get((row["case"], row["program"]))
        if past is None or row["program"] == "bare":
            continue
        was, now = float(str(past["ratio"])), float(str(row["ratio"]))
        change = now / was - 1
        verdict = "" if abs(change) < 0.05 else "slower" if change > 0 else "faster"
        program = str(row["program"])
        lines.append(
            f"{row['case']!s:22}  {NAMES.get(program, program):22}  {was:7.2f}  {now:7.2f}  {change:+7.1%}  {verdict}"
        )
    return "\n".join([f"{'case':22}  {'program':22}      old      new   change", *lines]) + "\n"


def _place(case: Case) -> str:
    return "" if case.workspace is None else f", {case.workspace} environments"


def _table(value: object, key: str | None = None) -> dict[str, object]:
    found = value.get(key) if key is not None and isinstance(value, dict) else value
    return found if isinstance(found, dict) else {}
