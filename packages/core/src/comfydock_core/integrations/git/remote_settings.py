"""What a repository's own settings say of its remotes, and what is known of their branches.

Nothing that comes from elsewhere can write these settings: they are the user's, addresses and programs in them, too.
"""

import re

from comfydock_core.integrations.git import queries, runner
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.history.remotes import Remote, Tracking

TRACKING = "refs/remotes/"
_BRANCHES = "refs/heads/"
_KEY = re.compile(r"remote\.(.+)\.(url|pushurl)", re.DOTALL)
_TRACK = re.compile(r"(?:ahead (\d+))?(?:, )?(?:behind (\d+))?")
_DOING = "change the settings of the remote"


def list_remotes(worktree: str) -> list[Remote]:
    """The remotes by name. Of several addresses the first counts, as in git's own words."""
    found: dict[str, dict[str, str]] = {}
    for name, value in queries.config_entries(worktree, r"^remote\..*\.(url|pushurl)$"):
        match = _KEY.fullmatch(name)
        if match is not None:
            found.setdefault(match[1], {}).setdefault(match[2], value)
    return [
        Remote(name, without_credentials(known["url"]), without_credentials(known.get("pushurl", known["url"])))
        for name, known in sorted(found.items())
        if known.get("url")
    ]


def configured_address(worktree: str, remote: str, *, to_push: bool = False) -> str:
    """The address as it is written down, with a login if it has one: only to tell git's words about it apart."""
    values = dict(reversed(queries.config_entries(worktree, rf"^remote\.{re.escape(remote)}\.(url|pushurl)$")))
    url = values.get(f"remote.{remote}.url", "")
    return values.get(f"remote.{remote}.pushurl", url) if to_push else url


def upstream_of(worktree: str, branch: str) -> tuple[str, str] | None:
    """The remote that a branch follows, and the branch there; `None` without one."""
    values = dict(queries.config_entries(worktree, rf"^branch\.{re.escape(branch)}\.(remote|merge)$"))
    remote, merge = values.get(f"branch.{branch}.remote"), values.get(f"branch.{branch}.merge")
    if remote in (None, "", ".") or merge is None or not merge.startswith(_BRANCHES):
        return None
    return str(remote), merge.removeprefix(_BRANCHES)


def push_remote_of(worktree: str, branch: str | None) -> str | None:
    """The remote that git's settings name for pushing a branch, where it is another than the one it follows."""
    pattern = r"^remote\.pushdefault$" + (rf"|^branch\.{re.escape(branch)}\.pushremote$" if branch is not None else "")
    values = dict(queries.config_entries(worktree, pattern))
    return values.get(f"branch.{branch}.pushremote") or values.get("remote.pushdefault")


def tracking(worktree: str, branch: str | None = None) -> dict[str, Tracking]:
    """How branches are against what they follow, by their names; one branch, or all. Raises `GitFailed`."""
    fields = "%(refname)%00%(upstream)%00%(upstream:track,nobracket)"
    place = _BRANCHES if branch is None else f"{_BRANCHES}{branch}"
    words = ["for-each-ref", f"--format={fields}", place]
    found = {}
    for line in runner.run(words, cwd=worktree, doing="list the branches").splitlines():
        full, upstream, told = line.split("\0")
        name = full.removeprefix(_BRANCHES)
        if upstream and (branch is None or name == branch):
            counts = _TRACK.fullmatch(told)
            ahead, behind = (int(number or 0) for number in counts.groups()) if counts is not None else (0, 0)
            shown = re.sub(r"^refs/[a-z]+/", "", upstream)
            found[name] = Tracking(name, shown, ahead, behind, gone=told == "gone")
    return found


def refs_below(worktree: str, place: str) -> dict[str, str]:
    """The references below a place, by the rest of their names, with what they lead to. Raises `GitFailed`.

    Those that lead to another one, as `origin/HEAD` does, are left out.
    """
    words = ["for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)", place]
    lines = (line.split("\0") for line in runner.run(words, cwd=worktree, doing="list the names").splitlines())
    return {full.removeprefix(place): name for full, name, symbolic in lines if not symbolic}


def edit_added(worktree: str, config: str, name: str, address: str) -> None:
    """Write a remote into a file of settings. Raises `GitFailed`."""
    _config(worktree, config, f"remote.{name}.url", address)
    _config(worktree, config, f"remote.{name}.fetch", f"+{_BRANCHES}*:{TRACKING}{name}/*")


def edit_removed(worktree: str, config: str, name: str) -> None:
    """Take a remote out of a file of settings, and let the branches follow none that followed it.

    Raises `GitFailed`.
    """
    _config(worktree, config, "--remove-section", f"remote.{name}")
    for key in _naming(worktree, name):
        _config(worktree, config, "--unset-all", key)
        merge = f"{key.removesuffix('.remote')}.merge"
        if key.endswith(".remote") and queries.config_entries(worktree, f"^{re.escape(merge)}$"):
            _config(worktree, config, "--unset-all", merge)


def edit_renamed(worktree: str, config: str, name: str, new: str) -> None:
    """Give a remote another name in a file of settings, where branches follow it, too. Raises `GitFailed`."""
    fetched = [value for _, value in queries.config_entries(worktree, rf"^remote\.{re.escape(name)}\.fetch$")]
    _config(worktree, config, "--rename-section", f"remote.{name}", f"remote.{new}")
    if fetched:
        _config(worktree, config, "--unset-all", f"remote.{new}.fetch")
    for value in fetched:
        moved = value.replace(f":{TRACKING}{name}/", f":{TRACKING}{new}/")
        _config(worktree, config, "--add", f"remote.{new}.fetch", moved)
    for key in _naming(worktree, name):
        _config(worktree, config, key, new)


def forget_strays(worktree: str) -> None:
    """Forget what is known of the branches of remotes that there are no more. Raises `GitFailed`."""
    known = tuple(f"{one.name}/" for one in list_remotes(worktree))
    strays = [name for name in refs_below(worktree, TRACKING) if not name.startswith(known)]
    for remote in dict.fromkeys(name.partition("/")[0] for name in strays if "/" in name):
        if not any(one.startswith(f"{remote}/") for one in known):
            move_tracking(worktree, remote, None)


def move_tracking(worktree: str, name: str, new: str | None) -> None:
    """Let what is known of a remote's branches be known of `new`, or forget it for `None`. Raises `GitFailed`."""
    old, lines = f"{TRACKING}{name}/", []
    words = ["for-each-ref", "--format=%(refname)%00%(objectname)%00%(symref)", old]
    for line in runner.run(words, cwd=worktree, doing=_DOING).splitlines():
        full, commit, symbolic = line.split("\0")
        lines += ["option no-deref\0"] if symbolic else []
        lines.append(f"delete {full}\0\0")
        if new is not None and not symbolic:
            lines.append(f"update {TRACKING}{new}/{full.removeprefix(old)}\0{commit}\0\0")
    given = "".join(lines).encode("utf-8", "surrogateescape")
    runner.run(["update-ref", "-z", "--stdin"], cwd=worktree, doing=_DOING, given=given)


def _naming(worktree: str, remote: str) -> list[str]:
    """The settings whose value is the name of a remote."""
    pattern = r"^branch\..*\.(remote|pushremote)$|^remote\.pushdefault$"
    return list(dict.fromkeys(key for key, value in queries.config_entries(worktree, pattern) if value == remote))


def _config(worktree: str, config: str, *words: str) -> None:
    runner.run(["config", "--file", config, *words], cwd=worktree, doing=_DOING)
