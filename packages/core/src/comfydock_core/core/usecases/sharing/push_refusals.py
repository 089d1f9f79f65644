"""What it means that a remote, or git in its name, refused to take a branch or a tag."""

from collections.abc import Sequence

from comfydock_core.integrations.git.pushing import PushLine
from comfydock_core.models.exceptions import ComfyDockError, HistoryShallow, LeaseStale, PushDeclined, PushRejected
from comfydock_core.models.history.remotes import SAME, RefUpdate, Remote
from comfydock_core.utils.text import counted, listed

_SHOWN = 10
_STALE = ("stale info", "remote ref updated since checkout")
_SHALLOW = "shallow update not allowed"


def refusal(
    remote: Remote,
    branch: str | None,
    refused: Sequence[PushLine],
    said: Sequence[str],
    went: Sequence[RefUpdate],
) -> ComfyDockError:
    """The error of the first reason, with all that was refused; `said` is what the remote said besides."""
    first, name = refused[0], _name(refused[0].reference)
    kind = "tag" if first.reference.startswith("refs/tags/") else "branch"
    done = [one for one in went if one.outcome != SAME]
    context: dict[str, object] = {
        "remote": remote.name,
        "refused": [{"reference": line.reference, "reason": line.reason} for line in refused],
        "pushed": [one.as_dict() for one in done],
        "said": list(said),
    }
    others = listed([f"{_name(line.reference)}: {line.reason}" for line in refused[1:]], _SHOWN)
    more = f"\nand {counted(len(refused) - 1, 'other')}:{others}" if len(refused) > 1 else ""
    more += f"\n{counted(len(done), 'other')} went there" if done else ""
    if _SHALLOW in first.reason:
        return HistoryShallow(
            f"`{name}` cannot be pushed to `{remote.name}`: the history here was cut off, and the remote lacks the"
            f" rest{more}",
            hint="`comfydock fetch` completes it, from a remote that has all of it; then push again",
            context=context,
        )
    if first.refused_there:
        told = listed(said, _SHOWN) if said else ""
        return PushDeclined(
            f"`{remote.name}` declined `{name}`: {first.reason or 'it gives no reason'}{told}{more}",
            hint="its owner's rules decide; `comfydock switch -c NAME` makes a branch that may be pushed instead",
            context=context,
        )
    if any(words in first.reason for words in _STALE):
        return LeaseStale(
            f"`{name}` at `{remote.name}` is no longer what was last fetched of it, so it was not replaced{more}",
            hint="`comfydock fetch` gets what is there; look at it before you push again",
            context=context,
        )
    if kind == "tag":
        return PushRejected(
            f"`{remote.name}` has another tag `{name}`{more}",
            hint=f"`comfydock tag -d {name}` deletes the one of here; tags that were published are left alone",
            context=context,
        )
    pull = f"comfydock pull {remote.name}" if name == branch else f"comfydock switch {name}"
    return PushRejected(
        f"`{remote.name}` has commits of `{name}` that are not here{more}",
        hint=f"`{pull}` unites both"
        if name == branch
        else f"`{pull}`, then `comfydock pull {remote.name}` unites both",
        context=context,
    )


def _name(reference: str) -> str:
    return reference.removeprefix("refs/heads/").removeprefix("refs/tags/")
