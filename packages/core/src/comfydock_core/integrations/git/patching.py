"""Applying patches that strangers may have made: in an index of its own aside, never to anybody's files.

No hook, filter or conversion runs. What comes out are names and contents, which are looked at before they are used.
"""

import base64
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from comfydock_core.integrations.git import runner
from comfydock_core.integrations.git.history import read_objects
from comfydock_core.integrations.git.packing import write_pack
from comfydock_core.integrations.git.trees import EXECUTABLE, PLAIN, leads_astray
from comfydock_core.models.exceptions import PatchUnusable
from comfydock_core.models.file_moves import PatchedFiles, TreeChange, TreeFile
from comfydock_core.utils.files.git_index import object_name

LARGEST_PATCH = 64 * 1024 * 1024
LARGEST_RESULT = 512 * 1024 * 1024
_DOING = "apply a patch"
_APPLY = ("-c", "apply.whitespace=nowarn", "-c", "apply.ignoreWhitespace=no", "apply")
_BINARY = re.compile(rb"^(literal|delta) ([0-9]+)\n([^\n]*)\n", re.MULTILINE)
_SHA1_DIGITS = 40
_MOST_DIGITS = 18
_HEADER_BYTES = 24  # Two sizes, of at most ten bytes each.

# By path: mode and content of the files that a patch is for, as far as they are there.
Base = Mapping[str, tuple[int, bytes]]


def apply_patch(
    patch: bytes, find: Callable[[list[str]], Base], scratch: str, *, label: str, digits: int = _SHA1_DIGITS
) -> PatchedFiles:
    """What a patch makes of the files that `find` knows; `scratch` is an empty directory.

    `label` is what an error calls the patch, `digits` how long the names of objects are. Raises `PatchUnusable`,
    `GitFailed`, `ToolMissing`, `OSError`.
    """
    _refuse_large(patch, label)
    bench = _Bench(scratch, digits, label)
    paths = bench.paths(patch)
    base = find(paths)
    for path in paths:
        _refuse_place(path, base, label)
    before = bench.take(base)
    bench.apply(patch)
    after = bench.entries()
    files = {
        path: TreeChange(before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    }
    made = {path: one.after for path, one in files.items() if one.after is not None}
    for path, file in made.items():
        if file.mode not in (PLAIN, EXECUTABLE):
            raise unusable(label, f"it makes `{path}` something else than a file")
    return PatchedFiles(files, bench.contents(file.object for file in made.values()))


def unusable(label: str, reason: str) -> PatchUnusable:
    """The error for a patch that cannot be applied; `label` is what it is called."""
    return PatchUnusable(
        f"the patch {label} cannot be applied: {reason}",
        hint="whoever made the commit can make it anew with `comfydock commit --with-patches`",
        context={"patch": label, "reason": reason},
    )


class _Bench:
    """A repository with nothing but the files that a patch is for."""

    def __init__(self, scratch: str, digits: int, label: str) -> None:
        self._scratch = scratch
        self._repository = f"{scratch}/repository"
        self._variables = {"GIT_DIR": self._repository, "GIT_INDEX_FILE": f"{scratch}/index"}
        self._label = label
        self._digits = digits
        self._algorithm = "sha1" if digits == _SHA1_DIGITS else "sha256"
        words = ["init", "--quiet", "--bare", f"--object-format={self._algorithm}", self._repository]
        runner.run(words, cwd=scratch, doing=_DOING)

    def paths(self, patch: bytes) -> list[str]:
        """The files that a patch says it is for."""
        output = self._judged([*_APPLY, "--numstat", "-z"], patch)
        return list(dict.fromkeys(line.split("\t", 2)[2] for line in output.split("\0") if line.count("\t") >= 2))

    def take(self, base: Base) -> dict[str, TreeFile]:
        """Let the index hold these files."""
        if base:
            pack = f"{self._scratch}/base.pack"
            write_pack(pack, (content for _, content in base.values()), self._algorithm)
            with open(pack, "rb") as file:
                self._run(["unpack-objects", "-q"], file.read())
            listed = ((mode, object_name(content, self._digits), path) for path, (mode, content) in base.items())
            lines = "".join(f"{mode:o} {name}\t{path}\0" for mode, name, path in listed)
            self._run(["update-index", "-z", "--index-info"], lines.encode("utf-8", "surrogateescape"))
        return self.entries()

    def apply(self, patch: bytes) -> None:
        """Git itself refuses what leads out, and what lies behind a link."""
        self._judged([*_APPLY, "--cached"], patch)

    def entries(self) -> dict[str, TreeFile]:
        lines = self._run(["ls-files", "--stage", "-z"]).split("\0")
        parts = (line.partition("\t") for line in lines if line)
        return {path: TreeFile(int(facts.split()[0], 8), facts.split()[1]) for facts, _, path in parts}

    def contents(self, names: Iterable[str]) -> dict[str, bytes]:
        return dict(read_objects(self._repository, names))

    def _judged(self, words: list[str], patch: bytes) -> str:
        completed = runner.ask(words, cwd=self._scratch, variables=self._variables, given=patch)
        if completed.returncode != 0:
            marks = ("error: ", "fatal: ")
            said = [line.partition(": ")[2] for line in completed.text.splitlines() if line.startswith(marks)]
            raise unusable(self._label, said[0] if said else completed.ending("git"))
        return completed.output

    def _run(self, words: list[str], given: bytes | None = None) -> str:
        return runner.run(words, cwd=self._scratch, doing=_DOING, variables=self._variables, given=given)


def _refuse_place(path: str, base: Base, label: str) -> None:
    parts = path.split("/")
    if leads_astray(path) or "\n" in path:
        raise unusable(label, f"it names a file `{path}`, which would lie outside of what it is for")
    for above in ("/".join(parts[:count]) for count in range(1, len(parts) + 1)):
        if above in base and base[above][0] not in (PLAIN, EXECUTABLE):
            raise unusable(label, f"`{above}` is something else than a file")


def _refuse_large(patch: bytes, label: str) -> None:
    if len(patch) > LARGEST_PATCH:
        raise unusable(label, f"it is larger than {LARGEST_PATCH >> 20} MiB")
    if sum(_binary_sizes(patch, label)) > LARGEST_RESULT:
        raise unusable(label, f"it makes files of more than {LARGEST_RESULT >> 20} MiB")


def _binary_sizes(patch: bytes, label: str) -> Iterator[int]:
    """What each binary part unpacks to, and what is made of that where it is a difference: as it says itself.

    Git takes memory for what they say, and refuses what turns out to be otherwise.
    """
    if b"\nGIT binary patch\n" not in patch:
        return
    for found in _BINARY.finditer(patch):
        yield int(found[2]) if len(found[2]) <= _MOST_DIGITS else LARGEST_RESULT + 1
        if found[1] == b"delta":
            yield _size_after(found[3], label)


def _size_after(line: bytes, label: str) -> int:
    """The second size in the head of a difference of git's: seven bits a byte, the least significant first."""
    try:
        head = zlib.decompressobj().decompress(base64.b85decode(line[1:]), _HEADER_BYTES)
        sizes, shift, size = [], 0, 0
        for byte in head:
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                sizes.append(size)
                shift, size = 0, 0
        return sizes[1]
    except (ValueError, zlib.error, IndexError) as error:
        raise unusable(label, "one of its binary parts cannot be read") from error


def files_of_commit(
    repository: str, tree: Mapping[str, TreeFile], paths: Iterable[str]
) -> dict[str, tuple[int, bytes]]:
    """Those of some files, and of what lies above them, that a commit has. Raises `HistoryDamaged`, `GitFailed`."""
    wanted = {path: tree[path] for path in _with_above(paths) if path in tree}
    plain = {path: file for path, file in wanted.items() if file.mode in (PLAIN, EXECUTABLE)}
    contents = dict(read_objects(repository, (file.object for file in plain.values())))
    return {path: (file.mode, contents.get(file.object, b"")) for path, file in wanted.items()}


def files_of_directory(directory: str, paths: Iterable[str]) -> dict[str, tuple[int, bytes]]:
    """The same of a directory without a history. Raises `OSError`."""
    found = {}
    for path in _with_above(path for path in paths if not leads_astray(path)):
        place = f"{directory}/{path}"
        if os.path.islink(place):
            found[path] = (0o120000, os.fsencode(os.readlink(place)))
        elif os.path.isfile(place) and not _is_behind_link(directory, path):
            with open(place, "rb") as file:
                mode = EXECUTABLE if os.fstat(file.fileno()).st_mode & 0o100 else PLAIN
                found[path] = (mode, file.read())
    return found


def _with_above(paths: Iterable[str]) -> list[str]:
    split = (path.split("/") for path in paths)
    return list(dict.fromkeys("/".join(parts[:count]) for parts in split for count in range(1, len(parts) + 1)))


def _is_behind_link(directory: str, path: str) -> bool:
    parts = path.split("/")
    return any(os.path.islink(f"{directory}/{'/'.join(parts[:count])}") for count in range(1, len(parts)))
