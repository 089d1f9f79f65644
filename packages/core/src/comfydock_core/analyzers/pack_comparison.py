"""Finding out which files of node packs were changed: git tells of a checkout, the kept archive of a release."""

import contextlib
import os

from comfydock_core.analyzers.node_git_analyzer import NodeGitAnalyzer
from comfydock_core.analyzers.own_files import changed_files
from comfydock_core.analyzers.pack_files import PackFiles
from comfydock_core.caching.custom_node_cache import CustomNodeCacheManager, archive_key
from comfydock_core.models.exceptions import ToolMissing
from comfydock_core.repositories.changed_files_note import NotedFiles, note_text
from comfydock_core.repositories.pack_release import read_note
from comfydock_core.utils.at_once import for_each
from comfydock_core.utils.files import atomic

_THREADS = 8


def answer_questions(files: PackFiles, kept_packs: str) -> None:
    """Answer what `files` leaves open, several packs at once, and note it for the next time.

    `kept_packs` is the directory of the code that came. What cannot be determined now stays open.
    """
    kept = CustomNodeCacheManager(kept_packs)
    answers: dict[str, NotedFiles] = {}

    def look(name: str) -> None:
        changed = _changed(f"{files.custom_nodes}/{name}", kept)
        if changed is not None:
            answers[name] = NotedFiles(files.open_questions[name], changed)

    for_each(list(files.open_questions), look, threads=_THREADS)
    files.known.update(answers)
    for name in answers:
        del files.open_questions[name]
    # A place that cannot be written costs the time again, never a failure.
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(files.note), exist_ok=True)
        atomic.write_bytes(files.note, note_text(files.known).encode(), durable=False)


def _changed(directory: str, kept: CustomNodeCacheManager) -> list[str] | None:
    try:
        analyzer = NodeGitAnalyzer(directory)
        if analyzer.is_checkout():
            return analyzer.changed_files()
        release = read_note(directory)
        content = None if release is None else kept.find(archive_key(release[1]))
        return None if content is None else sorted(changed_files(directory, content.directory))
    except (OSError, ToolMissing):
        return None
