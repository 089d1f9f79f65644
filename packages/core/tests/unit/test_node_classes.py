"""Which node classes code defines, told from its text alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.analyzers.code.node_mappings import FileReader
from comfydock_core.analyzers.code.remembered_classes import RememberedClasses
from comfydock_core.analyzers.custom_node_scanner import classes_of_comfyui, classes_of_pack
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.models.packs.defined_classes import DefinedClasses
from tests.support.reporters import RecordingReporter


def pack(directory: Path, **files: str) -> DefinedClasses:
    """The classes of a pack with these files; two underscores in a name are a slash."""
    for name, text in files.items():
        path = directory / f"{name.replace('__', '/') if name != '__init__' else name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return classes_of_pack(str(directory))


CERTAIN = {
    "a literal": 'NODE_CLASS_MAPPINGS = {"A": A, "B": B}',
    "with a type": 'NODE_CLASS_MAPPINGS: dict[str, type] = {"A": A, "B": B}',
    "in an if": 'if True:\n    NODE_CLASS_MAPPINGS = {"A": A}\nelse:\n    NODE_CLASS_MAPPINGS = {"B": B}',
    "by subscript": 'NODE_CLASS_MAPPINGS = {}\nNODE_CLASS_MAPPINGS["A"] = A\nNODE_CLASS_MAPPINGS["B"] = B',
    "by update": 'NODE_CLASS_MAPPINGS = {"A": A}\nNODE_CLASS_MAPPINGS.update({"B": B})',
    "by update with words": 'NODE_CLASS_MAPPINGS = {"A": A}\nNODE_CLASS_MAPPINGS.update(B=B)',
    "by a union": 'X = {"A": A}\nNODE_CLASS_MAPPINGS = X | {"B": B}',
    "by a union in place": 'NODE_CLASS_MAPPINGS = {"A": A}\nNODE_CLASS_MAPPINGS |= {"B": B}',
    "unpacked": 'X = {"A": A}\nY = {"B": B}\nNODE_CLASS_MAPPINGS = {**X, **Y}',
    "of dict": 'X = {"A": A}\nNODE_CLASS_MAPPINGS = dict(X, B=B)',
    "of copy": 'X = {"A": A, "B": B}\nNODE_CLASS_MAPPINGS = X.copy()',
    "filled under another name": 'X = {"A": A}\nX["B"] = B\nNODE_CLASS_MAPPINGS = X',
    "updated under another name": 'X = {"A": A}\nX.update({"B": B})\nNODE_CLASS_MAPPINGS = X',
    "by names of classes": "class A: pass\nclass B: pass\nNODE_CLASS_MAPPINGS = {c.__name__: c for c in [A, B]}",
    "in a loop": "class A: pass\nclass B: pass\nNODE_CLASS_MAPPINGS = {}\nfor c in (A, B):\n"
    "    NODE_CLASS_MAPPINGS[c.__name__] = c",
    "in a loop over a dictionary": 'X = {"A": A, "B": B}\nNODE_CLASS_MAPPINGS = {}\nfor k, v in X.items():\n'
    "    NODE_CLASS_MAPPINGS[k] = v",
    "in two loops of one name": 'X = {"A": A}\nY = {"B": B}\nNODE_CLASS_MAPPINGS = {}\nfor k in X:\n'
    "    NODE_CLASS_MAPPINGS[k] = X[k]\nfor k in Y:\n    NODE_CLASS_MAPPINGS[k] = Y[k]",
    "with old line ends": 'x = 1\ry = 1\rdef f():\r    global NODE_CLASS_MAPPINGS\r    NODE_CLASS_MAPPINGS = {"A": A}\r'
    '    NODE_CLASS_MAPPINGS["B"] = B',
    "by constants": 'P = "A"\nclass C:\n    NAME = "B"\nNODE_CLASS_MAPPINGS = {P: A, C.NAME: C}',
    "by texts put together": 'S = ""\nNODE_CLASS_MAPPINGS = {"A" + S: A, f"B{S}": B}',
    "in a tuple": 'NODE_CLASS_MAPPINGS, NAMES = {"A": A, "B": B}, {}',
    "in a function": 'def f():\n    global NODE_CLASS_MAPPINGS\n    NODE_CLASS_MAPPINGS = {"A": A, "B": B}',
    "of newer nodes": 'class A(io.ComfyNode):\n    @classmethod\n    def define_schema(cls):\n'
    '        return io.Schema(node_id="A", inputs=[])\n'
    'class B(A):\n    @classmethod\n    def define_schema(cls):\n        schema = super().define_schema()\n'
    '        schema.node_id = "B"\n        return schema',
    "of newer nodes with a base": 'class Base(io.ComfyNode):\n    @classmethod\n    def define_schema(cls):\n'
    '        return io.Schema(node_id=cls.ID)\nclass A(Base):\n    ID = "A"\nclass B(Base):\n    ID = "B"',
}  # fmt: skip


@pytest.mark.parametrize("text", CERTAIN.values(), ids=CERTAIN)
def test_what_the_text_says_is_known_completely(tmp_path: Path, text: str) -> None:
    found = pack(tmp_path, __init__=text)
    assert (found.names, found.doubts) == (frozenset("AB"), ())


UNCERTAIN = {
    "a call": "NODE_CLASS_MAPPINGS = load()",
    "a key of a run": "NODE_CLASS_MAPPINGS = {name(): A}",
    "a comprehension": "NODE_CLASS_MAPPINGS = {c.NAME: c for c in everything()}",
    "a filling by a function": "def register(c):\n    NODE_CLASS_MAPPINGS[c.__name__] = c",
    "handed away": "NODE_CLASS_MAPPINGS = {}\nfill(NODE_CLASS_MAPPINGS)",
    "from another package": "from other import NODE_CLASS_MAPPINGS",
    "an unknown name": "NODE_CLASS_MAPPINGS = {**SOMETHING}",
    "a name that means itself": "X = {**X}\nNODE_CLASS_MAPPINGS = X",
    "a schema of a run": "io.Schema(node_id=name())",
    "no Python": "NODE_CLASS_MAPPINGS = {",
    "a null": "NODE_CLASS_MAPPINGS = {}\0",
}


@pytest.mark.parametrize("text", UNCERTAIN.values(), ids=UNCERTAIN)
def test_what_only_a_run_tells_is_a_doubt_with_its_place(tmp_path: Path, text: str) -> None:
    found = pack(tmp_path, __init__=text)
    assert not found.complete
    assert found.doubts[0].startswith("__init__.py:")


def test_what_a_call_is_given_is_taken_for_what_it_gives_back(tmp_path: Path) -> None:
    text = 'CONFIG = {"A": {"class": A}}\nCONFIG.update({"B": {}})\nNODE_CLASS_MAPPINGS, NAMES = generate(CONFIG)'
    found = pack(tmp_path, __init__=text)
    assert (found.names, found.complete) == (frozenset("AB"), False)


def test_what_comfyui_has_itself_is_only_looked_at(tmp_path: Path) -> None:
    text = 'from nodes import NODE_CLASS_MAPPINGS as ALL\nALL["KSampler"]().sample()\nNODE_CLASS_MAPPINGS = {"A": A}'
    found = pack(tmp_path, __init__=text)
    assert (found.names, found.doubts) == (frozenset("A"), ())


def test_names_are_followed_into_the_other_files_of_the_pack(tmp_path: Path) -> None:
    found = pack(
        tmp_path,
        __init__="from .a import THESE\nfrom .b import *\nfrom .sub import inner\n"
        "from .sub.deep import NODE_CLASS_MAPPINGS as M\n"
        "NODE_CLASS_MAPPINGS = {**THESE, **OTHERS, **inner.INNER, **M}",
        a='THESE = {"A": 1}',
        b='OTHERS = {"B": 1}',
        sub__inner='from ..a import THESE\nINNER = {"C": 1}',
        sub__deep='NODE_CLASS_MAPPINGS = {"D": 1}',
    )
    (tmp_path / "sub" / "__init__.py").touch()
    found = classes_of_pack(str(tmp_path))
    assert (found.names, found.doubts) == (frozenset("ABCD"), ())


def test_files_that_import_each_other_come_to_an_end(tmp_path: Path) -> None:
    found = pack(
        tmp_path, __init__="NODE_CLASS_MAPPINGS = {**X}\nfrom .a import X", a="from .b import X", b="from .a import X"
    )
    assert not found.complete


def test_mappings_that_are_put_together_in_a_run_are_read_where_they_stand(tmp_path: Path) -> None:
    found = pack(
        tmp_path,
        __init__="NODE_CLASS_MAPPINGS = {}\nfor name in files:\n    module = import_module(name)\n"
        "    NODE_CLASS_MAPPINGS.update(module.NODE_CLASS_MAPPINGS)\n"
        "    NODE_CLASS_MAPPINGS.update(getattr(module, 'NODE_CLASS_MAPPINGS', {}))",
        nodes__one='NODE_CLASS_MAPPINGS = {"A": 1}',
        nodes__two='NODE_CLASS_MAPPINGS = {"B": 1}',
    )
    assert (found.names, found.doubts) == (frozenset("AB"), ())


def test_nodes_of_the_editor_are_found_in_scripts(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "nodes.js").write_text('LiteGraph.registerNodeType("SetNode", class {});\n')
    assert classes_of_pack(str(tmp_path)) == DefinedClasses(frozenset({"SetNode"}), editor_only=frozenset({"SetNode"}))
    (tmp_path / "js" / "more.js").write_text("\nLiteGraph.registerNodeType(type, class {});\n")
    assert classes_of_pack(str(tmp_path)).doubts == (
        "js/more.js:2: the name of a node of the editor is only known at run time",
    )


def test_nothing_is_run_and_nothing_outside_is_read(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text('X = {"Outside": 1}')
    found = pack(
        tmp_path / "pack",
        __init__=f"open({str(tmp_path / 'ran')!r}, 'w')\nfrom ..outside import X\nNODE_CLASS_MAPPINGS = {{**X}}",
    )
    assert found.names == frozenset()
    assert not (tmp_path / "ran").exists()


def test_a_single_file_is_a_pack_as_well(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text('NODE_CLASS_MAPPINGS = {"A": 1}')
    (tmp_path / "other.py").write_text('NODE_CLASS_MAPPINGS = {"B": 1}')
    assert classes_of_pack(str(tmp_path / "one.py")).names == frozenset("A")


def test_a_pack_without_any_files_defines_nothing(tmp_path: Path) -> None:
    assert classes_of_pack(str(tmp_path)) == DefinedClasses()


def test_comfyuis_own_parts_are_read(tmp_path: Path) -> None:
    for name, text in {
        "nodes.py": 'NODE_CLASS_MAPPINGS = {"KSampler": K}\ndef load():\n    NODE_CLASS_MAPPINGS[schema.node_id] = x\n',
        "comfy_extras/nodes_x.py": 'io.Schema(node_id="Extra")',
        "comfy_api_nodes/nodes_y.py": 'io.Schema(node_id="Api")',
        "custom_nodes/pack/__init__.py": 'NODE_CLASS_MAPPINGS = {"Custom": C}',
        "comfy/other.py": 'NODE_CLASS_MAPPINGS = {"NotANode": C}',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert classes_of_comfyui(str(tmp_path)) == DefinedClasses(frozenset({"KSampler", "Extra", "Api"}))


def test_what_was_read_is_remembered_until_a_file_changes(tmp_path: Path) -> None:
    answers = AnswerCache(str(tmp_path / "answers"))
    place = tmp_path / "ComfyUI" / "custom_nodes" / "pack"
    pack(place, __init__='NODE_CLASS_MAPPINGS = {"A": 1, name(): 2}')

    reporter = RecordingReporter()

    def read() -> DefinedClasses:
        classes = RememberedClasses(str(tmp_path / "ComfyUI"), answers, reporter)
        found = classes.of_pack(str(place))
        classes.save()
        return found

    first = read()
    kept = next((tmp_path / "answers").iterdir())
    kept.write_text(kept.read_text().replace('"A"', '"Remembered"'))
    assert read() == DefinedClasses(frozenset({"Remembered"}), first.doubts)
    assert [label for label, *_ in reporter.steps] == ["pack"]  # Of the first time only.
    pack(place, __init__='NODE_CLASS_MAPPINGS = {"B": 1}')
    assert read() == DefinedClasses(frozenset("B"))
    kept.write_text('{"' + str(place) + '": {"stamp": 3}}')
    assert read() == DefinedClasses(frozenset("B"))


PIECES = st.sampled_from(
    [
        "NODE_CLASS_MAPPINGS", " = ", "{", "}", '"A": ', "X", "x", ", ", "**", "(", ")", ".update(", "[", "]", "\n",
        "for c in ", "|=", "from . import ", "def f():\n    ", "class C:\n    ", "io.Schema(node_id=",
        "f'{x}'", ":", "\0",
        "cls.", "__name__", " if x else ", "lambda: ", "*", "\\", '"""', "é", "\ud7ff",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        reader = FileReader(text, lambda module, level, name: None)
    except ValueError:
        return
    found = reader.found()
    assert all(isinstance(key, str) for key in found.keys)


@pytest.mark.parametrize("deep", [100, 5000, 200_000])
def test_text_that_is_nested_very_deeply_comes_to_an_end(tmp_path: Path, deep: int) -> None:
    found = pack(tmp_path, __init__=f"NODE_CLASS_MAPPINGS = {{**{'(' * deep}X{')' * deep}}}")
    assert not found.complete
    found = pack(tmp_path, __init__="NODE_CLASS_MAPPINGS = " + "{**" * deep + "X" + "}" * deep)
    assert not found.complete
    chain = "\n".join(f"X{number} = {{**X{number + 1}}}" for number in range(min(deep, 3000)))
    found = pack(tmp_path, __init__=f"{chain}\nNODE_CLASS_MAPPINGS = X0")
    assert not found.complete


def test_what_is_added_to_one_dictionary_is_not_in_another(tmp_path: Path) -> None:
    found = pack(tmp_path, __init__='X = {"A": 1}\nother = X | {"B": 1}\nNODE_CLASS_MAPPINGS = {**X}')
    assert found.names == frozenset("A")
    reader = FileReader('X = {"A": 1}\nNODE_CLASS_MAPPINGS = X | {"B": 1}', lambda module, level, name: None)
    reader.found()
    assert reader.mapping("X").keys == {"A"}  # type: ignore[union-attr]


def test_names_that_double_each_other_cost_no_more_than_they_are(tmp_path: Path) -> None:
    twice = "\n".join(f"X{n} = {{**X{n + 1}, **X{n + 1}, **U{n}}}" for n in range(25))
    found = pack(tmp_path, __init__=f'{twice}\nX25 = {{"A": 1}}\nNODE_CLASS_MAPPINGS = {{**X0}}')
    assert (found.names, len(found.doubts)) == (frozenset("A"), 20)
    texts = "\n".join(f"T{n} = T{n + 1} + T{n + 1}" for n in range(25))
    found = pack(tmp_path, __init__=f'{texts}\nT25 = "A"\nNODE_CLASS_MAPPINGS = {{T0: 1, T24: 2}}')
    assert (found.names, len(found.doubts)) == (frozenset({"AA"}), 1)
