"""Commits as text and as data."""

from datetime import datetime

from comfydock_cli.cli_utils import Result
from comfydock_cli.ui.console import clean
from comfydock_core.models.commit import CommitInfo
from comfydock_core.models.history.differences import Log, LogEntry
from comfydock_core.utils.text import counted

_PLAIN_ART = frozenset("| ")


def log_result(log: Log) -> Result:
    """An entry a commit: a line of facts, and one of what it changed."""
    data = {
        "commits": [{**commit_data(one.commit), "summary": one.words} for one in log.entries],
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


def _listed(log: Log) -> list[str]:
    lines: list[str] = []
    for entry in log.entries:
        lines += _entry(entry)
    return lines


def _entry(entry: LogEntry) -> list[str]:
    more = _words(entry)
    return [_entry_line(entry.commit), *([f"    {more}"] if more else [])]


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
