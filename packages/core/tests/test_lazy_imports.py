"""The faces of the library and of the command are lazy: a name loads its module when touched, and nothing before."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import comfydock_core

ROOT = Path(comfydock_core.__file__).parent
FACES = sorted(".".join(("comfydock_core", *path.parent.relative_to(ROOT).parts)) for path in ROOT.rglob("__init__.py"))
HEAVY = {"asyncio", "ssl", "urllib3", "tomlkit", "rich", "packaging", "importlib.metadata", "argparse", "requests"}


def modules_after(code: str, **environment: str) -> set[str]:
    """Names in `sys.modules` of a fresh interpreter after running `code`."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        env={**{key: value for key, value in os.environ.items() if key != "EAGER_IMPORT"}, **environment},
    )
    return set(done.stdout.split())


def stub_names(face: str) -> list[str]:
    """The names that a face's stub gives away."""
    stub = ROOT.joinpath(*face.split(".")[1:], "__init__.pyi")
    names: list[str] = []
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        assert isinstance(node, ast.ImportFrom), f"{stub} holds more than imports"
        names += [alias.asname or alias.name for alias in node.names]
    return names


def test_importing_the_library_loads_no_sub_package():
    loaded = {name for name in modules_after("import comfydock_core") if name.startswith("comfydock_core.")}
    assert loaded == set()


def test_touching_a_sub_package_loads_its_face_only():
    loaded = modules_after("import comfydock_core; comfydock_core.managers")
    assert {name for name in loaded if name.startswith("comfydock_core.")} == {"comfydock_core.managers"}


@pytest.mark.parametrize(
    ("face", "name", "module"),
    [
        ("managers", "GitManager", "git_manager"),
        ("managers", "PyprojectManager", "pyproject_manager"),
        ("managers", "UVProjectManager", "uv_project_manager"),
        ("managers", "ModelSymlinkManager", "model_symlink_manager"),
        ("services", "ComfyUIVersions", "comfyui_versions"),
        ("clients", "GitHubClient", "github_client"),
        ("analyzers", "StatusScanner", "status_scanner"),
        ("core", "Workspace", "workspace"),
    ],
)
def test_a_name_loads_its_module_when_touched_and_not_before(face: str, name: str, module: str):
    full = f"comfydock_core.{face}.{module}"
    assert full not in modules_after(f"import comfydock_core.{face} as face; dir(face)")
    assert full in modules_after(f"import comfydock_core.{face} as face; face.{name}")


def test_one_manager_does_not_bring_the_others():
    loaded = modules_after("from comfydock_core.managers import ModelSymlinkManager")
    assert not loaded & {"comfydock_core.managers.uv_project_manager", "tomlkit"}


@pytest.mark.parametrize("face", FACES)
def test_a_face_gives_away_exactly_the_names_of_its_stub(face: str):
    module = importlib.import_module(face)
    assert sorted(module.__all__) == sorted(stub_names(face))
    assert [name for name in module.__all__ if getattr(module, name, None) is None] == []


@pytest.mark.parametrize("face", FACES)
def test_a_face_is_its_docstring_and_one_line(face: str):
    source = ROOT.joinpath(*face.split(".")[1:], "__init__.py").read_text(encoding="utf-8")
    body = ast.parse(source).body
    assert [ast.unparse(node) for node in body[1:]] == [
        "import lazy_loader as lazy",
        "__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)",
    ]


def test_no_module_is_named_like_the_object_it_exports():
    for face in FACES:
        for name in stub_names(face):
            value = getattr(importlib.import_module(face), name)
            assert isinstance(value, type(sys)) or getattr(value, "__module__", "").rpartition(".")[2] != name


def test_eager_import_loads_every_name():
    loaded = modules_after("import comfydock_core", EAGER_IMPORT="1")
    for face in FACES:
        stub = ROOT.joinpath(*face.split(".")[1:], "__init__.pyi")
        for node in ast.parse(stub.read_text(encoding="utf-8")).body:
            assert isinstance(node, ast.ImportFrom)
            module = f"{face}.{node.module}" if node.module else face
            assert module in loaded


def test_importing_the_command_loads_no_handler_and_no_library():
    loaded = modules_after("import comfydock_cli.cli")
    assert not {name for name in loaded if name.startswith(("comfydock_core", "comfydock_cli.env_commands"))}
    assert not loaded & HEAVY


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["create", "--help"], ["nonsense"], ["list"]])
def test_python_itself_sees_no_heavy_module_on_the_startup_path(words: list[str], tmp_path: Path):
    (tmp_path / ".metadata").mkdir()
    (tmp_path / ".metadata" / "workspace.json").write_text('{"version": 1}')
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "comfydock_cli", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "COMFYDOCK_HOME": str(tmp_path)},
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "comfydock_cli.cli" in imported
    assert imported & (HEAVY | {"re", "json", "pathlib", "subprocess", "tomllib", "dataclasses"}) - _of_faces() == set()


def _of_faces() -> set[str]:
    """What `lazy_loader` itself needs to read a stub from source; frozen builds carry no stubs."""
    return {"re"}
