"""Nodes of the editor alone: what scripts register, told from their text."""

from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.analyzers.code.remembered_classes import RememberedClasses
from comfydock_core.analyzers.custom_node_scanner import classes_of_pack
from comfydock_core.analyzers.editor_nodes import UNKNOWN_NAME, EditorNodes
from comfydock_core.caching.answer_cache import AnswerCache
from tests.support.processor_time import processor_time
from tests.support.reporters import RecordingReporter


def read(*scripts: str) -> tuple[set[str], list[tuple[int, str]]]:
    """The names that scripts of one pack register, and the doubts."""
    nodes = EditorNodes()
    for number, text in enumerate(scripts):
        nodes.add(f"{number}.js", text.encode())
    found = [one for _, one in nodes.found()]
    return set().union(*(one.keys for one in found)), [doubt for one in found for doubt in one.doubts]


RGTHREE = (
    'export function addWord(str) {\n    return str + " (rgthree)";\n}\n'
    'export const Names = {\n    LABEL: addWord("Label"),\n    MUTER: addWord("Fast Muter"),\n};\n',
    "export class Virtual extends Base {\n    static setUp() {\n    l.registerNodeType(this.type, this);\n  }\n}\n",
    "export class Changer extends Virtual {\n}\n",
    "class Muter extends Changer {\n}\nMuter.type = Names.MUTER;\nMuter.setUp();\n",
    "class Label extends Virtual {\n}\nLabel.type = Names.LABEL;\nLabel.setUp();\n",
    'class Server extends Other {\n}\nServer.type = "On the server";\n',
)


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ('LiteGraph.registerNodeType("SetNode", SetNode);', {"SetNode"}),
        ("LiteGraph.registerNodeType(\n    'easy getNode',\n    Object.assign(GetNode, {}))", {"easy getNode"}),
        ("app.graph.registerNodeType(`Note Plus (mtb)`, Note)", {"Note Plus (mtb)"}),
        ('const TYPE = "Preset|me";\nLiteGraph.registerNodeType(TYPE, Preset);', {"Preset|me"}),
        ('class A extends B {\n static type = "Typed";\n}\nLiteGraph.registerNodeType(A.type, A);', {"Typed"}),
        ('class A {}\nA.title = "Titled";\nLiteGraph.registerNodeType(A.title, A);', {"Titled"}),
    ],
)
def test_a_name_is_a_text_or_stands_for_one(script: str, names: set[str]) -> None:
    assert read(script) == (names, [])


def test_classes_fill_in_what_their_base_registers_with_names_from_other_scripts() -> None:
    expected = ({"Label (rgthree)", "Fast Muter (rgthree)"}, [])
    assert read(*RGTHREE) == expected
    assert read(*reversed(RGTHREE)) == expected


def test_what_is_a_comment_registers_nothing() -> None:
    assert read('  // LiteGraph.registerNodeType("Old", Old)\nx = "http://a"; r.registerNodeType("New", New)') == (
        {"New"}, [],
    )  # fmt: skip


@pytest.mark.parametrize(
    "script",
    [
        "\nLiteGraph.registerNodeType(type, class {});",
        '\nLiteGraph.registerNodeType(name.type, x); const other = {type: "IMAGE"};',
        '\nLiteGraph.registerNodeType(type, x);\nlet slot = {type: "IMAGE"};',
        "\nLiteGraph.registerNodeType(`${prefix}Node`, x);",
        "\nLiteGraph.registerNodeType(this.type, this);",
        "\nLiteGraph.registerNodeType(A.type, A); A.type = A.type;",
    ],
)
def test_a_name_that_reading_does_not_tell_is_a_doubt(script: str) -> None:
    assert read(script) == (set(), [(2, UNKNOWN_NAME)])


def test_a_constant_of_several_scripts_is_only_known_in_its_own() -> None:
    one, other = 'const T = "One"; l.registerNodeType(T, x);', 'const T = "Other"; l.registerNodeType(T, x);'
    assert read(one, other) == ({"One", "Other"}, [])
    assert read(one, other, "l.registerNodeType(T, x);") == ({"One", "Other"}, [(1, UNKNOWN_NAME)])


def test_what_python_defines_too_is_no_node_of_the_editor_alone(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text('NODE_CLASS_MAPPINGS = {"Both": 1}')
    (tmp_path / "a.js").write_text('l.registerNodeType("Both", x); l.registerNodeType("Mine", x);')
    found = classes_of_pack(str(tmp_path))
    assert (found.names, found.editor_only) == ({"Both", "Mine"}, {"Mine"})


def test_nodes_of_the_editor_are_remembered(tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "a.js").write_text('l.registerNodeType("Mine", x);')
    for _ in range(2):
        reporter = RecordingReporter()
        classes = RememberedClasses(str(tmp_path / "ComfyUI"), AnswerCache(str(tmp_path / "answers")), reporter)
        assert classes.of_pack(str(pack)).editor_only == {"Mine"}
        classes.save()


@given(st.text(alphabet="ab.=:{}()\"'` \nclassextendsregisterNodeType", max_size=300))
def test_any_text_is_read_to_its_end(text: str) -> None:
    read(text, "l.registerNodeType(a.b, c)")


def test_time_grows_with_the_length_of_a_script_alone() -> None:
    """Texts that make careless patterns slow, in two lengths: four times as long is not sixteen times as slow."""
    for piece in ("a.", "const ", "registerNodeType( ", "class a extends ", 'a="', "function a(b){return "):
        times = []
        for length in (20_000, 80_000):
            text = "registerNodeType(x.y,z);" + piece * (length // len(piece))
            times.append(processor_time(partial(read, text)))
        assert times[1] < 12 * times[0] + 0.05, piece


def test_very_many_registrations_end_in_a_doubt() -> None:
    names, doubts = read("class B {} registerNodeType(this.type, x); " * 2500 + "class A extends B {} A.type = 'Name';")
    assert (names, doubts) == ({"Name"}, [(0, "too many nodes of the editor are registered")])
