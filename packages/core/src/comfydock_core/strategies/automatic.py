"""Deciding about node packs and models without asking: only where there is hardly a doubt."""

from collections.abc import Callable, Sequence

from comfydock_core.models.workflow.candidates import EVIDENCE, ClassResolution
from comfydock_core.resolvers.class_candidates import AUTO_MARGIN, is_clear


class AutomaticNodeStrategy:
    """Takes the best candidate where it is ahead by a margin, and leaves everything else open."""

    def __init__(self, margin: float = AUTO_MARGIN) -> None:
        self.margin = margin

    def choose_pack(self, found: ClassResolution) -> str | bool | None:
        """The identifier of the pack that is clearly meant. What was decided otherwise stays as it is."""
        if found.decided_by != EVIDENCE:
            return None
        return found.best.identifier if found.best is not None and is_clear(found, self.margin) else None


class AutomaticModelStrategy:
    """Takes the one file that was found, and never one of several."""

    def choose_missing(self, name: str, near: Callable[[str], Sequence[str]]) -> None:
        """Names that are alike are no evidence."""

    def choose_model(self, name: str, found: Sequence[str]) -> str | None:
        """The only path, `None` when there is none or more than one."""
        return found[0] if len(found) == 1 else None
