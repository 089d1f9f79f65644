"""Code of strangers that is broken, endless or huge costs a bounded number of steps and ends in a doubt."""

import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.models.workflow import ClassCatalog
from tests.support.small_comfyui import read_pack

# Bodies of `INPUT_TYPES` whose input `x` must not be known.
HUGE = {
    "a list that is repeated": "return {'required': {'x': (['a'] * 10**9,)}}",
    "a text that is repeated": "return {'required': {'x': (['a' * 10**10],)}}",
    "a range": "return {'required': {'x': (list(range(10**12)),)}}",
    "a list that doubles": "x = ['a']\nfor i in range(100):\n    x = x + x\nreturn {'required': {'x': (x,)}}",
    "a list that is extended by itself":
    "x = ['a']\nfor i in range(200):\n    x.extend(x)\nreturn {'required': {'x': (x,)}}",
    "a list that holds itself": "x = []\nx.append(x)\nreturn {'required': {'x': (x,)}}",
    "lists in lists": "x = ['a']\nfor i in range(1000):\n    x = [x] * 1000\nreturn {'required': {'x': (x,)}}",
    "a format with a width": "return {'required': {'x': (['%1000000000d' % 1],)}}",
    "a format text with a width": "return {'required': {'x': ([f'{1:1000000000}'],)}}",
    "a format method with a width": "return {'required': {'x': (['{:1000000000}'.format(1)],)}}",
    "a width in an argument": "return {'required': {'x': (['%*d' % (10**9, 1)],)}}",
    "a text that is joined": "x = 'a' * 9000\nreturn {'required': {'x': ([x.join([x] * 9000)],)}}",
    "a text that is replaced": "x = 'a' * 90000\nreturn {'required': {'x': ([x.replace('a', x)],)}}",
    "a product": "import itertools\nreturn {'required': {'x': (list(itertools.product(*[[1, 2]] * 100)),)}}",
    "a pattern": "import re\nreturn {'required': {'x': ([re.sub('(a+)+$', '', 'a' * 60 + 'b')],)}}",
    "a power": "return {'required': {'x': ([9**9**9**9],)}}",
    "a shift": "return {'required': {'x': ([1 << 10**12],)}}",
    "digits": "return {'required': {'x': ([int('9' * 90000)],)}}",
    "a copy of copies": "import copy\nreturn {'required': {'x': (copy.deepcopy([[[1] * 999] * 999] * 999),)}}",
}  # fmt: skip
# Whole files whose class must have a doubt.
ENDLESS = {
    "a loop": "def f():\n    while True:\n        pass",
    "loops in loops": "def f():\n    n = 0\n    for i in range(9999):\n        for j in range(9999):\n"
    "            n += 1",
    "helpers that call each other": "def f():\n    return g()\ndef g():\n    return f()",
    "a helper that calls itself twice": "def f(n=40):\n    return f(n - 1) + f(n - 2) if n > 1 else 1",
    "a helper with more and more arguments": "def f(*a):\n    return f(1, *a, *a)",
    "ways that part again and again": "def f(n=0):\n    return f(n + 1) if g() else f(n + 2)",
    "an instance that makes another": "class B:\n    def __init__(self):\n        self.b = B()\n"
    "def f():\n    return B().b.b.b",
    "a class that makes itself": "class B:\n    def __new__(cls):\n        return B()\ndef f():\n    return B()",
    "a name that asks for itself": "class B:\n    def __getattr__(self, name):\n        return getattr(self, name)\n"
    "def f():\n    return B().x",
    "a property that asks for itself": "class B:\n    @property\n    def x(self):\n        return self.x\n"
    "def f():\n    return B().x",
    "a generator": "def g():\n    while True:\n        yield 1\ndef f():\n    return list(g())",
    "a comprehension": "def f():\n    return [1 for a in range(9999) for b in range(9999)]",
    "an initialisation that never ends": "class B:\n    def __init__(self):\n        while True:\n"
    "            self.x = [self] * 9\n"
    "def f():\n    return B().x",
    "many keys": "def f():\n    return {str(i): [0] * 9999 for i in range(9999)}",
    "sorting in sorting": "def f():\n    return sorted(range(9999), key=lambda v: sorted(range(9999)))",
    "what cannot be found": "f = missing",
}  # fmt: skip
CLASS = """
class A:
    @classmethod
    def INPUT_TYPES(s):
{}
NODE_CLASS_MAPPINGS = {{"A": A}}
"""


def read(place: Path, text: str) -> ClassCatalog:
    return read_pack(place, {"__init__.py": text})


@pytest.mark.parametrize("title", HUGE)
def test_what_is_too_large_is_not_known(tmp_path: Path, title: str) -> None:
    found = read(tmp_path, CLASS.format(textwrap.indent(HUGE[title], " " * 8))).classes["A"]
    assert found.doubts or [(one.choices, one.doubt is None) for one in found.inputs] == [(None, False)]


@pytest.mark.parametrize("title", ENDLESS)
def test_what_does_not_end_is_a_doubt_of_the_class(tmp_path: Path, title: str) -> None:
    text = ENDLESS[title] + CLASS.format("        return {'required': f()}")
    found = read(tmp_path, text).classes["A"]
    assert found.doubts
    assert all(doubt.startswith("__init__.py:") for doubt in found.doubts)


SENSELESS = [
    "class A(:\n",
    "x = 1\0",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "x = " + "(" * 5000 + ")" * 5000,
    "X = " + " + ".join(["'a'"] * 20000),
    "x = a" + ".a" * 20000,
    "class A(A):\n    pass\nNODE_CLASS_MAPPINGS = {'A': A}",
    "from . import *\nfrom .__init__ import NODE_CLASS_MAPPINGS",
    "NODE_CLASS_MAPPINGS = {}\nNODE_CLASS_MAPPINGS['A'] = NODE_CLASS_MAPPINGS",
    "NODE_CLASS_MAPPINGS = NODE_CLASS_MAPPINGS",
    "NODE_CLASS_MAPPINGS = 3",
    "import importlib\nimportlib.import_module('.', __name__)",
    "async def comfy_entrypoint():\n    return comfy_entrypoint()",
    "def comfy_entrypoint():\n    while True:\n        pass",
]


@pytest.mark.parametrize("text", SENSELESS, ids=range(len(SENSELESS)))
def test_a_file_that_makes_no_sense_is_no_failure(tmp_path: Path, text: str) -> None:
    assert all("\n" not in doubt for doubt in read(tmp_path, text).doubts)


def test_a_chain_of_classes_costs_no_more_than_its_length(tmp_path: Path) -> None:
    chain = "class B0: pass\n" + "".join(f"class B{i}(B{i - 1}, *[B{i - 1}] * 3): pass\n" for i in range(1, 300))
    assert read(tmp_path, chain + "NODE_CLASS_MAPPINGS = {'A': B299}").classes["A"].doubts


SOURCE = CLASS.format(
    "        names = ['a'] + [f'{n}' for n in (1, 2)]\n"
    "        return {'required': {'x': (names,), **dict(y=('INT', {'min': -1}))}}"
)
PUT_IN = ["", "**s", "*x", "None", "lambda: ", "not ", "[]", "s.", "yield ", "\n", "0", "'", "x := "]


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_with_anything_cut_out_or_put_in_is_no_failure(tmp_path: Path, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SOURCE)))
    end = data.draw(st.integers(start, min(len(SOURCE), start + 20)))
    put_in = data.draw(st.sampled_from(PUT_IN))
    for name, found in read(tmp_path, SOURCE[:start] + put_in + SOURCE[end:]).classes.items():
        assert found.name == name
        assert all(one.section == "required" or one.name for one in found.inputs)
