"""ComfyUI's `extra_model_paths.yaml`: further directories of models. Only as much of YAML as such files are made of."""

import re
from dataclasses import dataclass, field

_KEY = re.compile(r"""(?:"([^"]+)"|'([^']+)'|([^\s"'#:\-][^:#]*?)):(?:\s+(.*))?""")
_QUOTED = re.compile(r"""(\s*[^"'#:]+:\s+(?:"[^"]*"|'(?:[^']|'')*'))\s*(?:\s#.*)?""")
_COMMENT = re.compile(r"(?:^|\s)#")
_BLOCK = frozenset({"|", "|-", "|+", ">", ">-"})


@dataclass(slots=True)
class ExtraModelPaths:
    """What the file says: the texts by section and key, and the lines that are more YAML than is read here."""

    sections: dict[str, dict[str, str]] = field(default_factory=dict)
    unread: list[int] = field(default_factory=list)


def parse_extra_model_paths(text: str) -> ExtraModelPaths:
    """Sections with keys and texts, of one line or of several behind `|`. Whatever else there is counts as unread."""
    found = ExtraModelPaths()
    section: dict[str, str] | None = None
    key, deep, block = "", 0, False
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        indent = len(line) - len(line.lstrip(" "))
        if block and section is not None and (not line.strip() or indent > deep):
            section[key] = "\n".join(filter(None, (section[key], line.strip())))
            continue
        block = False
        said = _without_comment(line)
        if not said:
            continue
        match = _KEY.fullmatch(said.strip())
        if match is None:
            found.unread.append(number)
            continue
        name, value = match[1] or match[2] or match[3], (match[4] or "").strip()
        if indent == 0:
            section = found.sections.setdefault(name, {})
            if value:
                found.unread.append(number)
        elif section is None:
            found.unread.append(number)
        else:
            key, deep, block = name, indent, value in _BLOCK
            plain = "" if block else _unquoted(value)
            if plain is None:
                found.unread.append(number)
            else:
                section[key] = plain
    return found


def _without_comment(line: str) -> str:
    """The line without a comment; a `#` inside of a quoted text or of a word is none."""
    quoted = _QUOTED.fullmatch(line)
    if quoted is not None:
        return quoted[1]
    comment = _COMMENT.search(line)
    return (line[: comment.start()] if comment is not None else line).rstrip()


def _unquoted(value: str) -> str | None:
    """A text as it is meant; `None` for lists, anchors and what else only YAML itself understands."""
    if value[:1] == value[-1:] and value[:1] in ("'", '"') and len(value) > 1:
        return value[1:-1].replace("\\\\", "\\") if value[0] == '"' else value[1:-1].replace("''", "'")
    return None if value[:1] in ("[", "{", "&", "*", "!", "%", "@", "`", "'", '"') else value
