"""What nothing reaches: the graph of imports, and that nothing is left out of artifacts which something needs."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from build.imports import imported
from build.paths import Layout
from build.settings import read_artifact
from build.unused import (
    EVERYBODY,
    Graph,
    Knowledge,
    Never,
    graph_of,
    libraries_of,
    missed,
    read_knowledge,
    report,
    unforeseen,
    unreached,
)

TEXTS = {
    "ours": "import library.part\ndef main():\n    import late\n",
    "library/__init__": "",
    "library/part": "def use():\n    import used\ndef main():\n    import of_command_line\nimport other_system\n",
    "library/beside": "import nothing",
    "used": "if __name__ == '__main__':\n    import of_program",
    "other_system": "import far",
    "late": "import left, mmap, nowhere",
    "left": "import deep",
}


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    for name, text in TEXTS.items():
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    never = Never("library.part", frozenset({"other_system"}), "it is for other systems")
    knowledge = Knowledge((), (), frozenset({"main"}), (never,))
    made = Graph((tmp_path,), frozenset({"ours"}), knowledge, frozenset({"left", "mmap", "nowhere"}))
    made.reach(["ours"])
    return made


def test_imports_are_followed_into_functions_but_not_into_the_command_lines_of_others(graph: Graph) -> None:
    assert set(graph.importers) == {"ours", "library", "library.part", "used", "late", "left", "mmap", "nowhere"}
    assert graph.chain("used") == ["ours", "library.part", "used"]


def test_what_is_left_out_and_needed_is_named_with_its_chain(graph: Graph) -> None:
    assert missed(graph) == ["ours > late > left", "ours > late > mmap"]


def test_what_is_there_and_reached_by_nothing_is_weighed(graph: Graph) -> None:
    there = Counter({"library.beside": 2_000_000, "used": 5, "of_program": 1})
    assert unreached(there, graph) == {"library.beside": 2_000_000, "of_program": 1}
    assert report(unreached(there, graph)).splitlines()[1] == "   2.000 MB  library.beside"
    assert unforeseen({"library.beside", "used", "elsewhere"}, graph, there) == ["library.beside"]


@pytest.fixture(scope="module")
def libraries() -> list[Path]:
    return libraries_of(Path(sys.executable))


def test_nothing_is_left_out_that_something_needs(libraries: list[Path]) -> None:
    assert missed(graph_of(Layout(), read_artifact(Layout().config), libraries)) == []


def test_imports_that_are_said_not_to_happen_stand_in_the_texts(libraries: list[Path]) -> None:
    layout = Layout()
    knowledge = read_knowledge(layout.config)
    graph = Graph(tuple(libraries), frozenset(), knowledge)
    for one in knowledge.never:
        if one.by != EVERYBODY:
            file = graph.file(one.by)
            assert file is not None, one
            package = one.by if file.name == "__init__.py" else one.by.rpartition(".")[0]
            assert one.imports <= {name for name, _ in imported(file.read_text("utf-8"), package)}, one
        assert one.because


def test_encodings_are_never_left_out(libraries: list[Path]) -> None:
    """Which one is needed is said by files, by servers, and by the user's locale."""
    left_out = read_artifact(Layout().config).left_out
    assert [name for name in left_out if name.startswith(("encodings", "_codecs", "codecs"))] == []
    graph = graph_of(Layout(), read_artifact(Layout().config), libraries)
    assert {"encodings.idna", "encodings.cp1252", "encodings.gbk", "stringprep", "_codecs_cn"} <= set(graph.importers)
