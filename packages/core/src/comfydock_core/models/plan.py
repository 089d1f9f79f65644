"""One line of a plan that `--dry-run` prints and the real run executes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlanStep:
    """`action` is a verb ("clone", "write"), `target` what it acts on, `detail` the rest worth knowing."""

    action: str
    target: str
    detail: str = ""
