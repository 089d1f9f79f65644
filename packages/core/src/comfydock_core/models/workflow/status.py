"""How the workflows of an environment are. Plain classes: `status` makes them on the fast path.

Two things are told of each: how it is against the copy that the definition has (`state`), and what its last check
found, as far as that holds still (`check`).
"""

NEW = "new"  # There is no committed copy.
CHANGED = "changed"  # It differs from that copy in more than what the editor keeps of the view.
DELETED = "deleted"  # There is a committed copy alone.
UNCHANGED = "unchanged"

FINE = "fine"
NEEDS = "needs"
NOT_CHECKED = "not-checked"

# Why what a check found counts no more.
EDITED = "it was edited since"
OTHER_CODE = "node packs or ComfyUI changed since"
OTHER_FILES = "files that it asks for came or went since"


class WorkflowState:
    """One workflow.

    `check` is `None` for a deleted one. `needs` counts what is in its way by kind, `checked` is when that was found, in
    seconds since 1970; where that counts no more, `reason` says why and `checked` when it was.
    """

    __slots__ = ("check", "checked", "name", "needs", "reason", "state")

    def __init__(self, name: str, state: str, check: str | None = NOT_CHECKED) -> None:
        self.name = name
        self.state = state
        self.check = check
        self.checked: float | None = None
        self.needs: dict[str, int] = {}
        self.reason: str | None = None

    @property
    def things(self) -> int:
        """How many things it needs."""
        return sum(self.needs.values())

    def as_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "state": self.state,
            "check": self.check,
            "needs": self.needs,
            "checked": self.checked,
            "reason": self.reason,
        }


class DetailedWorkflowStatus:
    """All workflows of an environment, by name. `unknown` is the reason where they could not be looked at."""

    __slots__ = ("unknown", "workflows")

    def __init__(self, workflows: list[WorkflowState], unknown: str | None = None) -> None:
        self.workflows = workflows
        self.unknown = unknown

    def __bool__(self) -> bool:
        return bool(self.workflows) or self.unknown is not None

    @property
    def live(self) -> list[WorkflowState]:
        """Those that the editor shows."""
        return [one for one in self.workflows if one.state != DELETED]

    def in_state(self, state: str) -> list[WorkflowState]:
        return [one for one in self.workflows if one.state == state]

    def checked_as(self, check: str) -> list[WorkflowState]:
        return [one for one in self.workflows if one.check == check]

    def as_list(self) -> list[dict[str, object]]:
        return [one.as_dict() for one in self.workflows]
