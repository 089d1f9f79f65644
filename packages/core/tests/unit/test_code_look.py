"""What a look at a node pack's code finds, and what it does not take for more than it is."""

import ast
import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comfydock_core.analyzers.code.looking import look_at_code, new_findings
from comfydock_core.models.packs.node_packs import CodeFinding
from tests.support.processor_time import processor_time


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    place = tmp_path / "pack"
    place.mkdir()
    return place


def write(pack: Path, **files: str) -> None:
    for name, content in files.items():
        path = pack / (name.replace("__in__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def kinds(pack: Path) -> list[str]:
    return [one.kind for one in look_at_code(str(pack))]


RUNNING = [
    "import subprocess\nsubprocess.run(['x'])",
    "import subprocess as sp\nsp.Popen('x')",
    "from os import system as s\ns('x')",
    "from os import *\nsystem('x')",
    "from os import *\nfrom math import *\nsystem('x')",
    "import os\nos.execvp('x', [])",
    "import os.path\nos.popen('x')",
    "__import__('os').system('x')",
    "__import__('o' + 's').system('x')",
    "m = __import__('os')\nm.system('x')",
    "import importlib\nimportlib.import_module('subprocess').run('x')",
    "from importlib import import_module as i\nq = i('subprocess')\nq.call('x')",
    "import os\ngetattr(os, 'system')('x')",
    "import os\ngetattr(os, 'sys' 'tem')('x')",
    "import os\ngetattr(os, 'metsys'[::-1])('x')",
    "import os\ngetattr(os, ''.join(['sys', 'tem']))('x')",
    "import os\ngetattr(os, f'sys{\"tem\"}')('x')",
    "import os\nf = os.system\ng = f\ng('x')",
    "import os\na, b = os.system, 1\na('x')",
    "import os\nif (f := os.system):\n    f('x')",
    "import os\nos.__dict__['system']('x')",
    "import os\nvars(os)['system']('x')",
    "import sys, os\nsys.modules['os'].system('x')",
    "import os\nglobals()['os'].system('x')",
    "import asyncio\nasync def f():\n    await asyncio.create_subprocess_shell('x')",
    "import pty\npty.spawn('x')",
    "class N:\n    def run(self):\n        import subprocess\n        return subprocess.check_output(['x'])",
]
EVALUATING = [
    "exec(text)",
    "eval(text)",
    "exec(compile(text, 'x', 'exec'))",
    "import builtins\nbuiltins.exec(text)",
    "import builtins as b\ngetattr(b, 'ev' + 'al')(text)",
    "__builtins__['exec'](text)",
    "e = exec\ne(text)",
    "\U0001d41e\U0001d431\U0001d41e\U0001d41c(text)",  # Letters that Python reads as `exec`.
    "exec('import os; os.remove(x)')",
    "from types import FunctionType\nFunctionType(code, {})",
    "import marshal\nmarshal.loads(data)",
    "import os\ngetattr(os, name)('x')",
]
DECODED = [
    "import base64\nexec(base64.b64decode('eA=='))",
    "import base64, zlib\nexec(zlib.decompress(base64.b64decode(data)).decode())",
    "from base64 import b64decode as d\nc = d(data)\nexec(c)",
    "exec(bytes.fromhex('78'))",
    "import codecs\neval(codecs.decode('k', 'rot13'))",
    "import base64\na = base64.b85decode(x)\nb = a.decode()\nexec(compile(b, '', 'exec'))",
]
NETWORK = [
    "import socket\nsocket.socket()",
    "from http.server import HTTPServer as H\nH(('', 80), None)",
    "import asyncio\nasyncio.start_server(f, '', 1)",
]
PICKLES = [
    "import pickle\npickle.load(file)",
    "import torch\ntorch.load(path, weights_only=False)",
    "import numpy as np\nnp.load(path, allow_pickle=True)",
]


@pytest.mark.parametrize(
    ("kind", "code"),
    [*(("runs-program", code) for code in RUNNING), *(("evaluates-code", code) for code in EVALUATING),
     *(("runs-decoded-code", code) for code in DECODED), *(("opens-network", code) for code in NETWORK),
     *(("unpickles", code) for code in PICKLES)],
)  # fmt: skip
def test_what_code_does_is_seen_under_whatever_name(pack: Path, kind: str, code: str) -> None:
    write(pack, nodes=code)
    assert set(kinds(pack)) == {kind}


INNOCENT = [
    "import re\nre.compile('x')",
    "model.eval()",
    "self.model.exec(x)",
    "from torch import compile\ncompile(model)",
    "import torch\nmodel = torch.compile(model)\ntorch.load(path)\ntorch.load(path, weights_only=True)",
    "import ast\nast.literal_eval(text)",
    "eval('1 + 2')",
    "def exec(x):\n    return x\nexec(text)",
    "system('x')",
    "import os\nos.path.join('system', 'popen')\nos.environ['x']\nos.makedirs('x')",
    "import os\ngetattr(os, 'sep')",
    "x = 'subprocess.run(a); os.system(b)'",
    "# import os; os.system('x')",
    '"""exec(base64.b64decode(x))"""',
    "import importlib\nimportlib.import_module(name)",
    "import numpy as np\nnp.load(path)",
    "import base64\nbase64.b64decode(image)",
    "getattr(model, name)()",
    "import json\njson.loads(text)",
    "from .system import run\nrun('x')",
    "import requests\nrequests.get('https://h.invalid')",
    "import subprocess\ntry:\n    pass\nexcept subprocess.CalledProcessError:\n    pass",
    "description = '" + "many words of a long description " * 60 + "'",
    "line = '" + "-" * 3000 + "'",
]


@pytest.mark.parametrize("code", INNOCENT)
def test_what_only_looks_alike_is_not_told(pack: Path, code: str) -> None:
    write(pack, nodes=code)
    assert look_at_code(str(pack)) == ()


PIP = [
    "subprocess.check_call([sys.executable, '-m', 'pip', 'install', 'x'])",
    "subprocess.run(['uv', 'pip', 'install', 'x'])",
    "command = [sys.executable, '-m', 'pip', 'install', 'x']\nsubprocess.run(command)",
    "command = [sys.executable, '-m', 'pip', 'install']\nsubprocess.run(command + ['x'])",
    "os.system('pip install x')",
    "os.system(f'{sys.executable} -m pip install {name}')",
    "os.system(sys.executable + ' -s -m pip install --upgrade x')",
    "pip.main(['install', 'x'])",
    "from pip._internal import main as m\nm(['install', 'x'])",
    "ensurepip.bootstrap()",
]
HEAD = "import os, sys, subprocess, pip, ensurepip\n"


@pytest.mark.parametrize("code", PIP)
def test_an_installation_is_told_apart_by_when_it_runs(pack: Path, code: str) -> None:
    indented = code.replace("\n", "\n    ")
    write(pack, __init__=HEAD + code, lazy=f"{HEAD}def later():\n    {indented}\n",
          main=f"{HEAD}if __name__ == '__main__':\n    {indented}\n", install=HEAD + code)  # fmt: skip
    found = {one.file: one.kind for one in look_at_code(str(pack)) if one.kind != "install-script"}
    assert found == {"__init__.py": "installs-at-import", "lazy.py": "installs-packages",
                     "main.py": "installs-packages", "install.py": "installs-packages"}  # fmt: skip


ENSURE = "import subprocess\ndef ensure(name):\n    subprocess.run(['pip', 'install', name])\n"


@pytest.mark.parametrize(
    "files",
    [
        {"__init__": f"{ENSURE}ensure('x')"},
        {"__init__": f"{ENSURE}def first():\n    ensure('x')\ntry:\n    import y\nexcept ImportError:\n    first()"},
        {"__init__": "from .tools import ensure\nensure('x')", "tools": ENSURE},
        {"__init__": "from . import tools\ntools.ensure('x')", "tools": ENSURE},
        {"__init__": "from .tools import *\nensure('x')", "tools": ENSURE},
        {"__init__": "from .sub import ensure as e\ne('x')", "sub__in____init__": "from .impl import ensure",
         "sub__in__impl": ENSURE},
        {"sub__in__a": "from ..tools import ensure\nclass Node:\n    ensure('x')", "tools": ENSURE},
        {"__init__": "import subprocess\nclass Setup:\n    def __init__(self):\n        self.go()\n    def go(self):\n"
                     "        subprocess.run(['pip', 'install', 'x'])\nSetup()"},
        {"__init__": "import subprocess\nif __name__ != '__main__':\n    subprocess.run(['pip', 'install', 'x'])"},
        {"__init__": "import subprocess\ndef f(x=subprocess.run(['pip', 'install', 'x'])):\n    pass"},
    ],
)  # fmt: skip
def test_an_installation_that_an_import_leads_to_is_seen(pack: Path, files: dict[str, str]) -> None:
    write(pack, **files)
    assert kinds(pack) == ["installs-at-import"]


def test_what_lies_in_a_hidden_directory_is_not_imported(pack: Path) -> None:
    write(pack, **{".ci__in__update": HEAD + PIP[0]})
    assert kinds(pack) == ["installs-packages"]


def test_asking_pip_what_is_there_installs_nothing(pack: Path) -> None:
    write(pack, a="import subprocess\nsubprocess.run(['pip', 'list'])")
    assert kinds(pack) == ["runs-program"]


def test_a_command_of_another_function_is_not_taken_for_this_one(pack: Path) -> None:
    write(pack, a="import subprocess\ndef f():\n    c = ['git', 'clone']\n    subprocess.run(c)\n"
                  "def g():\n    c = ['pip', 'install']\n    subprocess.run(c)\n")  # fmt: skip
    assert kinds(pack) == ["runs-program", "installs-packages"]


BLOCKS = [
    f"x = '{base64.b64encode(bytes(range(256)) * 8).decode()}'",
    "x = '" + "0123456789abcdef" * 100 + "'",
    f"x = {bytes(range(256)) * 8!r}",
    f"x = bytes({list(range(256)) * 5})",
    "x = '''\n" + base64.encodebytes(bytes(range(256)) * 8).decode() + "'''",
]


@pytest.mark.parametrize("code", BLOCKS)
def test_long_blocks_of_data_are_seen(pack: Path, code: str) -> None:
    write(pack, a=code)
    assert kinds(pack) == ["hidden-data"]


UNREADABLE = [b"def f(:", b"x = 1\0", b"\xff\xfe\xff", b"# -*- coding: rot13 -*-\nx", b"# coding: nonsense\n",
              b"x = " + b"(" * 5000, b"x = " + b"-" * 200_000 + b"1", b"x = a" + b".b" * 100_000,
              b"x = " + b"+".join([b"1"] * 100_000), b"#" * 2_000_000]  # fmt: skip


@pytest.mark.parametrize("content", UNREADABLE)
def test_what_cannot_be_looked_into_is_told(pack: Path, content: bytes) -> None:
    (pack / "a.py").write_bytes(content)
    (finding,) = look_at_code(str(pack))
    assert (finding.kind, finding.file, finding.line) == ("unreadable-code", "a.py", 1)


def test_other_encodings_are_read(pack: Path) -> None:
    (pack / "a.py").write_bytes(b"# coding: latin-1\nimport os\nos.system('gr\xf6\xdfer')\n")
    (pack / "b.py").write_bytes(b"\xef\xbb\xbfimport os\r\nos.system('x')\r\n")
    assert [(one.kind, one.line) for one in look_at_code(str(pack))] == [("runs-program", 3), ("runs-program", 2)]


def test_files_tell_by_what_they_are(pack: Path) -> None:
    for name in ("lib/a.so", "lib/a.so.1.2", "b.dll", "c.exe", "d.pyd"):
        (pack / name).parent.mkdir(exist_ok=True)
        (pack / name).write_bytes(b"")
    (pack / "tool").write_bytes(b"\x7fELF0000")
    (pack / "notes").write_bytes(b"words")
    (pack / "x.pth").write_text("some/where\nimport os; os.system('x')\n")
    (pack / "y.pth").write_text("some/where\n")
    write(pack, sitecustomize="", install="")
    (pack / "old.pyc").write_bytes(b"")
    (pack / "link").symlink_to("lib/a.so")
    (pack / "out").symlink_to("/etc/passwd")
    (pack / ".git").mkdir()
    (pack / ".git" / "a.so").write_bytes(b"")
    found = look_at_code(str(pack))
    assert {(one.file, one.kind) for one in found} == {
        *((name, "native-binary") for name in ("lib/a.so", "lib/a.so.1.2", "b.dll", "c.exe", "d.pyd", "tool")),
        ("x.pth", "auto-start"), ("sitecustomize.py", "auto-start"), ("install.py", "install-script"),
        ("old.pyc", "compiled-code"), ("link", "link"), ("out", "link"),
    }  # fmt: skip
    assert {one.file: "out of" in one.message for one in found if one.kind == "link"} == {"link": False, "out": True}
    assert next(one.line for one in found if one.file == "x.pth") == 2


def test_a_compiled_file_that_counts_without_its_source_is_told(pack: Path) -> None:
    write(pack, a="x = 1")
    for mode in ("unchecked-hash", "checked-hash", "timestamp"):
        code = f"import py_compile as p; p.compile('a.py', invalidation_mode=p.PycInvalidationMode('{mode}'))"
        code = code.replace(f"('{mode}')", f".{mode.upper().replace('-', '_')}")
        subprocess.run([sys.executable, "-c", code], cwd=pack, check=True)
        assert kinds(pack) == (["compiled-code"] if mode == "unchecked-hash" else [])


def test_packages_from_unusual_places_are_told(pack: Path) -> None:
    (pack / "requirements.txt").write_text(
        "numpy\na @ https://files.pythonhosted.org/a.whl\nb @ https://me:secret@evil.invalid/b.whl\n"
        "git+https://github.com/a/b\nc @ http://github.com/c.zip\n--extra-index-url https://download.pytorch.org/whl\n"
        "--index-url https://mirror.invalid/simple\nd @ https://evil.invalid/d.whl\n"
    )
    found = look_at_code(str(pack))
    assert [(one.kind, one.line) for one in found] == [("odd-host", 5), ("odd-host", 7), ("odd-host", 8)]
    assert "secret" not in repr(found)


def test_too_many_findings_end_with_their_number_and_keep_the_gravest(pack: Path) -> None:
    write(pack, a="import subprocess\n" + "subprocess.run(x)\n" * 500 + "exec(x)\n")
    found = look_at_code(str(pack), limit=10)
    assert len(found) == 11
    assert found[9] == CodeFinding("evaluates-code", "a.py", 502, "compiles data to code and runs it: exec")
    assert found[10] == CodeFinding("more", "", 0, "… and 491 more")


def test_a_line_is_told_once_for_each_kind(pack: Path) -> None:
    write(pack, a="import os\nos.system('a'); os.system('b'); exec(x)")
    assert sorted(kinds(pack)) == ["evaluates-code", "runs-program"]


def test_an_update_is_told_by_what_it_adds(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    write(before, a="import os\nos.system('x')\nos.system(\n  'y')\n", gone="exec(x)")
    write(after, a="import os\n\n\n# moved\nif True:\n    os.system('x')\n    os.system('y')\nos.system('z')\n",
          new="eval(x)")  # fmt: skip
    assert [(one.file, one.line) for one in new_findings(str(before), str(after))] == [
        ("a.py", 7), ("a.py", 8), ("new.py", 1)
    ]  # fmt: skip
    assert new_findings(str(after), str(after)) == ()


def test_a_changed_argument_on_a_later_line_is_something_new(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    write(before, a="import os\nos.system(\n    'x',\n)\n")
    write(after, a="import os\n\nos.system(\n    'y',\n)\n")
    assert [one.line for one in new_findings(str(before), str(after))] == [3]


def test_code_is_compared_without_what_stands_around_it(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    write(before, a="import os\nx = 'größe'; os.system('ä' 'b')\n")
    write(after, a="import os\x0c\ny = '☃'; y = os.system('ä'  'b') or 1\n")
    assert new_findings(str(before), str(after)) == ()


CROWDED = {
    "calls on one line": "import os\n" + "os.system(x);" * 40_000,
    "calls with long arguments": "import subprocess\nx = [" + "'a'," * 5000 + "]\n" + "subprocess.run(x)\n" * 20_000,
    "a chain of calls": "import os\nos.system(x)" + ".y(z)" * 500,
    "names of names": "import os\na0 = os.system\n" + "".join(f"a{n + 1} = a{n}\n" for n in range(20_000)),
    "nothing but blanks": " " * 1_000_000 + "\n",
}


@pytest.mark.parametrize("code", CROWDED.values(), ids=CROWDED.keys())
def test_crowded_code_takes_little_longer_than_reading_it(pack: Path, code: str) -> None:
    """As a ratio to what Python's own parser takes of ordinary code of that size."""
    write(pack, a=code)
    ordinary = "value = some.name(argument, other=1)\n" * (len(code) // 37 + 2000)
    parsed = processor_time(lambda: ast.parse(ordinary))
    assert processor_time(lambda: look_at_code(str(pack))) < 20 * parsed


def test_a_changed_binary_is_something_new(tmp_path: Path) -> None:
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "same.so").write_bytes(b"same")
        (tmp_path / name / "other.so").write_bytes(name.encode())
    found = new_findings(str(tmp_path / "before"), str(tmp_path / "after"))
    assert [one.file for one in found] == ["other.so"]


def test_nothing_of_a_pack_is_run(pack: Path) -> None:
    write(pack, __init__="open('ran', 'w')", install="open('ran', 'w')", sitecustomize="open('ran', 'w')")
    look_at_code(str(pack))
    assert sorted(os.listdir(pack)) == ["__init__.py", "install.py", "sitecustomize.py"]


WORDS = st.sampled_from(["import os\n", "exec(", "getattr(", "os", ".system", "(", ")", "'x'", "=", "x", "\n", "    ",
                         "def f():", "class C:", "[", "]", ",", "lambda:", "f'{", "}'", ":=", "\0", "\\"])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")),
                 st.lists(WORDS, max_size=30).map(lambda words: "".join(words).encode())),
       st.sampled_from(["a.py", "x.pth", "requirements.txt", "a.pyc", "tool"]))  # fmt: skip
def test_any_bytes_are_looked_at(tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str) -> None:
    place = tmp_path_factory.getbasetemp() / "looked-at"
    place.mkdir(exist_ok=True)
    for file in place.iterdir():
        file.unlink()
    (place / name).write_bytes(data)
    found = look_at_code(str(place))
    assert found == look_at_code(str(place))
    assert all(one.file == name and one.line >= 1 for one in found)
