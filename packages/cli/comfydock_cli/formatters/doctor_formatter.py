"""What `doctor` found, in words: one line a finding, what to do below it, the count at the end."""

from collections.abc import Sequence

from comfydock_core.models.doctor import NOTE, OK, PROBLEM, Finding
from comfydock_core.utils.text import counted

_MOST = 10  # Details listed under a finding before the rest is only counted.


def doctor_text(found: Sequence[Finding]) -> str:
    """Everything that was looked at, by subject, in the order of looking."""
    lines: list[str] = []
    subject = ""
    for finding in found:
        if finding.subject != subject:
            subject = finding.subject
            lines.append(f"environment {subject}")
        lines += _lines(finding)
    return "\n".join([*lines, _count(found)]) + "\n"


def _lines(finding: Finding) -> list[str]:
    mark = " *" if finding.mending is not None else ""
    lines = [f"  {finding.severity:<8}{finding.message}{mark}"]
    if finding.severity == OK:
        return lines
    lines += [f"          {detail}" for detail in finding.details[:_MOST]]
    if len(finding.details) > _MOST:
        lines.append(f"          {len(finding.details) - _MOST} more")
    return [*lines, f"          to do: {finding.fix}"] if finding.fix else lines


def _count(found: Sequence[Finding]) -> str:
    problems, notes = (sum(finding.severity == severity for finding in found) for severity in (PROBLEM, NOTE))
    if not problems and not notes:
        return "nothing is wrong"
    return f"{counted(problems, 'problem')}, {counted(notes, 'note')}"
