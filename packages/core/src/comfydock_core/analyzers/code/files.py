"""Findings by what a file is: those that Python starts by itself, binaries, links, and where packages come from."""

import os
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from comfydock_core.analyzers.code.subjects import Seen
from comfydock_core.models.addresses import without_credentials_in
from comfydock_core.validation.requirement_lines import decoded
from comfydock_core.validation.requirements import OptionLine, RequirementLine, read_lines

_NATIVE = (".so", ".dll", ".exe", ".pyd", ".dylib")
_VERSIONED = re.compile(r"\.so(?:\.\d+)+$")
_MAGIC = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xcf")
_AUTOSTART = ("sitecustomize.py", "usercustomize.py")
_UNCHECKED = 0b01  # PEP 552: a compiled file that counts without its source being looked at.
_CHECKED = 0b11
_REQUIREMENTS = re.compile(r"[^/]*requirements[^/]*\.txt", re.IGNORECASE)
_INDEX_OPTIONS = re.compile(r"(?:-i|-f|--index-url|--extra-index-url|--find-links)[\s=]+(\S+)")
_MOST = 1_000_000
_USUAL = frozenset(
    {
        "bitbucket.org",
        "codeberg.org",
        "download.pytorch.org",
        "files.pythonhosted.org",
        "github.com",
        "gitlab.com",
        "huggingface.co",
        "objects.githubusercontent.com",
        "pypi.nvidia.com",
        "pypi.org",
        "raw.githubusercontent.com",
    }
)


def look_at_file(path: str, file: str) -> list[Seen]:
    """What a file's name and first bytes tell. Raises `OSError`."""
    name = file.rpartition("/")[2].lower()
    found: list[Seen] = []
    if name in _AUTOSTART:
        found.append(Seen("auto-start", file, 1, None))
    elif name.endswith(".pth"):
        found += _look_at_pth(path, file)
    elif file == "install.py":
        found.append(Seen("install-script", file, 1, None))
    elif name.endswith(".pyc"):
        found += _look_at_compiled(path, file)
    elif name.endswith(_NATIVE) or _VERSIONED.search(name) or _is_program(path, name):
        found.append(Seen("native-binary", file, 1, None))
    elif _REQUIREMENTS.fullmatch(file):
        found += _look_at_requirements(path, file)
    return found


def look_at_link(path: str, file: str, root: str) -> Seen:
    """Where a symbolic link leads."""
    target = os.readlink(path)
    inside = os.path.realpath(path).startswith(f"{root}{os.sep}")
    return Seen("link", file, 1, target, f"`{target}`" if inside else f"`{target}`, out of the node pack")


def _is_program(path: str, name: str) -> bool:
    """A file without the ending of one, that begins as programs do."""
    if "." in name and not os.access(path, os.X_OK):
        return False
    return _start(path, 4).startswith(_MAGIC)


def _start(path: str, size: int) -> bytes:
    with open(path, "rb") as stream:
        return stream.read(size)


def _look_at_pth(path: str, file: str) -> list[Seen]:
    """Python runs those lines of a `.pth` that begin with `import`, and looks for modules where the others say."""
    lines = decoded(_start(path, _MOST)).splitlines()
    return [Seen("auto-start", file, number, line.strip()) for number, line in enumerate(lines, 1)
            if line.startswith(("import ", "import\t"))]  # fmt: skip


def _look_at_compiled(path: str, file: str) -> list[Seen]:
    """Those that Python would take: outside of its cache, or in it and not compared with the source."""
    flags = _start(path, 8)[4:8]
    if "__pycache__/" in f"/{file}" and not (flags and flags[0] & _CHECKED == _UNCHECKED):
        return []
    return [Seen("compiled-code", file, 1, None)]


def _look_at_requirements(path: str, file: str) -> list[Seen]:
    found: list[Seen] = []
    for line in read_lines(decoded(_start(path, _MOST))):
        if isinstance(line, RequirementLine):
            addresses: Iterable[str] = [line.address] if line.address is not None else []
        elif isinstance(line, OptionLine):
            addresses = _INDEX_OPTIONS.findall(line.text)
        else:
            addresses = []
        found += [Seen("odd-host", file, line.line, line.text, f"`{without_credentials_in(address)}`")
                  for address in addresses if _is_odd(address)]  # fmt: skip
    return found


def _is_odd(address: str) -> bool:
    """Whether an address is of a host that packages are rarely taken from, or not encrypted."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        return True
    return host not in _USUAL or parts.scheme.lower() in ("http", "git+http")
