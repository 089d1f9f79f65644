"""Which remote somebody means, and the branch that an environment is on."""

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.sharing.remote_addresses import is_here
from comfydock_core.integrations.git.head import read_head
from comfydock_core.integrations.git.remote_settings import list_remotes, push_remote_of, upstream_of
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import OfflineRefused, OnNoBranch, RemoteNotFound
from comfydock_core.models.history.remotes import Remote
from comfydock_core.utils.text import did_you_mean, nearest, some

_USUAL = "origin"


def branch_of(layout: EnvironmentLayout, command: str) -> str:
    """The branch that the environment is on. Raises `OnNoBranch`."""
    branch = read_head(layout.definition)[1]
    if branch is None:
        raise OnNoBranch(
            f"`{layout.name}` is on no branch, and `{command}` is about the one that it is on",
            hint="`comfydock switch -c NAME` makes a branch of what is there, `comfydock switch NAME` goes to another",
            context={"environment": layout.name},
        )
    return branch


def find_remote(layout: EnvironmentLayout, name: str) -> Remote:
    """The remote of a name. Raises `RemoteNotFound` with the nearest names."""
    known = {one.name: one for one in list_remotes(layout.definition)}
    if name in known:
        return known[name]
    if not known:
        raise _without_remotes(layout)
    near = nearest(name, known, limit=3)
    hint = did_you_mean(near) if near else f"it has {some([f'`{one}`' for one in known])}"
    if "/" in name or ":" in name:
        hint = f"an address gets a name first: `comfydock remote add NAME {name}`" if name.isprintable() else hint
    raise RemoteNotFound(
        f"`{layout.name}` has no remote `{name}`", hint=hint, context={"remote": name, "known": sorted(known)}
    )


def choose_remote(layout: EnvironmentLayout, named: str | None, branch: str | None, *, to_push: bool = False) -> Remote:
    """The remote that is named, else the one of the branch, else `origin`, else the only one.

    Raises `RemoteNotFound`, also where the branch follows a remote that there is no more.
    """
    if named is not None:
        return find_remote(layout, named)
    known = {one.name: one for one in list_remotes(layout.definition)}
    if not known:
        raise _without_remotes(layout)
    follows = upstream_of(layout.definition, branch) if branch is not None else None
    wanted = [push_remote_of(layout.definition, branch) if to_push else None, follows[0] if follows else None, _USUAL]
    for name in wanted:
        if name is not None and name in known:
            return known[name]
        if follows is not None and name == follows[0]:
            raise _followed_remote_gone(layout, str(branch), follows, list(known))
    if len(known) == 1:
        return next(iter(known.values()))
    raise RemoteNotFound(
        f"`{layout.name}` has {len(known)} remotes, and none is called `{_USUAL}`",
        hint=f"name one: {some([f'`{one}`' for one in known])}",
        context={"known": sorted(known)},
    )


def follows_none(layout: EnvironmentLayout, branch: str) -> bool:
    """Whether a branch follows none of the remotes that there are."""
    follows = upstream_of(layout.definition, branch)
    return follows is None or follows[0] not in {one.name for one in list_remotes(layout.definition)}


def refuse_offline(remote: Remote, address: str, *, offline: bool) -> None:
    """Raise `OfflineRefused` where the network is turned off and the address leads elsewhere."""
    if offline and not is_here(address):
        raise OfflineRefused(
            f"the remote `{remote.name}` is at `{address}`, and the network is turned off",
            hint="run the command without `--offline`",
            context={"remote": remote.name, "repository": address},
        )


def _without_remotes(layout: EnvironmentLayout) -> RemoteNotFound:
    return RemoteNotFound(
        f"the history of `{layout.name}` has no remote: nothing says where it is to be shared",
        hint="`comfydock remote add origin URL` adds one; any git server or bare repository will do",
        context={"environment": layout.name},
    )


def _followed_remote_gone(
    layout: EnvironmentLayout, branch: str, follows: tuple[str, str], known: list[str]
) -> RemoteNotFound:
    """Whatever is chosen instead would be a guess about where somebody's work goes to or comes from."""
    remote = without_credentials(follows[0])
    return RemoteNotFound(
        f"`{branch}` follows `{remote}/{follows[1]}`, and `{layout.name}` has no remote `{remote}`",
        hint=f"name one: {some([f'`{one}`' for one in known])}; `comfydock push NAME` lets the branch follow it",
        context={"remote": remote, "branch": branch, "known": sorted(known)},
    )
