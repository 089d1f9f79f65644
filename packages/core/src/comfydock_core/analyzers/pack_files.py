"""Which files of node packs were changed, as far as that is known already: a look at sizes and times. Fast path.

To ask git about each of many packs takes longer than all the rest of `status`.
"""

from binascii import crc32

from comfydock_core.integrations.git.head import read_head
from comfydock_core.repositories import pack_release
from comfydock_core.repositories.changed_files_note import NotedFiles, read_note
from comfydock_core.utils import native

_SKIPPED = frozenset({".git", "__pycache__"})


class PackFiles:
    """The packs of one environment: `known` are those whose files stand as they did when they were compared last.

    `open_questions` are the stamps of the others, by directory. Development packs, what only a link leads to and packs
    that came without a history and without a note of their release are in neither.
    """

    def __init__(self, custom_nodes: str, note: str, names: list[str]) -> None:
        """`names` are directories in `custom_nodes`; `note` is where `changed_files_note` lies."""
        self.custom_nodes = custom_nodes
        self.note = note
        self.known: dict[str, NotedFiles] = {}
        self.open_questions: dict[str, str] = {}
        noted = read_note(note)
        for name in names:
            stamp = _stamp(f"{custom_nodes}/{name}")
            if stamp is None:
                continue
            if name in noted and noted[name].stamp == stamp:
                self.known[name] = noted[name]
            else:
                self.open_questions[name] = stamp

    def changed(self) -> dict[str, list[str]]:
        """The changed files of every pack that has some, sorted, relative to the pack."""
        return {name: noted.changed for name, noted in sorted(self.known.items()) if noted.changed}


def _stamp(directory: str) -> str | None:
    """The release that lies there, and a sum over names, sizes and times of its files; `None` where none is known."""
    if native.link_target(directory) is not None:
        return None
    release = read_head(directory)[0] or (pack_release.read_note(directory) or (None, None))[1]
    if release is None:
        return None
    try:
        return f"{release} {_sum_of_files(directory)}"
    except OSError:
        return None


def _sum_of_files(directory: str) -> str:
    """Another text when a file comes, goes or is written; the order in which the system lists them does not matter."""
    count = total = 0
    waiting = [""]
    while waiting:
        place = waiting.pop()
        with native.system.scandir(f"{directory}/{place}") as entries:
            for entry in entries:
                if entry.name in _SKIPPED:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{place}{entry.name}/")
                    continue
                found = entry.stat(follow_symlinks=False)
                # Who changes a file can put its time back, but not the time of its last change of state.
                facts = f"{place}{entry.name}\0{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
                total += crc32(facts.encode("utf-8", "surrogatepass"))
                count += 1
    return f"{count} {total:x}"
