"""Which folders of models there are, told by the code of ComfyUI and of node packs, of which nothing is run."""

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from comfydock_core.analyzers.model_files.listing import listed_files, path_of
from comfydock_core.analyzers.model_files.model_folders import read_model_folders
from comfydock_core.analyzers.model_files.root_layouts import ways_of_example
from comfydock_core.analyzers.model_files.seeing import seen_from
from comfydock_core.models.exceptions import EnvironmentBroken
from comfydock_core.models.model_files.folders import ModelFolder, ModelFolders

FOLDER_PATHS = """
import os
base_path = os.path.dirname(os.path.realpath(__file__))
models_dir = os.path.join(base_path, "models")
supported_pt_extensions = {".pt", ".safetensors"}
folder_names_and_paths = {}
folder_names_and_paths["loras"] = ([os.path.join(models_dir, "loras")], supported_pt_extensions)
folder_names_and_paths["text_encoders"] = ([os.path.join(models_dir, "text_encoders")], supported_pt_extensions)

def map_legacy(name):
    return {"clip": "text_encoders"}.get(name, name)

def add_model_folder_path(folder_name, full_folder_path, is_default=False):
    folder_names_and_paths.setdefault(map_legacy(folder_name), ([], set()))[0].append(full_folder_path)
"""
PACK = "import os\nimport folder_paths\nmodels = folder_paths.models_dir\n"


@pytest.fixture
def comfyui(tmp_path: Path) -> Path:
    (tmp_path / "custom_nodes/pack").mkdir(parents=True)
    (tmp_path / "folder_paths.py").write_text(FOLDER_PATHS)
    return tmp_path


def with_pack(comfyui: Path, code: str, file: str = "__init__.py") -> ModelFolders:
    (comfyui / "custom_nodes/pack" / file).write_text(code)
    return read_model_folders(str(comfyui), str(comfyui / "custom_nodes"))


def added(folders: ModelFolders, comfyui: Path) -> dict[str, tuple[list[str], list[str]]]:
    """The folders that are not ComfyUI's own, with names for directories below the models directory."""
    own = {"loras", "text_encoders"}
    return {folder.name: ([os.path.relpath(one, comfyui / "models") for one in folder.directories],
                          sorted(folder.extensions)) for folder in folders if folder.name not in own}  # fmt: skip


# What packs do, each with the folders that come of it.
PLAIN: list[tuple[str, dict[str, tuple[list[str], list[str]]]]] = [
("folder_paths.add_model_folder_path('a', os.path.join(models, 'a'))", {"a": (["a"], [])}),
("folder_paths.folder_names_and_paths['a'] = ([os.path.join(models, 'a')], {'.x'})", {"a": (["a"], [".x"])}),
("from folder_paths import add_model_folder_path as add\nfor one in 'a', 'b':\n    add(one, f'{models}/{one}')",
 {"a": (["a"], []), "b": (["b"], [])}),
("from pathlib import Path\nfolder_paths.add_model_folder_path('a', str(Path(models) / 'x' / 'y'))",
 {"a": (["x/y"], [])}),
("here = os.path.dirname(os.path.abspath(__file__))\n"
 "folder_paths.add_model_folder_path(folder_name='a', full_folder_path=os.path.join(here, 'ckpts'))",
 {"a": (["../custom_nodes/pack/ckpts"], [])}),
("if 'a' not in folder_paths.folder_names_and_paths:\n    paths = [os.path.join(models, 'a')]\n"
 "else:\n    paths, _ = folder_paths.folder_names_and_paths['a']\n"
 "folder_paths.folder_names_and_paths['a'] = (paths, folder_paths.supported_pt_extensions)",
 {"a": (["a"], [".pt", ".safetensors"])}),
("def add(name, places, extensions):\n    for place in places:\n"
 "        folder_paths.add_model_folder_path(name, place)\n"
 "    known, old = folder_paths.folder_names_and_paths[name]\n"
 "    folder_paths.folder_names_and_paths[name] = (known, old | extensions)\n"
 "add('a', [os.path.join(models, 'a'), os.path.join(models, 'b')], {'.x'})", {"a": (["a", "b"], [".x"])}),
("def use(key, targets):\n"
 "    target = next((one for one in targets if one in folder_paths.folder_names_and_paths), targets[0])\n"
 "    paths, _ = folder_paths.folder_names_and_paths.get(target, ([], {}))\n"
 "    folder_paths.folder_names_and_paths[key] = (paths or [], {'.gguf'})\n"
 "use('lora_gguf', ['lora', 'loras'])", {"lora_gguf": (["loras"], [".gguf"])}),
("try:\n    folder_paths.add_model_folder_path('a', '/a')\nexcept Exception:\n"
 "    folder_paths.folder_names_and_paths['a'] = (['/b'], set())", {"a": (["/a"], [])}),
("folder_paths.folder_names_and_paths.update({'a': ([models + '/a'], set())})", {"a": (["a"], [])}),
("if os.environ.get('X'):\n    models = '/x'\nelse:\n    models = '/y'", {}),

]  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), PLAIN)
def test_what_a_node_pack_adds_plainly_is_known(
    comfyui: Path, code: str, expected: dict[str, tuple[list[str], list[str]]]
) -> None:
    folders = with_pack(comfyui, PACK + code)
    wanted = {
        name: ([os.path.relpath(comfyui / "models" / one, comfyui / "models") for one in places], extensions)
        for name, (places, extensions) in expected.items()
    }
    assert added(folders, comfyui) == wanted
    assert folders.doubts == ()


@pytest.mark.parametrize("code", [code for code, _ in PLAIN])
def test_following_a_node_pack_tells_what_running_it_does(
    comfyui: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    followed = with_pack(comfyui, PACK + code)
    real = ModuleType("folder_paths")
    real.__file__ = f"{comfyui}/folder_paths.py"
    exec(FOLDER_PATHS, real.__dict__)
    monkeypatch.setitem(sys.modules, "folder_paths", real)
    exec(PACK + code, {"__file__": f"{comfyui}/custom_nodes/pack/__init__.py"})
    table = real.folder_names_and_paths.items()
    assert [(folder.name, list(folder.directories), folder.extensions) for folder in followed] == [
        (name, paths, frozenset(extensions)) for name, (paths, extensions) in table
    ]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("folder_paths.add_model_folder_path('a', open('x').read())", 4),
        ("folder_paths.folder_names_and_paths[os.environ['X']] = ([], set())", 4),
        ("folder_paths.folder_names_and_paths['loras'][0].append(input())", 4),
        ("class A:\n    def run(self):\n        folder_paths.add_model_folder_path('a', '/a')", 6),
        ("def later():\n    folder_paths.folder_names_and_paths['a'] = (['/a'], set())", 5),
        ("if os.environ.get('X'):\n    folder_paths.add_model_folder_path('a', '/a')", 5),
        ("while True:\n    folder_paths.add_model_folder_path('a', '/a')", 5),
        ("from .more import places\nfor one in places:\n    folder_paths.add_model_folder_path(one, '/a')", 6),
        ("if os.environ.get('X'):\n    models = '/x'\nfolder_paths.add_model_folder_path('a', models)", 6),
    ],
)
def test_what_only_a_run_would_tell_is_a_doubt_with_its_line(comfyui: Path, code: str, line: int) -> None:
    folders = with_pack(comfyui, PACK + code, "nodes.py")
    assert [(doubt.file, doubt.line) for doubt in folders.doubts] == [("pack/nodes.py", line)]
    assert added(folders, comfyui) == {}
    assert folders.folder("loras") == ModelFolder(
        "loras", (f"{comfyui}/models/loras",), frozenset({".pt", ".safetensors"})
    )


def test_code_of_node_packs_is_never_run(comfyui: Path) -> None:
    mark = comfyui / "ran"
    code = f"os.makedirs('{mark}')\nopen('{mark}', 'w')\nos.system('touch {mark}')\n__import__('os').mkdir('{mark}')\n"
    with_pack(comfyui, f"{PACK}{code}folder_paths.add_model_folder_path('a', '/a')\n")
    assert not mark.exists()


@pytest.mark.parametrize(
    "code",
    [
        "x = ['a']\nfor i in range(99):\n    x.extend(x)\n",
        "x = [1]\n"
        + "x = [x, x]\n" * 300
        + "folder_paths.add_model_folder_path('a', x)\ny = str(x)\nz = {x: x == x}\n",
        "x = [1]\nx.append(x)\nfolder_paths.add_model_folder_path('a', x)\nif x == x:\n    pass\n",
        "x = 'x'\n" + "x = x + x\n" * 300 + "folder_paths.add_model_folder_path('a', x)\n",
        "def f():\n    return f()\nf()\n",
        "for a in 'x',:\n"
        + "".join(f"{' ' * n}for i{n} in [1,2,3,4,5,6,7,8,9]:\n" for n in range(1, 15))
        + " " * 15
        + "a = 1\n",
        "x = " + "(" * 150 + "1" + ")" * 150 + "\n",
        "x = " + "-" * 5000 + "1\n",
        "x = a" + ".b()" * 400 + "\n",
    ],
    ids=[
        "doubled lists",
        "nested lists",
        "a list in itself",
        "doubled texts",
        "calls",
        "loops",
        "brackets",
        "signs",
        "chain",
    ],
)
def test_hostile_code_costs_little_and_spoils_nothing(comfyui: Path, code: str) -> None:
    folders = with_pack(comfyui, PACK + code + "# folder_names_and_paths\n")
    assert [folder.name for folder in folders] == ["loras", "text_encoders"]


def test_packs_that_are_off_and_tests_do_not_count(comfyui: Path) -> None:
    for place in ("off.disabled", "__pycache__", "pack/tests", "pack/.git"):
        (comfyui / "custom_nodes" / place).mkdir(parents=True)
        (comfyui / "custom_nodes" / place / "__init__.py").write_text(
            f"{PACK}folder_paths.add_model_folder_path('a', 'a')"
        )
    (comfyui / "custom_nodes/single.py").write_text(f"{PACK}folder_paths.add_model_folder_path('single', '/s')\n")
    folders = read_model_folders(str(comfyui), str(comfyui / "custom_nodes"))
    assert list(added(folders, comfyui)) == ["single"]


def test_a_pack_that_is_no_python_is_a_doubt(comfyui: Path) -> None:
    folders = with_pack(comfyui, "print 'folder_names_and_paths'\n")
    assert [(doubt.file, doubt.line, doubt.reason[:13]) for doubt in folders.doubts] == [
        ("pack/__init__.py", 1, "it is not Pyt")
    ]


@pytest.mark.parametrize("content", [None, "x = 1\n", "folder_names_and_paths = open('x')\n", "def (\n"])
def test_a_comfyui_that_does_not_tell_is_broken(comfyui: Path, content: str | None) -> None:
    (comfyui / "folder_paths.py").unlink()
    if content is not None:
        (comfyui / "folder_paths.py").write_text(content)
    with pytest.raises(EnvironmentBroken, match=r"folder_paths\.py` does not tell where"):
        read_model_folders(str(comfyui), None)


@settings(deadline=None)
@given(st.text())
@example("x = 0 / 0")
@example("x = 1e308 - 10 ** 400")
def test_any_text_in_a_pack_is_survived(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    comfyui = tmp_path_factory.mktemp("comfyui")
    (comfyui / "custom_nodes/pack").mkdir(parents=True)
    (comfyui / "folder_paths.py").write_text(FOLDER_PATHS)
    (comfyui / "custom_nodes/pack/__init__.py").write_text(f"# folder_names_and_paths\n{text}", "utf-8", "replace")
    assert read_model_folders(str(comfyui), str(comfyui / "custom_nodes")).folder("loras")


def make(place: Path, *names: str) -> None:
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(b"x")


def test_links_that_lead_back_end(tmp_path: Path) -> None:
    make(tmp_path, "loras/a.pt", "loras/sub/b.pt", "other/c.pt")
    (tmp_path / "loras/sub/up").symlink_to("..")
    (tmp_path / "loras/other").symlink_to(tmp_path / "other")
    (tmp_path / "other/back").symlink_to(tmp_path / "loras")
    (tmp_path / "loras/again").symlink_to(tmp_path / "other")
    folder = ModelFolder("loras", (str(tmp_path / "loras"),), frozenset({".pt"}))
    assert listed_files(folder) == ["a.pt", "again/c.pt", "other/c.pt", "sub/b.pt"]
    assert path_of(folder, "again/c.pt") == f"{tmp_path}/loras/again/c.pt"


def folders_of(place: Path) -> ModelFolders:
    directories = {"loras": ("first/loras", "second/loras"), "configs": ("first/configs", "first/loras")}
    extensions = {"loras": frozenset({".pt"}), "configs": frozenset({".yaml"})}
    return ModelFolders(tuple(
        ModelFolder(name, tuple(str(place / one) for one in ways), extensions[name])
        for name, ways in directories.items()
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("path", "shown", "reason"),
    [
        ("second/loras/sub/b.pt", [("loras", "sub/b.pt")], None),
        ("second/loras/a.pt", [], "first/loras/a.pt` has the same name and comes first"),
        ("first/loras/c.yaml", [("configs", "c.yaml")], "loras: `.yaml` is not one of its extensions (.pt)"),
        ("first/loras/d.gguf", [], "loras: `.gguf` is not one of its extensions (.pt)"),
        ("first/loras/.git/e.pt", [], "ComfyUI does not look into `.git`"),
        ("first/LORAS/f.pt", [], "first/loras`, which is written otherwise"),
        ("else/g.pt", [], "it lies in no folder that ComfyUI reads"),
        ("first/loras/absent.pt", [], "there is no such file"),
        ("store/h.pt", [("loras", "h.pt")], None),
    ],
)
def test_a_file_is_shown_where_it_is_or_there_is_a_reason(
    tmp_path: Path, path: str, shown: list[tuple[str, str]], reason: str | None
) -> None:
    make(tmp_path, "first/loras/a.pt", "second/loras/a.pt", "second/loras/sub/b.pt", "first/loras/c.yaml",
         "first/loras/d.gguf", "first/loras/.git/e.pt", "first/LORAS/f.pt", "else/g.pt", "store/h.pt")  # fmt: skip
    folders = folders_of(tmp_path)
    if path.startswith("store"):
        (tmp_path / "third").symlink_to(tmp_path / "store")
        folders = ModelFolders((ModelFolder("loras", (f"{tmp_path}/third",), frozenset({".pt"})),))
    seen = seen_from(folders, str(tmp_path / path))
    assert [(one.folder, one.name) for one in seen.shown] == shown
    assert any(reason in one for one in seen.reasons) if reason is not None else seen.reasons == ()


def test_the_ways_of_an_example_are_read_whether_they_are_comments_or_not() -> None:
    text = """#Rename this to x and it is read

open:
    base_path: a/b/
    loras: models/Lora/

#shut:
#     base_path: c
#     #is_default: true
#     vae: |
#          models/VAE/  # there
#          more

# For all of them see: elsewhere
"""
    assert ways_of_example(text) == [("loras", "models/Lora"), ("vae", "models/VAE"), ("vae", "more")]
