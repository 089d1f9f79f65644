"""Commits as text and as data."""

from datetime import datetime

from comfydock_cli.cli_utils import Result
from comfydock_cli.ui.console import clean
from comfydock_core.models.commit import CommitInfo
from comfydock_core.models.history.differences import Log, LogEntry
from comfydock_core.models.history.starts import FAILS, RECOVERED, SLOWER, StartChange, StartReport
from comfydock_core.utils.text import counted

_PLAIN_ART = frozenset("| ")


def log_result(log: Log) -> Result:
    """An entry a commit: a line of facts, and one of what it changed."""
    data = {
        "commits": [
            {
                **commit_data(one.commit),
                "summary": one.words,
                "start": start_data(one.start),
                "start_changes": [start_change_data(change) for change in one.starts],
            }
            for one in log.entries
        ],
        "total": log.total,
        "more": log.more,
        "shallow": log.shallow,
    }
    notes = ["there are earlier commits; `-n 0` lists all"] if log.more else []
    if log.shallow:
        notes.append("the history was cut off when it was cloned, so `v1` is not its beginning")
    if not log.entries:
        notes.append("no commit concerns it yet")
    lines = _drawn(log) if log.graph else _listed(log)
    return Result(data, "".join(f"{line}\n" for line in lines), note="\n".join(notes))


def commit_text(commit: CommitInfo) -> str:
    """One commit with its whole message."""
    lines = [_facts(commit), f"  {one_line(commit.subject)}"]
    if commit.body:
        lines += ["", *(f"  {clean(line)}" for line in commit.body.splitlines())]
    if len(commit.parents) > 1:
        lines.append(f"  merges {counted(len(commit.parents), 'commit')}, compared with the first of them")
    return "".join(f"{line}\n" for line in lines)


def commit_data(commit: CommitInfo) -> dict[str, object]:
    """The commit for `--json`."""
    return {
        "hash": commit.hash,
        "version": commit.label,
        "parents": list(commit.parents),
        "author": commit.author,
        "email": commit.email,
        "date": commit.date,
        "subject": commit.subject,
        "body": commit.body,
        "names": list(commit.names),
    }


def start_data(report: StartReport | None) -> dict[str, object] | None:
    """What ComfyUI said at a start, for `--json`."""
    if report is None:
        return None
    packs = [{"name": one.name, "seconds": one.seconds, "error": one.error} for one in report.packs]
    return {"date": report.date, "understood": report.understood, "seconds": round(report.seconds, 3), "packs": packs}


def start_change_data(change: StartChange) -> dict[str, object]:
    """What became of a pack, for `--json`."""
    return {"change": change.kind, "pack": change.pack, "error": change.error, "before": change.before,
            "after": change.after}  # fmt: skip


def start_change_text(change: StartChange) -> str:
    """What became of a pack at the starts of ComfyUI, on one line."""
    name = one_line(change.pack)
    if change.kind == FAILS:
        return f"! {name} fails to import from here on" + (f": {one_line(change.error)}" if change.error else "")
    if change.kind == RECOVERED:
        return f"{name} can be imported again"
    return (
        f"{'! ' if change.kind == SLOWER else ''}importing {name} takes {change.after:.1f} s, not {change.before:.1f} s"
    )


def _listed(log: Log) -> list[str]:
    lines: list[str] = []
    for entry in log.entries:
        lines += _entry(entry)
    return lines


def _entry(entry: LogEntry) -> list[str]:
    more = _words(entry)
    lines = [_entry_line(entry.commit), *([f"    {more}"] if more else [])]
    if entry.start is not None and not entry.start.understood:
        lines.append("    ! ComfyUI reported its imports in an unknown form when it was started")
    return [*lines, *(f"    {start_change_text(change)}" for change in entry.starts)]


def _drawn(log: Log) -> list[str]:
    """The entries beside git's drawing; a second line that has nothing to say or draw is left out."""
    entries = {entry.commit.hash: entry for entry in log.entries}
    lines = []
    for line in log.graph:
        entry = entries.get(line.commit or "")
        if entry is None:
            lines.append(line.art)
        elif line.first:
            lines.append(f"{line.art} {_entry_line(entry.commit)}")
        elif _words(entry) or not _PLAIN_ART.issuperset(line.art):
            lines.append(f"{line.art}    {_words(entry)}".rstrip())
    return lines


def _words(entry: LogEntry) -> str:
    if entry.words is None:
        return "its manifest, or the one before, cannot be read"
    return "" if entry.words.lower() == entry.commit.subject.lower() else one_line(entry.words)


def _entry_line(commit: CommitInfo) -> str:
    return f"{_facts(commit)}  {one_line(commit.subject)}"


def _facts(commit: CommitInfo) -> str:
    names = f" ({', '.join(map(one_line, commit.names))})" if commit.names else ""
    return f"{commit.label or '-':<4}  {commit.short}  {local_time(commit.date)}  {one_line(commit.author)}{names}"


def one_line(text: str) -> str:
    """What others wrote, on one line."""
    return clean(text).replace("\n", " ").replace("\t", " ")


def local_time(moment: str) -> str:
    """A time as the machine tells it; what is none stays as it is."""
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return one_line(moment) or "no date"
