"""Whether something can be the name or the address of a remote, before git sees it."""

import os
import re

from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import RemoteInvalid
from comfydock_core.utils.text import did_you_mean, nearest

_NAME = re.compile(r"[^\W_][\w.-]*", re.ASCII)
_LONGEST_NAME = 100
_LONGEST_ADDRESS = 4000
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_SCHEMES = ("https", "http", "ssh", "git", "file", "git+ssh", "ssh+git")
# With these git starts whatever program the rest of the address names.
_PROGRAMS = ("ext", "fd")
_SCP = re.compile(r"(?:[^\s/:@]+@)?(?:\[[^\]\s]+\]|[^\s/:]+):(?!//)\S.*", re.DOTALL)
_HELPER = re.compile(r"([A-Za-z0-9][A-Za-z0-9+.-]*)::(.+)", re.DOTALL)
_HOSTED = re.compile(r"[\w-]+(?:\.[\w-]+)+/[\w.-]+/[\w./-]+", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WAYS = "addresses begin with `https://` or `ssh://`, or are `HOST:PATH` for ssh, or the path of a repository here"


def refuse_name(name: str) -> None:
    """Raise `RemoteInvalid` unless a remote can be called so."""
    if _NAME.fullmatch(name) and ".." not in name and len(name) <= _LONGEST_NAME and not name.endswith((".lock", ".")):
        return
    raise RemoteInvalid(
        f"`{name[:_LONGEST_NAME]}` cannot be the name of a remote",
        hint="letters, digits, `.`, `_` and `-` can, with a letter or digit first, such as `origin`",
        context={"remote": name},
    )


def usable_address(address: str) -> str:
    """The address as git is to have it: that of a path is whole, and a login is left out.

    Raises `RemoteInvalid`.
    """
    if not address or len(address) > _LONGEST_ADDRESS or _CONTROL.search(address) or address.startswith("-"):
        raise _refused(address, _WAYS)
    url, helper = _URL.fullmatch(address), _HELPER.fullmatch(address)
    if helper is not None:
        if helper[1].lower() in _PROGRAMS:
            raise _refused(address, "it names a program to be run; " + _WAYS)
        return without_credentials(address)
    if url is not None:
        return _checked_url(address, url[1].lower(), url[2])
    if _is_path(address):
        return _existing(address)
    if _SCP.fullmatch(address):
        return address
    return _existing(address)


def is_here(address: str) -> bool:
    """Whether an address leads to a repository of this machine, so that no network is needed."""
    return address.lower().startswith("file://") or os.path.isabs(address)


def _checked_url(address: str, scheme: str, rest: str) -> str:
    if scheme not in _SCHEMES:
        near = nearest(scheme, _SCHEMES, limit=1)
        raise _refused(address, did_you_mean([f"{near[0]}://"]) if near else _WAYS)
    host = without_credentials(f"{scheme}://{rest}").partition("://")[2].partition("/")[0].rpartition("@")[2]
    if scheme != "file" and (not host or host.startswith("-") or re.search(r"\s", rest)):
        raise _refused(address, "the name of a server follows `://`, and has no spaces")
    return without_credentials(address)


def _is_path(address: str) -> bool:
    return address.startswith((".", "/", "~")) or os.path.isdir(address)


def _existing(address: str) -> str:
    path = os.path.abspath(os.path.expanduser(address))
    if os.path.exists(path):
        return path
    hint = f"`git init --bare '{path}'` makes an empty repository there; {_WAYS}"
    if _HOSTED.fullmatch(address):
        hint = did_you_mean([f"https://{address}"])
    raise RemoteInvalid(f"there is nothing at `{path}`", hint=hint, context={"address": without_credentials(address)})


def _refused(address: str, hint: str) -> RemoteInvalid:
    shown = without_credentials(address)[:_LONGEST_NAME]
    return RemoteInvalid(
        f"`{shown}` cannot be the address of a remote", hint=hint, context={"address": without_credentials(address)}
    )
