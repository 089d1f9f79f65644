"""PyTorch back ends in words."""

from collections.abc import Sequence

from comfydock_cli.formatters.columns import aligned
from comfydock_cli.ui.progress import amount
from comfydock_core.models.packages.backends import PartState
from comfydock_core.utils.text import counted


def backend_lines(states: Sequence[PartState]) -> str:
    """A line for each back end: marked when chosen, release, state, size of its lock."""
    return aligned([_row(state) for state in states])


def finding_lines(states: Sequence[PartState]) -> str:
    """What is wrong with each, or that nothing is."""
    lines = [f"  {state.backend}: {finding.message}" for state in states for finding in state.findings]
    wrong = sum(1 for state in states if state.findings)
    checked = f"checked {counted(len(states), 'back end')}"
    head = f"{checked}: {wrong} cannot be used" if wrong else f"{checked}: all can be used"
    return "".join(f"{line}\n" for line in [head, *lines])


def _row(state: PartState) -> tuple[str, ...]:
    part = state.part
    release = f"torch {part.release.get('torch', 'unknown')}" if part else "-"
    own = " (its own release)" if part and part.own_release else ""
    size = amount(state.bytes, "bytes") if state.bytes else "-"
    return ("*" if state.chosen else " ", state.backend, f"{release}{own}", state.state, size)
