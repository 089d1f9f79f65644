"""File names that strangers chose, made into names that every file system takes and that lead nowhere else."""

import re
import unicodedata
from urllib.parse import unquote, urlsplit

_LONGEST = 200  # Bytes; what is made beside a file has its name with something added.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f]')
_UNSEEN = re.compile("[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)
_GIT = (".git", "git~1")
# Letters that file systems of macOS pass over in names.
_PASSED_OVER = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_EXTENDED = re.compile(r"filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)", re.IGNORECASE)
_QUOTED = re.compile(r'filename\s*=\s*"((?:\\.|[^"\\])*)"', re.IGNORECASE)
_PLAIN = re.compile(r"filename\s*=\s*([^;\"\s][^;]*)", re.IGNORECASE)


def safe_name(name: str) -> str | None:
    """The last part of a name as a plain file name, `None` when nothing is left of it.

    What separates, steers or is reserved on some system goes; a name never begins with a dot.
    """
    name = re.split(r"[/\\]", name)[-1]
    name = _UNSEEN.sub("", unicodedata.normalize("NFC", name).encode("utf-8", "replace").decode())
    name = _FORBIDDEN.sub("_", name).strip().strip(".").strip()
    if _DEVICES.fullmatch(name):
        name = f"_{name}"
    return _shortened(name) or None


def name_of_disposition(header: str | None) -> str | None:
    """The file name that a `Content-Disposition` names, made safe. `filename*` comes first (RFC 6266)."""
    if not header:
        return None
    extended = _EXTENDED.search(header)
    if extended is not None and extended[1].lower() in ("utf-8", "iso-8859-1"):
        return safe_name(unquote(extended[2], encoding=extended[1], errors="replace"))
    quoted = _QUOTED.search(header)
    if quoted is not None:
        return safe_name(_as_utf8(re.sub(r"\\(.)", r"\1", quoted[1])))
    plain = _PLAIN.search(header)
    return None if plain is None else safe_name(_as_utf8(plain[1]))


def name_of_address(url: str) -> str | None:
    """The last part of an address's path, made safe."""
    return safe_name(unquote(urlsplit(url).path.rpartition("/")[2]))


def _as_utf8(text: str) -> str:
    """Headers are read as Latin-1; servers send UTF-8."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _shortened(name: str) -> str:
    """Cut in the middle, so that the extension stays."""
    if len(name.encode()) <= _LONGEST:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > _LONGEST // 4:
        stem, extension = name, ""
    end = f"{dot}{extension}" if extension else ""
    return stem.encode()[: _LONGEST - len(end.encode())].decode("utf-8", "ignore") + end


def stands_for_git(name: str) -> bool:
    """Whether a name is that of a repository's directory, on any of the systems that it may come to."""
    return _PASSED_OVER.sub("", name).partition(":")[0].rstrip(" .").lower() in _GIT
