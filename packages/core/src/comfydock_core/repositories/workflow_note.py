"""`logs/<environment>/workflows.json`: what was found in the workflows, and what that relied on. Fast path.

Of files it has what a comparison with the committed copy said, and a digest of their content; of each content that was
checked, what was in its way. Sizes and times of files tell whether the former holds still, `code` and what a check
relied on whether the latter does. A note that cannot be read says nothing; the next one who finds out writes another.
"""

from comfydock_core.utils import light_json, native

SCHEMA = 1  # Another one, also when checks find other things than before, makes earlier notes worthless.

# The first character of what a check relied on, before the path.
IS_FILE, NOT_LISTED, EXISTS, EXISTS_NOT = "f", "F", "e", "E"


class NotedFile:
    """What a file was like when it had this `stamp`: `digest` is that of its content, `None` when nobody asked.

    `changed` is how it was against a committed copy with the stamp `committed`.
    """

    __slots__ = ("changed", "committed", "digest", "stamp")

    def __init__(self, stamp: str, committed: str | None, changed: bool | None, digest: str | None) -> None:
        self.stamp = stamp
        self.committed = committed
        self.changed = changed
        self.digest = digest


class NotedCheck:
    """What a check found in one content: how many issues by kind. `relied_on` are places in `WorkflowNote.paths`."""

    __slots__ = ("at", "name", "needs", "relied_on")

    def __init__(self, name: str, at: float, needs: dict[str, int], relied_on: list[int]) -> None:
        self.name = name
        self.at = at
        self.needs = needs
        self.relied_on = relied_on


class WorkflowNote:
    """The whole note. `code` is the stamp of the code that all checks relied on, `further` what belongs to it beside
    the usual files."""

    __slots__ = ("checks", "code", "files", "further", "paths")

    def __init__(self) -> None:
        self.files: dict[str, NotedFile] = {}
        self.code: str | None = None
        self.further: list[str] = []
        self.paths: list[str] = []
        self.checks: dict[str, NotedCheck] = {}

    def as_dict(self) -> dict[str, object]:
        return {
            "schema": SCHEMA,
            "files": {name: [one.stamp, one.committed, one.changed, one.digest] for name, one in self.files.items()},
            "code": self.code,
            "further": self.further,
            "paths": self.paths,
            "checks": {key: [one.name, one.at, one.needs, one.relied_on] for key, one in self.checks.items()},
        }


def read_note(path: str) -> WorkflowNote:
    """What was noted."""
    note = WorkflowNote()
    try:
        content = light_json.loads((native.read_bytes(path) or b"{}").decode("utf-8"))
    except (OSError, ValueError):
        return note
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        return note
    files, checks, code = content.get("files"), content.get("checks"), content.get("code")
    for name, raw in files.items() if isinstance(files, dict) else ():
        one = _file(raw)
        if one is not None:
            note.files[name] = one
    note.paths, note.further = _texts(content.get("paths")), _texts(content.get("further"))
    if isinstance(code, str) and isinstance(checks, dict):
        note.code = code
        for key, raw in checks.items():
            check = _check(raw, len(note.paths))
            if check is not None:
                note.checks[key] = check
    return note


def _file(raw: object) -> NotedFile | None:
    if not isinstance(raw, list) or len(raw) != 4:
        return None
    stamp, committed, changed, digest = raw
    if type(stamp) is not str or (committed is not None and type(committed) is not str):
        return None
    if (changed is not None and type(changed) is not bool) or (digest is not None and type(digest) is not str):
        return None
    return NotedFile(stamp, committed, changed, digest)


def _check(raw: object, paths: int) -> NotedCheck | None:
    if not isinstance(raw, list) or len(raw) != 4:
        return None
    name, at, needs, relied_on = raw
    if type(name) is not str or not isinstance(at, (int, float)) or type(needs) is not dict:
        return None
    for number in needs.values():
        if type(number) is not int or number <= 0:
            return None
    if type(relied_on) is not list:
        return None
    for one in relied_on:
        if type(one) is not int or not 0 <= one < paths:
            return None
    return NotedCheck(name, at, needs, relied_on)


def _texts(values: object) -> list[str]:
    """A list of texts, or none when something else is in it: then no place in it is one."""
    return values if isinstance(values, list) and all(isinstance(one, str) for one in values) else []
