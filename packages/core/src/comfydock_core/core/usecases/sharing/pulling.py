"""`pull` up to its merge: fetch, and find the branch that is to be merged."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.history.fitness import refuse_unfit
from comfydock_core.core.usecases.sharing.fetching import branches_at, fetch_remote
from comfydock_core.core.usecases.sharing.remote_choosing import branch_of, choose_remote
from comfydock_core.integrations.git.remote_settings import upstream_of
from comfydock_core.models.exceptions import RefNotFound
from comfydock_core.models.history.remotes import PullSource, Remote
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.history.revisions import Revisions
from comfydock_core.utils.faults import fault
from comfydock_core.utils.text import did_you_mean, nearest, some


def fetch_to_pull(
    layout: EnvironmentLayout, remote: str | None, branch: str | None, reporter: Reporter, *, offline: bool
) -> PullSource:
    """Fetch from a remote; the branch there that belongs to the one of here, or the one that is named.

    Raises `OnNoBranch`, `RefNotFound`, `RepositoryUnfit`, and what `fetch` raises.
    """
    refuse_unfit(layout)
    Revisions(layout)
    own = branch_of(layout, "comfydock pull")
    chosen = choose_remote(layout, remote, own)
    fetch_remote(layout, chosen, reporter, offline=offline)
    fault("remote fetched")
    follows = upstream_of(layout.definition, own)
    wanted = branch or (follows[1] if follows is not None and follows[0] == chosen.name else own)
    known = branches_at(layout, chosen)
    if wanted not in known:
        if branch is None and wanted != own:
            raise _followed_branch_gone(chosen, wanted, known, own)
        raise _not_there(chosen, wanted, known, is_named=branch is not None)
    return PullSource(chosen, wanted, known[wanted])


def _not_there(remote: Remote, wanted: str, known: dict[str, str], *, is_named: bool) -> RefNotFound:
    near = nearest(wanted, known, limit=3)
    if not known:
        hint = f"it has no branch yet: `comfydock push {remote.name}` pushes this one"
    elif near:
        hint = did_you_mean(near) if is_named else f"`comfydock pull --branch {near[0]}` merges that one"
    else:
        hint = f"it has {some([f'`{name}`' for name in sorted(known)])}; `comfydock pull --branch NAME` merges one"
    return RefNotFound(
        f"the remote `{remote.name}` has no branch `{wanted}`",
        hint=hint,
        context={"remote": remote.name, "ref": wanted, "known": sorted(known)[:100]},
    )


def _followed_branch_gone(remote: Remote, wanted: str, known: dict[str, str], own: str) -> RefNotFound:
    hint = f"`comfydock push {remote.name} --set-upstream` pushes this one, which follows `{remote.name}/{own}` then"
    if known:
        near = own if own in known else next(iter(nearest(wanted, known, limit=1)), "NAME")
        have = some([f"`{name}`" for name in sorted(known)])
        hint = f"it has {have}: `comfydock pull --branch {near}` merges it; {hint}"
    return RefNotFound(
        f"`{own}` follows `{remote.name}/{wanted}`, and the remote has no branch `{wanted}`",
        hint=hint,
        context={"remote": remote.name, "ref": wanted, "known": sorted(known)[:100]},
    )
