"""Which stash somebody means."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.integrations.git.stashes import list_stashes
from comfydock_core.models.exceptions import StashNotFound
from comfydock_core.models.history.moving import Stash
from comfydock_core.utils.text import some


def find_stash(layout: EnvironmentLayout, number: str | None) -> Stash:
    """The stash of a number, or the newest. Raises `StashNotFound`, `GitFailed`."""
    known = list_stashes(layout.definition)
    for stash in known:
        if number is None or str(stash.number) == number:
            return stash
    raise StashNotFound(
        f"the environment {layout.name} has no stash" + (f" {number}" if number is not None else ""),
        hint=f"there are {some([str(stash.number) for stash in known])}" if known else "`comfydock stash` makes one",
        context={"stash": number, "known": [stash.number for stash in known]},
    )
