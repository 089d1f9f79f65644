"""What of an artifact nothing reaches: the graph of imports from our own code, against what is in the artifact.

A module is reached when a text that is reached may import it, in a function or not. `dist-config/unused.toml` adds what
the interpreter imports from C, and takes away imports that cannot happen, each with its reason. Nothing may be left out
that is reached, and nothing may be loaded that the graph does not reach.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from build.cases import read_cases
from build.compiled import module_name
from build.freeze import loaded
from build.imports import imported
from build.paths import Layout
from build.programs import Program
from build.settings import Artifact, SettingsError, read_toml
from build.sizes import bytecode_in
from build.smoke import parts

EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Never:
    """Imports in a module, or in `EVERYBODY`'s, that do not happen in this program."""

    by: str
    imports: frozenset[str]
    because: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """`unused.toml`: what the texts of modules do not say."""

    from_c: tuple[str, ...]
    by_name: tuple[str, ...]
    idle_functions: frozenset[str]
    never: tuple[Never, ...]

    def happens(self, importer: str, name: str) -> bool:
        """Whether an import that is written there may happen."""
        parts = {name, *_parents(name)}
        return not any(one.by in (importer, EVERYBODY) and parts & one.imports for one in self.never)


def read_knowledge(config: Path) -> Knowledge:
    """Read `unused.toml`. Raises `SettingsError`."""
    table: dict[str, Any] = read_toml(config / "unused.toml")
    try:
        never = tuple(Never(one["by"], frozenset(one["imports"]), one["because"]) for one in table["never"])
        idle = frozenset(table["idle_functions"])
        return Knowledge(tuple(table["from_c"]), tuple(table["by_name"]), idle, never)
    except (KeyError, TypeError) as error:
        raise SettingsError(f"unused.toml: {error!r}") from error


@dataclass(slots=True)
class Graph:
    """The texts in some directories, and which of their modules are reached."""

    places: tuple[Path, ...]
    own: frozenset[str]
    knowledge: Knowledge
    left_out: frozenset[str] = frozenset()
    importers: dict[str, str] = field(default_factory=dict)
    """Every name that is reached, with the module that imports it; a name may be that of no module."""

    def reach(self, names: Iterable[str]) -> None:
        """Follow imports from these modules on, except into what is left out."""
        waiting = [(name, "") for name in names]
        while waiting:
            name, importer = waiting.pop()
            if name in self.importers:
                continue
            self.importers[name] = importer
            if not self.left_out.isdisjoint({name, *_parents(name)}):
                continue
            waiting += ((parent, name) for parent in _parents(name))
            waiting += ((found, name) for found in self._imports(name))

    def file(self, name: str) -> Path | None:
        """The text of a module."""
        for place in self.places:
            path = place.joinpath(*name.split("."))
            for file in (path / "__init__.py", path.with_name(f"{path.name}.py")):
                if file.is_file():
                    return file
        return None

    def chain(self, name: str) -> list[str]:
        """From where it began down to the module."""
        found = [name]
        while importer := self.importers.get(found[0]):
            found.insert(0, importer)
        return found

    def _imports(self, name: str) -> Iterator[str]:
        file = self.file(name)
        if file is None:
            return
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        idle = () if name.partition(".")[0] in self.own else self.knowledge.idle_functions
        for found, _ in imported(file.read_text("utf-8"), package, idle):
            if self.knowledge.happens(name, found):
                yield found


def graph_of(layout: Layout, artifact: Artifact, libraries: Iterable[Path]) -> Graph:
    """The graph of the sources; `libraries` are where third-party packages and the standard library lie."""
    knowledge = read_knowledge(layout.config)
    sources, libraries = [package.parent for package in layout.packages], list(libraries)
    graph = Graph((*sources, *libraries), frozenset(artifact.packages), knowledge, frozenset(artifact.left_out))
    own = (name for place in sources for package in artifact.packages for name in modules_below(place, package))
    graph.reach((*own, *artifact.third_party, *artifact.standard_library, *knowledge.from_c))
    graph.reach(name for place in libraries for name in modules_below(place) if name.startswith(knowledge.by_name))
    return graph


def modules_below(place: Path, package: str = "") -> Iterator[str]:
    """Every module that lies in a directory, or those of one package."""
    for path in sorted((place / package).rglob("*.py")):
        yield module_name(path, place)


def libraries_of(python: Path) -> list[Path]:
    """Where an interpreter has third-party packages and the standard library."""
    question = "import sysconfig; print(sysconfig.get_path('purelib')); print(sysconfig.get_path('stdlib'))"
    answer = subprocess.run([str(python), "-I", "-c", question], capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in answer.splitlines()]


def inside(layout: Layout, artifact: Artifact, form: str) -> Counter[str]:
    """The modules of an artifact that are not compiled, with their bytes. Raises `SizesError`."""
    return _of_nuitka(layout, artifact) if form == "nuitka" else _of_pyinstaller(layout)


def unreached(found: Counter[str], graph: Graph) -> Counter[str]:
    """What is in an artifact and reached by nothing."""
    return Counter({name: size for name, size in found.items() if name not in graph.importers})


def unforeseen(loaded: Iterable[str], graph: Graph, there: Collection[str]) -> list[str]:
    """What was loaded from an artifact although the graph does not reach it: the graph is wrong then."""
    return sorted(name for name in loaded if name in there and name not in graph.importers)


def missed(graph: Graph) -> list[str]:
    """What is left out although it is reached and there: the chains of imports to it."""
    found = (name for name in graph.importers if not graph.left_out.isdisjoint({name, *_parents(name)}))
    # Modules that are libraries have no text, and those of the interpreter have no file either.
    there = (name for name in sorted(found) if name in sys.stdlib_module_names or graph.file(name) is not None)
    return [" > ".join(graph.chain(name)) for name in there]


def loaded_by(program: Program, layout: Layout, artifact: Artifact) -> frozenset[str]:
    """Every module that is loaded by the startup cases, by loading each part, and with all faces at once."""
    found = [loaded(case, program, layout) for case in read_cases(layout.config)]
    note = layout.work / f"modules-{program.form}-unused.txt"
    home = {"COMFYDOCK_HOME": str(layout.work / "workspaces" / "none")}
    found.append(program.modules(("__check", *parts(artifact, layout.stage)), home, note))
    found.append(program.modules(("list",), {**home, "EAGER_IMPORT": "1"}, note))
    return frozenset().union(*found)


def report(found: Counter[str]) -> str:
    """What is reached by nothing, largest first."""
    lines = [f"{size / 1e6:8.3f} MB  {name}" for name, size in found.most_common()]
    return "\n".join([f"{found.total() / 1e6:8.3f} MB  reached by nothing", *lines])


def _of_nuitka(layout: Layout, artifact: Artifact) -> Counter[str]:
    return bytecode_in(layout, artifact.name) + _extensions(layout.artifact("nuitka"))


def _of_pyinstaller(layout: Layout) -> Counter[str]:
    root = layout.artifact("pyinstaller") / "_internal"
    found: Counter[str] = Counter()
    for path in root.rglob("*.pyc"):
        found[module_name(path, root)] += path.stat().st_size
    return found + _extensions(root)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _extensions(directory: Path) -> Counter[str]:
    """Modules that are libraries; what other libraries need is none of them."""
    found = (path for path in directory.rglob("*.so") if not path.name.startswith("lib"))
    return Counter({path.name.partition(".")[0]: path.stat().st_size for path in found})
