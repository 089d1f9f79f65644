"""Which file here is the model that a workflow asks for.

Asked in turn: the very name in the folder's list, the same with other slashes or in other case, the same file name in
another place, the digest under any name. Never a part of a name. What leaves a choice stays one, with reasons.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from comfydock_core.models.workflow.checks import (
    AMBIGUOUS,
    ELSEWHERE,
    HERE,
    MISSING,
    RESPELLED,
    ModelCandidate,
    ModelMatch,
)
from comfydock_core.models.workflow.dependencies import IN_PROMPT, ModelReference
from comfydock_core.utils.text import folded, nearest

Names = Mapping[str, str | None]  # A name in ComfyUI's list of a folder, and the file that it opens.

_EMBEDDING_ENDS = ("", ".safetensors", ".pt", ".bin")


@dataclass(slots=True)
class _Folder:
    """The list of one folder, and its names by how they compare."""

    names: Names
    by_slashes: dict[str, list[str]] = field(default_factory=dict)
    by_case: dict[str, list[str]] = field(default_factory=dict)
    by_file: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Names) -> "_Folder":
        made = cls(names)
        for name in names:
            slashed = name.replace("\\", "/")
            made.by_slashes.setdefault(slashed, []).append(name)
            made.by_case.setdefault(folded(slashed), []).append(name)
            made.by_file.setdefault(folded(slashed.rpartition("/")[2]), []).append(name)
        return made


class ModelMatcher:
    """Finds the files of one environment that fit references."""

    def __init__(
        self,
        names_in: Callable[[str], Names | None],
        all_folders: Iterable[str],
        legacy: Mapping[str, str],
        by_digest: Callable[[str], Iterable[str]],
        same_content: Callable[[str, str], bool],
    ) -> None:
        """`names_in` gives ComfyUI's list of a folder, `None` for one that it does not know; `legacy` are old names of
        folders. `by_digest` gives the files of a digest that is known, `same_content` whether two files are known to
        be equal."""
        self._names_in = names_in
        self._all = tuple(all_folders)
        self._legacy = legacy
        self._by_digest = by_digest
        self._same = same_content
        self._folders: dict[str, _Folder | None] = {}

    def match(self, reference: ModelReference) -> ModelMatch:
        """What is here of one reference."""
        folders = [(name, listed) for name in self._wanted(reference) if (listed := self._folder(name)) is not None]
        values = spellings_of(reference)
        for value in values:
            for name, folder in folders:
                if value in folder.names:
                    return ModelMatch(reference, HERE, (self._candidate(name, value, "the very name"),))
        for state, reason, found in self._other_ways(folders, [value.replace("\\", "/") for value in values]):
            if found:
                return self._settled(reference, state, reason, found)
        return self._of_digest(reference)

    def is_read(self, reference: ModelReference, folder: str) -> bool:
        """Whether the input that asks takes models from a folder; one of which nothing is known may from any."""
        return folder in self._wanted(reference)

    def chosen(self, reference: ModelReference, path: str, reason: str) -> ModelMatch | None:
        """The file that somebody chose for a reference, `None` where ComfyUI does not list it."""
        shown = sorted(self._shown(path, reason), key=lambda one: not self.is_read(reference, one.folder))
        if not shown:
            return None
        is_there = self.is_read(reference, shown[0].folder) and shown[0].name in spellings_of(reference)
        return ModelMatch(reference, HERE if is_there else ELSEWHERE, tuple(shown))

    def near(self, reference: ModelReference, words: str, *, limit: int = 5) -> list[str]:
        """The paths of files that the input may read whose names are most like some words: for people to choose from,
        never a match."""
        paths: dict[str, str] = {}
        for folder in self._wanted(reference):
            for name, path in self._names(folder).items():
                if path is not None:
                    paths.setdefault(folded(os.path.splitext(name.replace("\\", "/").rpartition("/")[2])[0]), path)
        wanted = folded(os.path.splitext(words.replace("\\", "/").rpartition("/")[2])[0])
        parts = [name for name in paths if wanted and wanted in name]
        return [paths[name] for name in dict.fromkeys([*nearest(wanted, paths, limit=limit), *parts])][:limit]

    def listed(self, reference: ModelReference, name: str) -> list[ModelCandidate]:
        """The files that `FOLDER/NAME` or `NAME` stands for in ComfyUI's lists, those that the input reads first."""
        folders = sorted(self._all, key=lambda folder: not self.is_read(reference, folder))
        words = [(folder, each) for folder in folders for each in (name, name.removeprefix(f"{folder}/"))]
        found = [(folder, each) for folder, each in dict.fromkeys(words) if each in self._names(folder)]
        return [self._candidate(folder, each, "its name") for folder, each in found]

    def _wanted(self, reference: ModelReference) -> list[str]:
        wanted = [self._legacy.get(name, name) for name in reference.folders] or self._all
        return list(dict.fromkeys(wanted))

    def _names(self, folder: str) -> Names:
        found = self._folder(folder)
        return found.names if found is not None else {}

    def _other_ways(
        self, folders: list[tuple[str, _Folder]], values: list[str]
    ) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
        """What is like it, the nearest first: lists of other folders are read only when nothing else is."""
        yield RESPELLED, "the same path with other slashes", _found(folders, "by_slashes", values)
        yield RESPELLED, "the same path in other case", _found(folders, "by_case", map(folded, values))
        yield ELSEWHERE, "the same file name in another directory", _by_file_name(folders, values)
        yield ELSEWHERE, "the same file name in another folder", _by_file_name(self._others(folders), values)

    def _settled(self, reference: ModelReference, state: str, reason: str, found: list[tuple[str, str]]) -> ModelMatch:
        """Several files that are known to be equal are no choice."""
        candidates = [self._candidate(folder, name, reason) for folder, name in dict.fromkeys(found)]
        first = candidates[0].path
        equal = all(one.path == first or (one.path and first and self._same(one.path, first)) for one in candidates[1:])
        return ModelMatch(reference, state if equal else AMBIGUOUS, tuple(candidates))

    def _of_digest(self, reference: ModelReference) -> ModelMatch:
        digest = reference.named.hash if reference.named is not None else None
        paths = tuple(self._by_digest(digest.lower())) if digest else ()
        candidates = tuple(
            candidate for path in paths for candidate in self._shown(path, "the digest that the workflow names")
        )
        return ModelMatch(reference, ELSEWHERE if candidates else MISSING, candidates)

    def _shown(self, path: str, reason: str) -> Iterable[ModelCandidate]:
        """The names under which ComfyUI lists a file, whose directories may be called otherwise there: by links."""
        real, file_name = os.path.realpath(path), folded(os.path.basename(path))
        for folder in self._all:
            found = self._folder(folder)
            for name in found.by_file.get(file_name, ()) if found else ():
                opened = found.names[name] if found else None
                if opened is not None and os.path.realpath(opened) == real:
                    yield ModelCandidate(folder, name, opened, reason)

    def _others(self, folders: list[tuple[str, _Folder]]) -> list[tuple[str, _Folder]]:
        there = {name for name, _ in folders}
        return [(name, found) for name in self._all if name not in there and (found := self._folder(name)) is not None]

    def _folder(self, name: str) -> _Folder | None:
        if name not in self._folders:
            names = self._names_in(name)
            self._folders[name] = None if names is None else _Folder.of(names)
        return self._folders[name]

    def _candidate(self, folder: str, name: str, reason: str) -> ModelCandidate:
        found = self._folder(folder)
        return ModelCandidate(folder, name, None if found is None else found.names.get(name), reason)


def spellings_of(reference: ModelReference) -> list[str]:
    """The names of a file that fit: an embedding in a prompt may lack its extension."""
    if reference.found != IN_PROMPT:
        return [reference.value]
    return [f"{reference.value}{end}" for end in _EMBEDDING_ENDS]


def _by_file_name(folders: list[tuple[str, _Folder]], values: list[str]) -> list[tuple[str, str]]:
    return _found(folders, "by_file", [folded(value.rpartition("/")[2]) for value in values])


def _found(folders: list[tuple[str, _Folder]], how: str, keys: Iterable[str]) -> list[tuple[str, str]]:
    wanted = list(keys)
    return [(name, one) for name, folder in folders for key in wanted for one in getattr(folder, how).get(key, ())]
