"""Remotes of a history: what they are, what was fetched from and pushed to them."""

from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.operation import ChangePlan
from comfydock_core.records import record

BRANCH, TAG = "branch", "tag"
NEW, UPDATED, FORCED, GONE, SAME = "new", "updated", "forced", "gone", "up-to-date"


@record
class Remote:
    """Another repository of a history. The addresses are as they are configured, without logins."""

    name: str
    address: str
    push_address: str

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {"name": self.name, "address": self.address, "push_address": self.push_address}


@record
class Tracking:
    """How a branch is against the one of a remote that it follows.

    `ahead` and `behind` count commits that only one side has; `gone` says that there is nothing to compare with.
    """

    branch: str
    upstream: str
    ahead: int = 0
    behind: int = 0
    gone: bool = False

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "branch": self.branch,
            "upstream": self.upstream,
            "ahead": self.ahead,
            "behind": self.behind,
            "gone": self.gone,
        }


@record
class RefUpdate:
    """What became of a branch or a tag, here or at a remote.

    `outcome` is `new`, `updated`, `forced` (what was there is not part of what is now), `gone` or `up-to-date`.
    `before` and `after` are full commits, `None` for nothing. `commits` counts what came, `None` where it was not
    counted.
    """

    kind: str
    name: str
    outcome: str
    before: str | None = None
    after: str | None = None
    commits: int | None = None

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "kind": self.kind,
            "name": self.name,
            "outcome": self.outcome,
            "before": self.before,
            "after": self.after,
            "commits": self.commits,
        }


@record
class RemoteRequest:
    """A change of the remotes: `action` is `add`, `remove` or `rename`."""

    action: str
    name: str
    address: str | None = None
    new_name: str | None = None


@record
class RemotePlan:
    """What becomes of a remote; `environment` is whose it is. `warnings` say what was left out of the address."""

    environment: str
    request: RemoteRequest
    remote: Remote
    change: ChangePlan
    warnings: tuple[str, ...] = ()


@record
class FetchRequest:
    """What to fetch: one remote, by default that of the branch, or `every` one.

    With `prune` what is gone there, and what there was of remotes that are gone here, is forgotten. A `rehearsal` asks
    the remotes and changes nothing.
    """

    remote: str | None = None
    every: bool = False
    prune: bool = False
    rehearsal: bool = False


@record
class Fetched:
    """What came of one remote, or why nothing did. `tracking` is the branch that the environment is on."""

    remote: Remote
    refs: tuple[RefUpdate, ...] = ()
    tracking: Tracking | None = None
    error: ComfyDockError | None = None


@record
class PullSource:
    """A branch of a remote, as it was fetched: what is merged by `pull`. `name` is `origin/main`."""

    remote: Remote
    branch: str
    commit: str

    @property
    def name(self) -> str:
        return f"{self.remote.name}/{self.branch}"


@record
class PushRequest:
    """What to push: the branch that the environment is on, or `every` branch; with `tags` all tags as well.

    `force` replaces what is there if it is what was last fetched; `refresh` fetches first. `upstream` makes the branch
    follow the one there even if it follows another. A `rehearsal` changes nothing.
    """

    remote: str | None = None
    every: bool = False
    tags: bool = False
    force: bool = False
    refresh: bool = False
    upstream: bool = False
    rehearsal: bool = False


@record
class Pushed:
    """What went where. `upstream` is what the branch follows from now on, `None` where that did not change.

    `lacks` says of commits that were pushed what nobody can rebuild elsewhere, as `(commit, text)`.
    """

    environment: str
    remote: Remote
    refs: tuple[RefUpdate, ...]
    upstream: str | None = None
    lacks: tuple[tuple[str, str], ...] = ()
