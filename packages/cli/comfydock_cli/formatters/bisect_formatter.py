"""Bisections, in words."""

from comfydock_cli.cli_utils import Result
from comfydock_cli.ui.console import clean
from comfydock_core.models.commit import SHORT
from comfydock_core.models.history.bisecting import BisectResult, Trial
from comfydock_core.utils.text import counted

_PARTS = 3


def trial_text(trial: Trial) -> str:
    """One trial, on a line."""
    parts = ", ".join(trial.parts[:_PARTS]) + (
        f" and {len(trial.parts) - _PARTS} more" if len(trial.parts) > _PARTS else ""
    )
    what = f"{trial.label} ({clean(parts)})" if parts else trial.label
    why = f": {clean(trial.verdict.evidence)}" if trial.verdict.evidence else ""
    return f"{what} is {trial.verdict.state}{why} ({trial.seconds:.1f} s)"


def bisected(found: BisectResult) -> Result:
    """The guilty commit and what of it, with the evidence."""
    label = found.commit[:SHORT] if found.number is None else f"v{found.number} {found.commit[:SHORT]}"
    lines = [f"{found.name}: {label} is the first bad commit: {clean(found.subject)}"]
    lines += [f"  it takes {clean(one.text)}" for one in found.culprits]
    if found.whole:
        lines.append("  no part of it alone is enough")
    if found.evidence:
        lines.append(f"  {clean(found.evidence)}")
    if found.suspects:
        others = ", ".join(one[:SHORT] for one in found.suspects)
        lines.append(f"  or one of these, which could not be tried: {others}")
    lines.append(f"  found in {counted(len(found.trials), 'trial')}")
    data: dict[str, object] = {
        "environment": found.name,
        "commit": found.commit,
        "version": None if found.number is None else f"v{found.number}",
        "subject": found.subject,
        "evidence": found.evidence,
        "culprits": [{"kind": one.kind, "name": one.name, "before": one.before, "after": one.after}
                     for one in found.culprits],
        "whole": found.whole,
        "suspects": list(found.suspects),
        "trials": [trial.as_dict() for trial in found.trials],
    }  # fmt: skip
    return Result(data, "".join(f"{line}\n" for line in lines))
