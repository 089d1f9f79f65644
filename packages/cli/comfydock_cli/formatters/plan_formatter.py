"""What `--dry-run` prints: the steps of the plan that the real run executes."""

from collections.abc import Iterable
from typing import Protocol

from comfydock_cli.cli_utils import Result


class Step(Protocol):
    """A step of any plan."""

    @property
    def action(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def detail(self) -> str: ...


def planned(steps: Iterable[Step], **facts: object) -> Result:
    """The plan as data and as lines; `facts` go into the data beside it."""
    rows = [{"action": step.action, "target": step.target, "detail": step.detail} for step in steps]
    lines = [f"would {row['action']} {row['target']}" + (f" ({row['detail']})" if row["detail"] else "")
             for row in rows]  # fmt: skip
    return Result({**facts, "plan": rows}, "".join(f"{line}\n" for line in lines))
