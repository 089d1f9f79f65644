"""What every call of git is made with, so that nothing of a stranger or of the user's own habits runs in it. Fast path.

The user's credentials, proxies, certificates and `insteadOf` act as ever. Hooks, monitors, templates, signatures and
filters do not, whether a repository brings them in its own configuration or the user has them: those of a stranger
are programs of a stranger, and the user's are for the user's own work. git-lfs is the one filter that does its work.
`tests/architecture` sees to it that git is called in no other way.
"""

from comfydock_core.integrations import quick_process
from comfydock_core.utils import native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NOWHERE = "/dev/null"  # git knows it by this name on every system.
# Only an answer that has stopped altogether is given up: servers may send a few bytes a second while they think.
_STALLED_BYTES = 1
_STALLED_SECONDS = 30


def stalled_seconds() -> int:
    """After how many seconds without a byte a server is given up: `COMFYDOCK_STALL_SECONDS`, or 30."""
    given = native.getenv("COMFYDOCK_STALL_SECONDS") or ""
    return (int(given[:9]) if given.isdecimal() else 0) or _STALLED_SECONDS


_SETTINGS = (
    f"core.hooksPath={_NOWHERE}",
    "core.fsmonitor=false",
    "init.templateDir=",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "tag.forceSignAnnotated=false",
    "log.showSignature=false",
    "submodule.recurse=false",
    "protocol.ext.allow=never",
    f"http.lowSpeedLimit={_STALLED_BYTES}",
    f"http.lowSpeedTime={stalled_seconds()}",
)
OPTIONS = tuple(word for setting in _SETTINGS for word in ("-c", setting))

# What git-lfs itself writes down; a filter of that name is left to it, whatever else a repository calls so.
LFS_FILTER = {
    "clean": "git-lfs clean -- %f",
    "smudge": "git-lfs smudge -- %f",
    "process": "git-lfs filter-process",
    "required": "true",
}
_WITHOUT = {"clean": "", "smudge": "", "process": "", "required": "false"}
# Words without which a configuration has no filters, neither itself nor in another file that it names.
_TELLING = (b"filter", b"include", b"worktreeconfig")
_users_filters: list[str] | None = None


def command(worktree: str, arguments: list[str]) -> list[str]:
    """The whole command line of a call of git in `worktree`."""
    return ["git", *OPTIONS, *_without_users_filters(), *_without_own_filters(worktree), *arguments]


def variables_for_children(given: "Mapping[str, str]") -> dict[str, str]:
    """Variables that make calls of git obey the same settings that another program makes, after those `given`."""
    return as_variables([tuple(setting.split("=", 1)) for setting in _SETTINGS], given)


def as_variables(settings: "Sequence[tuple[str, ...]]", given: "Mapping[str, str]") -> dict[str, str]:
    """Variables that give git some settings, each a name and a value, after those that `given` has already."""
    count = given.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    made = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (name, value) in enumerate(settings, first):
        made |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return made


def _without_own_filters(worktree: str) -> list[str]:
    """Options that put the filters of a repository's own configuration out of action.

    Git is asked for them only where there may be some. A `.git` that is a file leads to a configuration elsewhere.
    """
    git = f"{worktree}/.git"
    content = native.read_bytes(f"{git}/config")
    if content is None:
        if native.is_directory(git) or not native.exists(git):
            return []
    elif not any(word in content.lower() for word in _TELLING):
        return []
    return [word for name in _filters(worktree, ("local", "worktree")) for word in _tamed(name)]


def _without_users_filters() -> list[str]:
    """The same for those of the user and the system, which are looked for once; most have none but that of git-lfs."""
    global _users_filters
    if _users_filters is None:
        may_have = any(map(_may_have_filters, _users_files()))
        names = _filters("/", ("system", "global")) if may_have else []
        _users_filters = [word for name in names if not name.startswith("filter.lfs.") for word in _tamed(name)]
    return _users_filters


def _users_files() -> list[str]:
    home = native.getenv("HOME") or ""
    named = native.getenv("GIT_CONFIG_GLOBAL")
    own = (
        [named]
        if named
        else [f"{home}/.gitconfig", f"{native.getenv('XDG_CONFIG_HOME') or f'{home}/.config'}/git/config"]
    )
    return [*own, native.getenv("GIT_CONFIG_SYSTEM") or "/etc/gitconfig"]


def _may_have_filters(path: str) -> bool:
    try:
        content = (native.read_bytes(path) or b"").lower().replace(b'[filter "lfs"]', b"")
    except OSError:
        return True
    return any(word in content for word in _TELLING)


def _filters(worktree: str, scopes: tuple[str, ...]) -> list[str]:
    """The settings of filters, by their names, that git has from some of its files."""
    question = ["config", "--null", "--show-scope", "--name-only", "--get-regexp", r"^filter\."]
    asked = quick_process.start(["git", *OPTIONS, "-C", worktree, *question])
    if asked is None:
        return []  # Without git the command itself will say so.
    parts = asked.collect()[1].decode("utf-8", "surrogateescape").split("\0")
    return list(dict.fromkeys(name for scope, name in zip(parts[::2], parts[1::2], strict=False) if scope in scopes))


def _tamed(name: str) -> list[str]:
    """The options for one filter's setting, `filter.<driver>.<key>`."""
    driver, _, key = name.rpartition(".")
    instead = (LFS_FILTER if driver == "filter.lfs" else _WITHOUT).get(key)
    if instead is None:
        return []
    words = ["-c", f"{name}={instead}"]
    # A driver that git cannot do without would fail instead.
    return words if driver == "filter.lfs" else [*words, "-c", f"{driver}.required=false"]
