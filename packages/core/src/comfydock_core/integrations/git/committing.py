"""Making a commit beside the repository: with an index of its own, and nothing of the repository moved.

No hook, filter, signing program or habit of the user acts on what is committed: endings of lines, files to be ignored
everywhere and encodings are the definition's own matter. Only who commits is the user's, as git finds it.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping

from comfydock_core.integrations.git import runner
from comfydock_core.integrations.git.packing import write_pack
from comfydock_core.utils.faults import fault
from comfydock_core.utils.files.git_index import IndexEntry, object_name, read_index

File = tuple[int, str]  # Mode and object.
PLAIN = 0o100644
_DOING = "commit the definition"
_SETTINGS = (
    "core.excludesFile=/dev/null",
    "core.attributesFile=/dev/null",
    "core.autocrlf=false",
    "core.safecrlf=false",
    "core.splitIndex=false",
    "i18n.commitEncoding=UTF-8",
    "advice.addEmbeddedRepo=false",
)
_OPTIONS = tuple(word for setting in _SETTINGS for word in ("-c", setting))
_SHA1_DIGITS = 40
# More objects than these, or larger ones, become one file, as where git itself fetches them.
_FEW = 100
_SMALL = 16 * 1024 * 1024


class CommitBuilder:
    """One commit in the making. Every method raises `GitFailed`, `FileSystemError` and `OSError`."""

    def __init__(self, repository: str, scratch: str, *, head: str | None, rehearsal: bool) -> None:
        """`scratch` is an empty directory. In a rehearsal new objects go there, too, and nowhere else."""
        self._repository = repository
        self._scratch = scratch
        self._git = f"{repository}/.git"
        self._index = f"{scratch}/index"
        self._objects = f"{self._git}/objects"
        self._head = head
        self._variables = {"GIT_DIR": self._git, "GIT_WORK_TREE": repository, "GIT_INDEX_FILE": self._index}
        self._digits = len(head) if head is not None else _SHA1_DIGITS
        if rehearsal:
            self._variables |= {"GIT_ALTERNATE_OBJECT_DIRECTORIES": self._objects}
            self._objects = self._variables["GIT_OBJECT_DIRECTORY"] = f"{scratch}/objects"
            os.mkdir(self._objects)
        if os.path.exists(f"{self._git}/index"):
            shutil.copyfile(f"{self._git}/index", self._index)

    def add_everything(self) -> None:
        """Take every file of the work tree that is not ignored."""
        fault("before objects")
        self._run("add", "--all", "--", ".")

    def object_of(self, content: bytes) -> str:
        """What git calls a file of that content, whether or not it has it."""
        return object_name(content, self._digits)

    def write(self, contents: Iterable[bytes]) -> None:
        """Keep the contents of files, byte for byte. They need not be in memory at once."""
        pack = f"{self._scratch}/new.pack"
        count = write_pack(pack, contents, "sha1" if self._digits == _SHA1_DIGITS else "sha256")
        if count > _FEW or os.path.getsize(pack) > _SMALL:
            self._put_pack(pack, self._run("index-pack", pack).split()[-1])
        elif count:
            with open(pack, "rb") as file:
                self._run("unpack-objects", "-q", given=file.read())
        os.unlink(pack)

    def _put_pack(self, pack: str, name: str) -> None:
        os.makedirs(f"{self._objects}/pack", exist_ok=True)
        for end in ("pack", "idx"):  # Git looks for the second, and then the first must be there.
            place = f"{self._objects}/pack/pack-{name}.{end}"
            made = f"{self._objects}/pack/tmp_{end}_{name}"  # Git removes what is left of such files.
            shutil.copyfile(f"{pack.removesuffix('pack')}{end}", made)
            os.chmod(made, 0o444)
            os.replace(made, place)

    def put(self, files: Mapping[str, str], gone: Iterable[str]) -> None:
        """Let the index hold other contents for some files, and some files no more."""
        nothing = "0" * self._digits
        lines = [f"0 {nothing}\t{path}\0" for path in gone]
        lines += [f"{PLAIN:o} {name}\t{path}\0" for path, name in files.items()]
        if lines:
            given = "".join(lines).encode("utf-8", "surrogateescape")
            self._run("update-index", "-z", "--index-info", given=given)

    def entries(self) -> list[IndexEntry]:
        """What the commit is going to hold."""
        content = self.index()
        entries = read_index(content) if content else []
        if entries is None:
            raise RuntimeError("git wrote an index that is not to be understood")
        return entries

    def index(self) -> bytes:
        """The index as it is by now, empty when there is none."""
        if not os.path.exists(self._index):
            return b""
        with open(self._index, "rb") as file:
            return file.read()

    def committed(self) -> dict[bytes, File]:
        """The files of the commit before."""
        if self._head is None:
            return {}
        words = ["ls-tree", "-r", "-z", "--full-tree", self._head]
        with runner.read_output(words, cwd=self._repository, doing=_DOING) as output:
            lines = output.read().split(b"\0")[:-1]
        found: dict[bytes, File] = {}
        for line in lines:
            facts, _, path = line.partition(b"\t")
            mode, _, name = facts.decode().split(" ")
            found[path] = (int(mode, 8), name)
        return found

    def content(self, name: str) -> str:
        """A text that the repository has."""
        return self._run("cat-file", "blob", name)

    def number(self) -> int:
        """How many commits there are in the line of first parents, up to the one before."""
        return 0 if self._head is None else int(self._run("rev-list", "--count", "--first-parent", self._head))

    def commit(self, message: str, fallback: Callable[[], Mapping[str, str]]) -> str:
        """Make the commit; its name. Where git finds nobody who commits, variables from `fallback` tell it."""
        tree = self._run("write-tree").strip()
        words = ["commit-tree", tree, *(("-p", self._head) if self._head is not None else ())]
        given = f"{message}\n".encode("utf-8", "surrogateescape")
        completed = runner.ask([*_OPTIONS, *words], cwd=self._repository, variables=self._variables, given=given)
        if completed.returncode != 0:
            self._variables |= fallback()
            name = self._run(*words, given=given).strip()
        else:
            name = completed.output.strip()
        fault("objects made")
        return name

    def _run(self, *arguments: str, given: bytes | None = None) -> str:
        words = [*_OPTIONS, *arguments]
        return runner.run(words, cwd=self._repository, doing=_DOING, variables=self._variables, given=given)


def commit_tree(
    repository: str, tree: str, parents: list[str], message: str, fallback: Callable[[], Mapping[str, str]]
) -> str:
    """Make a commit of a tree that there is, which nothing leads to yet; its name. Raises `GitFailed`."""
    words = ["commit-tree", tree, *(word for parent in parents for word in ("-p", parent))]
    given = f"{message}\n".encode("utf-8", "surrogateescape")
    completed = runner.ask([*_OPTIONS, *words], cwd=repository, given=given)
    if completed.returncode == 0:
        return completed.output.strip()
    return runner.run([*_OPTIONS, *words], cwd=repository, doing=_DOING, variables=fallback(), given=given).strip()


def look_again(repository: str, tree: str, index: str) -> None:
    """Note in an index how the files of `tree` look, so that git need not read them again; others stay as noted.

    Raises `GitFailed`.
    """
    variables = {"GIT_DIR": f"{repository}/.git", "GIT_WORK_TREE": tree, "GIT_INDEX_FILE": index}
    words = [*_OPTIONS, "update-index", "-q", "--refresh", "--ignore-missing"]
    completed = runner.ask(words, cwd=repository, variables=variables)
    if completed.returncode not in (0, 1):  # 1 says that some file looks other than it is listed.
        raise runner.failure(completed, words, cwd=repository, doing=_DOING, repository=None)
