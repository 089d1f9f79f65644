"""Reading repository addresses."""

import os
import re

_GITHUB = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^@/]+@)?(?:www\.)?github\.com(?::\d+)?/|[^@/]+@github\.com:/?)"
    r"(?P<owner>[^/\s]+)/(?P<name>[^/\s]+?)(?:\.git)?/?",
    re.IGNORECASE,
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


def local_path(repository: str) -> str | None:
    """The directory that a path or a `file://` address names, or `None` for a repository elsewhere."""
    if repository.startswith("file://"):
        return repository.removeprefix("file://")
    remote = "://" in repository or re.match(r"[^/\\]{2,}:", repository)
    return None if remote else os.path.abspath(os.path.expanduser(repository))
