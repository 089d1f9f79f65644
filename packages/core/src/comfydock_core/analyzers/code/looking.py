"""Looking through the files of a node pack, and what an update of it adds."""

import ast
import filecmp
import os
import re
import tokenize
import unicodedata
import warnings
from collections.abc import Iterator

from comfydock_core.analyzers.code.files import look_at_file, look_at_link
from comfydock_core.analyzers.code.python_code import Code, look_at_module
from comfydock_core.analyzers.code.subjects import MESSAGES, WORDS, Seen
from comfydock_core.models.packs.node_packs import CodeFinding
from comfydock_core.utils.text import size_text

_LIMIT = 200
_MOST_BYTES = 1_500_000  # Of one module.
_MOST_BYTES_OF_PACK = 40_000_000
_MOST_FILES = 50_000
_SKIPPED = frozenset({".git"})
_WORTH_LOOKING = re.compile(rf"\b(?:{WORDS})\b|[A-Za-z0-9+/]{{40}}|(?:\\x[0-9A-Fa-f]{{2}}){{20}}|(?:\d+,\s*){{200}}")
_PYTHON = (".py", ".pyw")
_RANKS = {kind: rank for rank, kind in enumerate(MESSAGES)}


def look_at_code(directory: str, *, limit: int = _LIMIT) -> tuple[CodeFinding, ...]:
    """What a pack's files do that is worth knowing before they run, by place; a look, and no proof of anything.

    At most `limit` findings, the most telling; the last says how many more there are. Raises `OSError`.
    """
    return _told(_seen_in(directory), limit)


def new_findings(before: str, after: str, *, limit: int = _LIMIT) -> tuple[CodeFinding, ...]:
    """What the files in the directory `after` show beyond those in `before`, as `look_at_code` tells it.

    The same code in the same file is nothing new, wherever in it it stands and however it is laid out; a changed binary
    is. Raises `OSError`.
    """
    known = {(one.kind, one.file, one.about) for one in _seen_in(before)}
    return _told(
        [
            one
            for one in _seen_in(after)
            if (one.kind, one.file, one.about) not in known or _changed(one, before, after)
        ],
        limit,
    )


def _changed(seen: Seen, before: str, after: str) -> bool:
    """Whether a finding about a whole file is about another content now."""
    if seen.about is not None:
        return False
    return not filecmp.cmp(f"{before}/{seen.file}", f"{after}/{seen.file}", shallow=False)


def _told(seen: list[Seen], limit: int) -> tuple[CodeFinding, ...]:
    findings = list({(one.file, one.line, one.kind): one.finding() for one in reversed(_without_lesser(seen))}.values())
    kept = sorted(findings, key=lambda one: (_RANKS[one.kind], one.file, one.line))[:limit]
    found = sorted(kept, key=lambda one: (one.file, one.line, _RANKS[one.kind]))
    more = len(findings) - len(kept)
    return (*found, CodeFinding("more", "", 0, f"… and {more} more")) if more else tuple(found)


def _without_lesser(seen: list[Seen]) -> list[Seen]:
    """What runs decoded code evaluates code, too, and is reported once."""
    greater = {(one.file, one.line) for one in seen if one.kind == "runs-decoded-code"}
    return [one for one in seen if one.kind != "evaluates-code" or (one.file, one.line) not in greater]


def _seen_in(directory: str) -> list[Seen]:
    root = os.path.realpath(directory)
    seen: list[Seen] = []
    modules: list[tuple[str, str]] = []
    for number, (path, file) in enumerate(_files(directory)):
        if number >= _MOST_FILES:
            seen.append(Seen("unreadable-code", file, 1, "", f"there are more than {_MOST_FILES} files"))
            break
        if os.path.islink(path):
            seen.append(look_at_link(path, file, root))
        elif os.path.isfile(path):
            seen += look_at_file(path, file)
            if file.lower().endswith(_PYTHON):
                modules.append((path, file))
    return seen + _seen_in_modules(modules)


def _seen_in_modules(modules: list[tuple[str, str]]) -> list[Seen]:
    """What the code shows. Where something is installed, who calls it matters in modules of no other interest, too."""
    codes: list[Code] = []
    plain: list[tuple[str, str]] = []
    left = _MOST_BYTES_OF_PACK
    for path, file in modules:
        left -= os.path.getsize(path)
        if left < 0:
            codes.append(_unreadable(file, f"there is more than {size_text(_MOST_BYTES_OF_PACK)} of code"))
        elif (code := _look_at_python(path, file)) is None:
            plain.append((path, file))
        else:
            codes.append(code)
    if any(code.installing for code in codes):
        looked = (_look_at_python(path, file, whole=True) for path, file in plain)
        codes += [code for code in looked if code is not None]
    return [one for code in codes for one in code.seen] + _installing(codes)


def _files(directory: str) -> Iterator[tuple[str, str]]:
    """Every file and link below, in a fixed order, as a path and relative to the pack."""
    waiting = [""]
    while waiting:
        below = waiting.pop()
        with os.scandir(os.path.join(directory, below)) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            file = f"{below}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _SKIPPED:
                    waiting.append(f"{file}/")
            else:
                yield entry.path, file


def _look_at_python(path: str, file: str, *, whole: bool = False) -> Code | None:
    """What a module shows; `None` for one without any word of interest, unless it is to be looked at all the same."""
    size = os.path.getsize(path)
    if size > _MOST_BYTES:
        return _unreadable(file, f"it has {size_text(size)}")
    try:
        with open(path, "rb") as stream:
            encoding, _ = tokenize.detect_encoding(stream.readline)
            stream.seek(0)
            text = stream.read().decode(encoding)
        plain = text if text.isascii() else unicodedata.normalize("NFKC", text)  # As Python reads names.
        tree = _parsed(text.removeprefix("\ufeff"))
    except SyntaxError as error:
        return _unreadable(file, f"{error.msg}{_at(error)}")
    except (ValueError, LookupError) as error:
        return _unreadable(file, str(error))
    except (RecursionError, MemoryError):
        return _unreadable(file, "it is nested too deeply")
    if not whole and not _WORTH_LOOKING.search(plain):
        return None
    return look_at_module(tree, text, file)


def _parsed(text: str) -> ast.Module:
    """The syntax tree; what Python would warn of is no matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _at(error: SyntaxError) -> str:
    return f", line {error.lineno}" if error.lineno else ""


def _unreadable(file: str, why: str) -> Code:
    return Code([Seen("unreadable-code", file, 1, None, why)])


def _installing(codes: list[Code]) -> list[Seen]:
    """The installations of packages: at import where what Python runs then leads to them, on demand otherwise."""
    calls: dict[str, set[str]] = {}
    for code in codes:
        for caller, called in code.calls.items():
            calls.setdefault(caller, set()).update(called)
    found: list[Seen] = []
    reached = _reached(calls, [code.module for code in codes if code.module and code.imported])
    for code in codes:
        for where, one in code.installing:
            kind = "installs-at-import" if where in reached else "installs-packages"
            found.append(Seen(kind, one.file, one.line, one.about, one.detail))
    return found


def _reached(calls: dict[str, set[str]], starts: list[str]) -> set[str]:
    reached: set[str] = set()
    waiting = list(starts)
    while waiting:
        function = waiting.pop()
        if function not in reached:
            reached.add(function)
            waiting += calls.get(function, ())
    return reached
