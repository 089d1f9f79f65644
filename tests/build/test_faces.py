"""The literal faces of the staged tree are the lazy faces of the sources."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from build.faces import FaceError, is_lazy_face, literal_face, stub_places
from build.paths import Layout
from build.stage import copy_package

CORE = Layout().packages[0]

FACE = '''"""A face."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
'''

PACKAGES = [
    ".".join((CORE.name, *path.parent.relative_to(CORE).parts))
    for path in sorted(CORE.rglob("__init__.py"))
    if is_lazy_face(path.read_text("utf-8"))
]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("staged")
    copy_package(CORE, place / CORE.name)
    return place


def bare(place: Path, code: str, *flags: str, **environment: str) -> str:
    """Run code in a bare interpreter that sees the staged tree and the packages of this one."""
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    start = f"import sys; sys.path[:0] = {[str(place), *libraries]!r}\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", *flags, "-c", start + code], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_package_of_the_library_has_a_lazy_face() -> None:
    faces = [path for path in CORE.rglob("__init__.py") if not is_lazy_face(path.read_text("utf-8"))]
    assert faces == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_literal_face_exports_what_stub_and_live_face_export(package: str, staged: Path) -> None:
    stub = CORE.joinpath(*package.split(".")[1:], "__init__.pyi")
    live = importlib.import_module(package)
    answer = bare(staged, f"import {package} as face; print([sorted(face.__all__), sorted(dir(face))])")
    names = sorted(stub_places(stub.read_text("utf-8")))
    assert sorted(live.__all__) == names
    assert answer == f"{[names, names]}\n"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_of_a_literal_face_is_the_object_of_its_module(package: str, staged: Path) -> None:
    answer = bare(
        staged,
        f"import {package} as face\n"
        "for name in face.__all__:\n"
        "    value = getattr(face, name)\n"
        "    place = face._places()[name]\n"
        "    module = sys.modules[f'{face.__name__}.{place}']\n"
        "    assert value is (module if place == name else vars(module)[name]), name\n"
        "    assert vars(face)[name] is value\n"
        "print('same')",
    )
    assert answer == "same\n"


def test_a_literal_face_loads_no_module_before_a_name_is_touched(staged: Path) -> None:
    answer = bare(
        staged,
        "import comfydock_core\n"
        "print(sorted(n for n in sys.modules if n.startswith('comfydock_core')), 'os' in sys.modules)\n"
        "comfydock_core.core\n"
        "print('comfydock_core.core' in sys.modules, 'comfydock_core.core.workspace' in sys.modules)",
    )
    assert answer == "['comfydock_core'] False\nTrue False\n"


def test_a_name_that_is_not_exported_is_an_attribute_error(staged: Path) -> None:
    answer = bare(
        staged,
        "import comfydock_core\n"
        "try:\n    comfydock_core.nothing\n"
        "except AttributeError as error:\n    print(error)\n"
        "try:\n    from comfydock_core import nothing\n"
        "except ImportError as error:\n    print('no import')",
    )
    assert answer == "module 'comfydock_core' has no attribute 'nothing'\nno import\n"


def test_a_face_loads_everything_at_once_when_told_so(staged: Path) -> None:
    answer = bare(
        staged,
        f"import {', '.join(PACKAGES)}\n"
        f"faces = [sys.modules[name] for name in {PACKAGES!r}]\n"
        "print([(f.__name__, n) for f in faces for n in f.__all__ if n not in vars(f)])",
        EAGER_IMPORT="1",
    )
    assert answer == "[]\n"


def test_a_stub_with_anything_else_is_refused() -> None:
    for stub in (
        "import os",
        "from .module import *",
        "from .module import Name",
        "from .module import Name as Other",
        "from module import Name as Name",
        "from .name import name as name",
        "from .a import X as X\nfrom .b import X as X",
    ):
        with pytest.raises(FaceError):
            literal_face(FACE, stub)


def test_a_face_that_is_not_lazy_is_refused() -> None:
    with pytest.raises(FaceError):
        literal_face('"""A package."""\n', "")
