"""How people name node packs: identifiers of the registry, repositories, pages of forges, directories.

Nothing is asked over the network. Whether a text is a path is decided by how it begins; whether something lies there
is looked up on this machine.
"""

import os
import re
from urllib.parse import unquote

from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import InvalidSetting
from comfydock_core.models.packs.node_packs import PackReference
from comfydock_core.utils.versions import is_pack_version

_IDENTIFIER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?", re.ASCII)
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/]*)(?P<path>.*)", re.DOTALL)
_SCP = re.compile(r"(?P<host>(?:[^@/\\:]+@)?[^@/\\:]{2,}):(?P<path>[^:]*)")
_WINDOWS_PATH = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")

_SCHEMES = frozenset({"https", "http", "ssh", "git", "file"})
_FORGES = frozenset({"github.com", "www.github.com", "gitlab.com", "codeberg.org"})
# Hosts of single files and of models, which lists of node packs lead to as well.
_WITHOUT_REPOSITORIES = {
    "raw.githubusercontent.com": "a single file",
    "gist.githubusercontent.com": "a single file",
    "objects.githubusercontent.com": "a single file",
    "civitai.com": "no git repository",
    "www.civitai.com": "no git repository",
}
_FILES = re.compile(r"\.(py|js|zip|whl|7z|rar|tar|tgz|tar\.\w+|json|ipynb)", re.IGNORECASE)
# Pages of forges whose address goes on with a branch, tag or commit, and others that belong to a repository.
_REF_PAGES = frozenset(
    {"tree", "commit", "commits", "blob", "tags", "releases/tag", "src/branch", "src/tag", "src/commit"}
)
_OTHER_PAGES = frozenset(
    {"wiki", "issues", "pulls", "releases", "tags", "branches", "commits", "actions", "discussions", "stargazers",
     "merge_requests", "activity", "settings", "network", "graphs", "forks", "security", "tree", "src"}
)  # fmt: skip

_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_UNUSUAL = re.compile(r"[^\w.+-]+")
_LONGEST_NAME = 100


def parse_reference(text: str) -> PackReference:
    """What a text names. Raises `InvalidSetting`, saying what is wrong with it.

    `ID` and `ID@VERSION` are the registry's, `@latest` is as good as nothing. Addresses, the scp-like ones too, may end
    in `@REF`; pages of GitHub, GitLab and Codeberg name a branch, tag or commit as well. What begins like a path is
    one, and names a repository when it is bare or ends in `@REF`. Credentials stay in `address`.
    """
    words = text.strip()
    if not words:
        raise _refused(text, "a node pack has to be named", "name it by its registry identifier or its repository")
    if _UNPRINTABLE.search(words):
        raise _refused(repr(words), "it holds characters that cannot be printed")
    if _is_path(words):
        return _local(text, os.path.abspath(os.path.expanduser(words)))
    if (url := _url(words)) is not None:
        return _from_url(text, url)
    if (scp := _SCP.fullmatch(words)) is not None:
        return _from_scp(text, scp)
    if "/" in words or "\\" in words:
        return _below_here(text, words)
    return _of_registry(text, words)


def possible_refs(reference: PackReference) -> tuple[str, ...]:
    """The refs that a reference to a repository may mean, to be tried in this order.

    The address of a page does not tell where the name of a branch ends and a path begins: `/tree/feature/x` may be
    the branch `feature/x`, or `x` in the branch `feature`.
    """
    if reference.ref is None:
        return ()
    url = _url(reference.text.strip())
    if url is None or _host(url["authority"]) not in _FORGES:
        return (reference.ref,)
    _, rest = _page(_segments(url["path"]), _host(url["authority"]))
    prefixes = ("/".join(rest[:count]) for count in range(len(rest), 0, -1))
    return tuple(dict.fromkeys(prefixes)) or (reference.ref,)


def pack_name(address: str) -> str:
    """The name of a pack's directory, after the last word of its address, path or identifier.

    It is safe on every system: no separators, no leading dot, none of the names that Windows keeps for devices, none
    that ComfyUI passes over. Raises `InvalidSetting` for an address that gives none.
    """
    path = re.split(r"[?#]", address)[0] if "://" in address else address
    words = re.split(r"[/\\:]+", path.rstrip("/\\"))
    name = unquote(words[-1]).removesuffix(".git")
    name = _UNUSUAL.sub("-", name).strip(".-+ ")[:_LONGEST_NAME].rstrip(".-+ ")
    if not name:
        raise _refused(without_credentials(address), "it gives no name for a directory")
    if name.lower().endswith(".disabled"):
        name = f"{name[:-9]}-disabled".lstrip("-")
    return f"pack-{name}" if _RESERVED.fullmatch(name) or name == "__pycache__" else name


def is_bare_repository(path: str) -> bool:
    """Whether a directory is a git repository without a work tree."""
    return (
        os.path.isfile(f"{path}/HEAD")
        and os.path.isdir(f"{path}/objects")
        and os.path.isdir(f"{path}/refs")
        and not os.path.lexists(f"{path}/.git")
    )


def _url(words: str) -> re.Match[str] | None:
    """The parts of an address; that of a forge may lack its scheme, as people copy it."""
    if words.partition("/")[0].lower() in _FORGES:
        words = f"https://{words}"
    return _URL.fullmatch(words.removeprefix("git+"))


def _is_path(words: str) -> bool:
    if words in (".", "..", "~") or _WINDOWS_PATH.match(words):
        return True
    return words.startswith(("./", "../", "/", "~/", ".\\", "..\\")) or (words.startswith("~") and "/" in words)


def _local(text: str, path: str) -> PackReference:
    """A directory or a repository of this machine."""
    if os.path.isdir(path):
        if is_bare_repository(path):
            return PackReference(text, "git", address=path)
        if not os.path.basename(path):
            raise _refused(text, "it gives no name for a directory", "name the directory of one node pack")
        return PackReference(text, "directory", path=path)
    base, at, ref = path.rpartition("@")
    if at and os.path.isdir(base):
        if not is_bare_repository(base) and not os.path.exists(f"{base}/.git"):
            raise _refused(text, f"`{base}` is not a git repository, so `@{ref}` has no meaning there")
        return PackReference(text, "git", address=base, ref=_checked_ref(text, ref))
    if os.path.exists(path):
        raise _refused(text, "it is a file, not the directory of a node pack", "unpack it, and name the directory")
    raise _refused(text, "there is no such directory", "check the path")


def _below_here(text: str, words: str) -> PackReference:
    """A path without `./` in front, if it leads somewhere."""
    path = os.path.abspath(words)
    if os.path.isdir(path) or os.path.isdir(path.rpartition("@")[0]):
        return _local(text, path)
    hint = "check the path, or name a repository by its whole address"
    if re.fullmatch(r"[\w.-]+/[\w.-]+(@\S+)?", words):
        hint = f"for a repository of GitHub write `https://github.com/{words}`"
    raise _refused(text, "it is neither an address nor a directory that exists", hint)


def _of_registry(text: str, words: str) -> PackReference:
    identifier, at, version = words.partition("@")
    if not _IDENTIFIER.fullmatch(identifier):
        raise _refused(
            text,
            f"`{identifier}` is not an identifier of the registry",
            "identifiers hold letters, digits, `.`, `_` and `-`; a directory is named with `./` in front",
        )
    if at and not is_pack_version(version):
        raise _refused(text, f"`{version}` is not a version" if version else "no version follows the `@`")
    known = version if at and version != "latest" else None
    return PackReference(text, "registry", identifier=identifier, version=known)


def _from_scp(text: str, match: re.Match[str]) -> PackReference:
    """`user@host:path`, as ssh and git have it."""
    host, path = match["host"], match["path"]
    if host.lower() in _SCHEMES or re.fullmatch(r"h+t+p*s?", host, re.IGNORECASE):
        raise _refused(text, f"`{host}:` is not followed by `//`", "check the address")
    path, ref = _split_ref(text, path)
    if not path.strip("/") or any(letter.isspace() for letter in host):
        raise _refused(text, "it names no repository on that host", "write `git@host:owner/repository`")
    _refuse_leading_dash(text, host)
    return PackReference(text, "git", address=f"{host}:{path.rstrip('/')}", ref=ref)


def _from_url(text: str, match: re.Match[str]) -> PackReference:
    scheme, authority, path = match["scheme"].lower(), match["authority"], match["path"]
    if scheme not in _SCHEMES:
        raise _refused(text, f"`{match['scheme']}://` is not a kind of address that git knows", "check the address")
    if scheme == "file":
        return _from_file_url(text, path)
    if not _host(authority):
        raise _refused(text, "its address names no host", "check the address")
    _refuse_leading_dash(text, authority)
    if any(letter.isspace() for letter in authority + path):
        raise _refused(text, "an address holds no spaces", "write `%20` for a space")
    path, ref = _split_ref(text, path.partition("#")[0])
    path, _, query = path.partition("?")
    if _host(authority) in _FORGES:
        return _from_forge(text, scheme, authority, path, ref)
    if query:
        raise _refused(text, "the address of a repository holds no `?`", "leave out what follows it")
    _refuse_files(text, authority, path)
    if not path.strip("/"):
        raise _refused(text, "it names a host and no repository", "check the address")
    return PackReference(text, "git", address=f"{scheme}://{authority}{path.rstrip('/')}", ref=ref)


def _from_file_url(text: str, path: str) -> PackReference:
    place, ref = unquote(path), None
    if not os.path.isdir(place):
        path, ref = _split_ref(text, path)
        place = unquote(path)
    if not place.strip("/"):
        raise _refused(text, "it names no directory", "write `file:///path/of/the/repository`")
    return PackReference(text, "git", address=f"file://{place.rstrip('/')}", ref=ref)


def _from_forge(text: str, scheme: str, authority: str, path: str, ref: str | None) -> PackReference:
    """A repository or a page of GitHub, GitLab or Codeberg."""
    host, segments = _host(authority), _segments(path)
    repository, rest = _page(segments, host)
    if len(repository) < 2:
        raise _refused(text, f"it names no repository of {host}", f"write `https://{host}/owner/repository`")
    words = segments[len(repository) :]
    kind = next((word for word in words if word != "-"), "")
    if kind in ("raw", "archive") or words[:2] == ["releases", "download"]:
        raise _refused(text, "it leads to a file, not to a repository", "name the repository itself")
    if kind and not rest and kind not in _OTHER_PAGES:
        raise _refused(text, f"the page `{kind}` names neither a branch nor a commit", "name the repository itself")
    if rest:
        whole = "/".join(rest)
        ref = _checked_ref(text, rest[0] if kind == "blob" else whole)
    return PackReference(text, "git", address=f"{scheme}://{authority}/{'/'.join(repository)}", ref=ref)


def _page(segments: list[str], host: str) -> tuple[list[str], list[str]]:
    """The words that name the repository, and those that begin with a branch, tag or commit."""
    count = 2
    if host == "gitlab.com":  # There repositories may lie in groups of groups, and `-` ends their names.
        ends = (index for index, word in enumerate(segments) if index > 1 and word in ("-", "tree", "blob", "commit"))
        count = next(ends, len(segments))
    page = [word for word in segments[count:] if word != "-"] if host == "gitlab.com" else segments[count:]
    for words in (page[:2], page[:1]):
        if "/".join(words) in _REF_PAGES:
            return segments[:count], _without_kind(page[len(words) :])
    if host == "gitlab.com" and page[:1] == ["releases"]:
        return segments[:count], page[1:]
    return segments[:count], []


def _without_kind(ref: list[str]) -> list[str]:
    """A ref without git's own words for what it is: `refs/heads/main` is `main`."""
    return ref[2:] if ref[:1] == ["refs"] and ref[1:2] in (["heads"], ["tags"]) else ref


def _segments(path: str) -> list[str]:
    words = re.split(r"[?#]", path)[0].split("/")
    return [unquote(word) for word in words if word]


def _split_ref(text: str, path: str) -> tuple[str, str | None]:
    """A path and what follows its last `@`; one that begins a word is part of the path, as in `/@user/repository`."""
    base, at, ref = path.rpartition("@")
    if not at or base.endswith("/") or not base:
        return path, None
    return base, _checked_ref(text, ref)


def _checked_ref(text: str, ref: str) -> str:
    """A name that git allows for branches, tags and commits; git's words in front of it are dropped."""
    name = "/".join(_without_kind(ref.split("/")))
    if not name:
        raise _refused(text, "no branch, tag or commit follows the `@`", "name one, or leave out the `@`")
    forbidden = re.search(r"[\s~^:?*\[\\]|\.\.|@\{|//|\.lock(/|$)|/\.|\.$|/$", name)
    if forbidden or name.startswith(("-", "/", ".")):
        raise _refused(text, f"`{name}` cannot be the name of a branch, tag or commit")
    return name


def _host(authority: str) -> str:
    return re.sub(r":\d*$", "", authority.rpartition("@")[2]).lower()


def _refuse_leading_dash(text: str, host: str) -> None:
    """ssh would take such a name for an option."""
    if host.startswith("-") or host.rpartition("@")[2].startswith("-"):
        raise _refused(text, "the name of a host does not begin with `-`", "check the address")


def _refuse_files(text: str, authority: str, path: str) -> None:
    host = _host(authority)
    if host in _WITHOUT_REPOSITORIES:
        raise _refused(
            text, f"`{host}` has {_WITHOUT_REPOSITORIES[host]}, not a node pack", "look for a repository that has it"
        )
    if _FILES.fullmatch(os.path.splitext(path.rstrip("/"))[1]):
        raise _refused(text, "it leads to a single file, not to a repository", "look for a repository that has it")


def _refused(text: str, reason: str, hint: str | None = None) -> InvalidSetting:
    shown = re.split(r"[?#]", without_credentials(text.strip()))[0] if "://" in text else text.strip()
    return InvalidSetting(
        f"`{shown}` does not name a node pack: {reason}",
        hint=hint or "write `ID`, `ID@VERSION`, the address of a repository, or the path of a directory",
        context={"reference": shown, "reason": reason},
    )
