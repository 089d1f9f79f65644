"""Reading repository addresses."""

import os
import re

_GITHUB = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^@/]+@)?(?:www\.)?github\.com(?::\d+)?/|[^@/]+@github\.com:/?)"
    r"(?P<owner>[^/\s]+)/(?P<name>[^/\s]+?)(?:\.git)?/?",
    re.IGNORECASE,
)

# With a host: `https://host/…`, or as ssh writes it.
_SERVER = re.compile(
    r"(?:https?|ssh|git)://[^/-][^/]*/[^/]|[A-Za-z0-9_.][A-Za-z0-9_.-]*@[A-Za-z0-9_][A-Za-z0-9_.-]*:[^:-]", re.ASCII
)


def github_repository(url: str) -> tuple[str, str] | None:
    """Owner and name of a repository on github.com, or `None` for any other address."""
    match = _GITHUB.fullmatch(url.strip())
    return (match["owner"], match["name"]) if match else None


def same_repository(first: str, second: str) -> bool:
    """Whether two addresses are spellings of one."""
    return normal_address(first) == normal_address(second)


def normal_address(url: str) -> str:
    """One spelling for all spellings of an address. Credentials stay in it where they are, except for github.com."""
    github = github_repository(url)
    if github is not None:
        return f"github.com/{github[0]}/{github[1]}".lower()
    return url.rstrip("/").removesuffix(".git")


def submodule_address(written: str, parent: str) -> str | None:
    """The address of a submodule, where `parent` is that of its repository; `None` where it leads to no server.

    As git reads them, relative addresses start at the repository. Others than those of servers are none: they would
    lead to this machine, or run something.
    """
    address = written
    if written.startswith(("./", "../")):
        base, rest, between = parent.rstrip("/"), written, "/"
        while rest.startswith(("./", "../")):
            if rest.startswith("../"):
                cut = max(base.rfind("/"), base.rfind(":"))
                base, between = (base[:cut], base[cut]) if cut >= 0 else ("", "/")
            rest = rest.partition("/")[2]
        address = f"{base}{between}{rest}"
    return address if _SERVER.match(address) and address.isprintable() else None


def local_path(repository: str) -> str | None:
    """The directory that a path or a `file://` address names, or `None` for a repository elsewhere."""
    if repository.startswith("file://"):
        return repository.removeprefix("file://")
    remote = "://" in repository or re.match(r"[^/\\]{2,}:", repository)
    return None if remote else os.path.abspath(os.path.expanduser(repository))
