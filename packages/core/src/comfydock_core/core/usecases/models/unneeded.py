"""Which model files nothing refers to, and why each of the others is kept."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from comfydock_core.analyzers.model_files.mentions import Called, Mentions
from comfydock_core.analyzers.model_files.spellings import Spelling, Spellings
from comfydock_core.core.usecases.models.indexing import hash_file
from comfydock_core.core.usecases.models.scopes import real_place, real_places
from comfydock_core.models.model_files.grouping import one_name_each
from comfydock_core.models.model_files.location import ModelLocation
from comfydock_core.models.protocols import Reporter
from comfydock_core.records import record
from comfydock_core.repositories.model_index.model_index import ModelIndex
from comfydock_core.utils.files.file_states import is_unchanged
from comfydock_core.utils.text import counted

_MOST_LINKS = 40


@record
class Limits:
    """What may go at all: files of `folder`, or of all that ComfyUI knows, which did not change since a moment.

    `known` are the directories of ComfyUI's folders, without links; `since` is in Unix seconds.
    """

    folder: str | None
    known: Mapping[str, str]
    since: float

    def folder_of(self, directory: str) -> str | None:
        """ComfyUI's folder that a directory, named without links, belongs to, or `None`."""
        while directory not in self.known:
            above = os.path.dirname(directory)
            if above == directory:
                return None
            directory = above
        return self.known[directory]


class Sorting:
    """The files that are left to go, and those that are kept, with the reason; what goes only ever becomes less.

    `aside` are those of the kept that nobody asked about, being in another folder than was named, and `relied_on` those
    without which something that goes would be the last of its content. Methods raise `OSError`.
    """

    def __init__(self, index: ModelIndex, places: Sequence[ModelLocation], limits: Limits) -> None:
        self._index = index
        self._spellings = Spellings(limits.known)
        self._spelled = {place.full_path: self._spellings.of(place.root, place.path) for place in places}
        self._places = {place.full_path: place for place in places}
        self._real = real_places(self._places)
        self._limits = limits
        self._seen = index.first_seen()
        self._earlier: dict[int, list[tuple[str, str | None]]] = {}
        for sampled, size, blake3 in index.earlier_models():
            self._earlier.setdefault(size, []).append((sampled.lower(), blake3))
        self._files: dict[tuple[int, int], list[str]] = {}
        for place in places:
            self._files.setdefault(place.state.file_id, []).append(place.full_path)
        self._contents: dict[str, list[str]] = {}
        self._unread: Counter[int] = Counter()
        self._group()
        self.kept: dict[str, str] = {}
        self.aside: set[str] = set()
        self.relied_on: set[str] = set()

    @property
    def going(self) -> list[ModelLocation]:
        """The files that are left to go, each place once although several ways may lead to it."""
        left = [place for path, place in self._places.items() if path not in self.kept]
        return list({self._real[place.full_path]: place for place in left}.values())

    def spelling(self, place: ModelLocation) -> Spelling:
        """How a file may be called."""
        return self._spelled[place.full_path]

    def folder_of(self, place: ModelLocation) -> str | None:
        """ComfyUI's folder that a file lies in, or `None`."""
        return self._limits.folder_of(os.path.dirname(self._real[place.full_path]))

    def digests(self, place: ModelLocation) -> list[str]:
        """Everything by which the content of a file may be called."""
        known = [digest for digest in (place.blake3, place.sha256) if digest is not None]
        # A predecessor's model of this size may be this one, unless both digests are known and differ.
        earlier = self._earlier.get(place.state.size, [])
        return known + [
            sampled for sampled, blake3 in earlier if None in (blake3, place.blake3) or blake3 == place.blake3
        ]

    def called(self, places: Iterable[ModelLocation]) -> Called:
        """Everything by which some files may be called."""
        listed = list(places)
        spelled = [self.spelling(place) for place in listed]
        return Called(
            frozenset(one.name for one in spelled),
            frozenset(value for one in spelled for value in one.values),
            frozenset(digest for place in listed for digest in self.digests(place)),
        )

    def keep_by_rule(self) -> None:
        """Keep what is in no folder of ComfyUI's, or was changed or seen first not long ago."""
        for path, place in self._places.items():
            reason = self._why_by_rule(place)
            if reason is not None:
                self.kept[path] = reason

    def keep_named(self, mentions: Mentions) -> None:
        """Keep what is mentioned by name, and the other parts of what it is a part of."""
        parts: dict[str, str] = {}
        for path, place in self._places.items():
            spelling = self.spelling(place)
            for said in (spelling.name, *spelling.values):
                where = mentions.where(said)
                if where is not None:
                    self.kept[path] = f"`{said}` is mentioned in {where}"
                    if spelling.together is not None:
                        parts.setdefault(spelling.together, self.kept[path])
                    break
        for path, place in self._places.items():
            together = self.spelling(place).together
            if together in parts:
                self.kept.setdefault(path, f"it is a part of what is needed: {parts[together]}")

    def read_what_is_left(self, reporter: Reporter) -> list[ModelLocation]:
        """Make the digests of files that are left and have none, unless another name of the file stays.

        Returns those that were read; what cannot be read is kept.
        """
        unread = one_name_each(one for one in self.going if one.blake3 is None and self._would_lose_content(one))
        total, before = sum(one.state.size for one in unread), 0
        if unread:
            reporter.phase(f"Reading {counted(len(unread), 'file')} before they go")
        for one in unread:
            try:
                seen = int(_last_change(one.full_path))
                hash_file(self._index, one, reporter, before=before, total=total, first_seen=seen)
            except OSError as error:
                for path in self._names(one):
                    self.kept[path] = f"it cannot be read: {error.strerror or error}"
            before += one.state.size
        self._refresh(unread)
        return [self._places[one.full_path] for one in unread if one.full_path not in self.kept]

    def keep_what_others_rest_on(self, mentions: Mentions) -> None:
        """Keep what links that stay lead to, and the last file of a content that is mentioned by a digest."""
        before = -1
        while before != len(self.kept):
            before = len(self.kept)
            self._keep_ends_of_links()
            self._keep_last_of_contents(mentions)

    def others_with(self, place: ModelLocation) -> list[str]:
        """The files that stay and hold the same, as far as digests tell."""
        same = [*self._names(place), *(self._contents[place.blake3] if place.blake3 is not None else [])]
        return list(dict.fromkeys(path for path in same if path in self.kept))

    def frees(self, place: ModelLocation) -> int:
        """The bytes that are freed when all that is left goes: none for a link, or where another name stays."""
        if os.path.islink(place.full_path):
            return 0
        going = {self._real[path] for path in self._names(place) if path not in self.kept and not os.path.islink(path)}
        return place.state.size if len(going) >= os.stat(place.full_path).st_nlink else 0

    def may_be_elsewhere(self, place: ModelLocation) -> int:
        """How many files of its size were not read yet, each of which may hold the same."""
        return self._unread[place.state.size]

    def _why_by_rule(self, place: ModelLocation) -> str | None:
        folder, limits = self.folder_of(place), self._limits
        if limits.folder is None and folder is None:
            return "it is in no folder that ComfyUI knows"
        if limits.folder is not None and limits.folder not in (folder, place.folder):
            self.aside.add(place.full_path)
            return f"it is not in the folder `{limits.folder}`"
        if not is_unchanged(place):
            return "it changed just now"
        changed = max(_last_change(place.full_path), self._seen.get(place.blake3 or "", 0))
        if changed > limits.since:
            return f"it was changed, or seen first, on {_day(changed)}"
        return None

    def _names(self, place: ModelLocation) -> list[str]:
        """All ways to one file, links too."""
        return self._files[place.state.file_id]

    def _would_lose_content(self, place: ModelLocation) -> bool:
        stays = any(path in self.kept and not os.path.islink(path) for path in self._names(place))
        return not stays and not os.path.islink(place.full_path)

    def _refresh(self, read: Iterable[ModelLocation]) -> None:
        for one in read:
            for now in self._index.names_of_file(one.state):
                if now.full_path in self._places:
                    self._places[now.full_path] = now
        self._group()

    def _group(self) -> None:
        """Files by their digest, and how many of each size have none."""
        self._contents, unread = {}, {}
        for path, place in self._places.items():
            if place.blake3 is None:
                unread[place.state.file_id] = place.state.size
            else:
                self._contents.setdefault(place.blake3, []).append(path)
        self._unread = Counter(unread.values())

    def _keep_ends_of_links(self) -> None:
        going = {self._real[place.full_path]: place.full_path for place in self.going}
        for kept in list(self.kept):
            for way in _ways(self._real[kept]):
                path = going.get(way)
                if path is not None:
                    for name in self._names(self._places[path]):
                        if self._real[name] == way:
                            self.kept.setdefault(name, f"`{kept}` leads there and is kept")

    def _keep_last_of_contents(self, mentions: Mentions) -> None:
        for place in sorted(self.going, key=lambda one: one.full_path):
            said = next((digest for digest in self.digests(place) if mentions.where(digest) is not None), None)
            if said is None or not self._would_lose_content(place) or place.full_path in self.kept:
                continue
            others = [path for path in self.others_with(place) if not os.path.islink(path)]
            if others:
                self.relied_on.add(others[0])
            else:
                for path in self._names(place):
                    if self._real[path] == self._real[place.full_path]:
                        self.kept[path] = f"the last file of a content that {mentions.where(said)} asks for: {said}"


def _last_change(path: str) -> float:
    """The later of the times at which a file, or a link itself, was changed and got its place."""
    found = os.lstat(path)
    return max(found.st_mtime, found.st_ctime)


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(moment))


def _ways(place: str) -> list[str]:
    """The places that lead to a file one after the other, by links; the file's own is the last."""
    found = [place]
    while os.path.islink(found[-1]) and len(found) < _MOST_LINKS:
        found.append(real_place(os.path.join(os.path.dirname(found[-1]), os.readlink(found[-1]))))
    return found
