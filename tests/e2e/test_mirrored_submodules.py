"""Node packs with submodules, and packages from git, in mirrors."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.test_mirrors import serving_everything
from tests.support import programs
from tests.support.miniature import Miniature, commit, git
from tests.support.sessions import Session, envelope_of

_IDENTITY = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")


def add_repository(place: Path, files: dict[str, str]) -> str:
    for path, content in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(content)
    if not (place / ".git").exists():
        git(place, "init", "--quiet", "--initial-branch=main")
    return commit(place, "Change it")


def add_submodule(place: Path, path: str, address: str, inner: str) -> str:
    (place / ".gitmodules").write_text(f'[submodule "{path}"]\n\tpath = {path}\n\turl = {address}\n')
    git(place, "update-index", "--add", "--cacheinfo", f"160000,{inner},{path}")
    git(place, "add", ".gitmodules")
    git(place, *_IDENTITY, "commit", "--quiet", "-m", f"Add {path}")
    return git(place, "rev-parse", "HEAD").strip()


# A package that builds itself, so that building it needs nothing from anywhere.
_PACKAGE = {
    "pyproject.toml": """\
[build-system]
requires = []
build-backend = "building"
backend-path = ["."]

[project]
name = "tiny"
version = "1.0"
""",
    "building.py": """\
import zipfile

FILES = {
    "tiny.py": "",
    "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n",
    "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "tiny-1.0.dist-info/RECORD": "",
}


def build_wheel(directory, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{directory}/tiny-1.0-py3-none-any.whl", "w") as wheel:
        for name, content in FILES.items():
            wheel.writestr(name, content)
    return "tiny-1.0-py3-none-any.whl"
""",
}


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> tuple[Path, dict[str, str]]:
    """A mirror of an environment with a pack in a pack in a pack, after every server is gone; and the variables."""
    place = tmp_path_factory.mktemp("mirrored")
    with serving_everything(place, miniature) as session:
        host = place / "host"
        deep = add_repository(host / "carol/deep.git", {"deep.py": "x = 1\n"})
        add_repository(host / "bob/inner.git", {"inner.py": "x = 1\n"})
        inner = add_submodule(host / "bob/inner.git", "deep", "../../carol/deep", deep)
        add_submodule(host / "alice/Fancy.git", "vendor", "https://github.com/bob/inner", inner)
        session.ok("create", "work", "--torch-backend", "cpu", "--use")
        session.ok("node", "add", "https://github.com/alice/Fancy")
        session.ok("commit", "-m", "first")
        told = session.data("mirror", "export", str(place / "mirror"))
        assert (told["complete"], told["lacking"]) == (True, [])
        again = session.data("mirror", "export", str(place / "mirror"))
        assert "git" not in again["added"]
    shutil.rmtree(session.workspace)
    return place / "mirror", session.variables


@pytest.fixture
def other(mirror: tuple[Path, dict[str, str]], tmp_path: Path) -> Session:
    (tmp_path / "home").mkdir()
    variables = {**mirror[1], "HOME": str(tmp_path / "home")}
    session = Session(programs.program("source"), tmp_path / "workspace", variables)
    session.ok("init")
    return session


def test_a_pack_with_submodules_is_made_without_a_network(mirror: tuple[Path, dict[str, str]], other: Session) -> None:
    words = ("--name", "copy", "--torch-backend", "cpu", "--models", "skip", "--use")
    other.ok("import", "work", *words, "--offline-from", str(mirror[0]))
    pack = other.environments / "copy/ComfyUI/custom_nodes/Fancy"
    assert (pack / "vendor/inner.py").is_file()
    assert (pack / "vendor/deep/deep.py").is_file()
    for place, address in ((pack / "vendor", "bob/inner"), (pack / "vendor/deep", "carol/deep")):
        assert git(place, "status", "--porcelain") == ""
        assert git(place, "remote", "get-url", "origin").strip() == f"https://github.com/{address}"
    assert str(other.workspace) not in (pack / ".git/config").read_text()


def test_a_submodule_that_is_not_there_stops_it_and_is_named(
    mirror: tuple[Path, dict[str, str]], other: Session
) -> None:
    other.ok("mirror", "import", str(mirror[0]))
    (lost,) = (other.workspace / "comfydock_cache/git").glob("carol-deep-*.git")
    shutil.rmtree(lost)
    bundle = str(mirror[0] / "environments/work.tar.gz")
    error = other.error("import", bundle, "--name", "copy", "--torch-backend", "cpu", "--models", "skip", "--offline")
    assert (error["code"], error["context"]["repository"]) == ("offline", "https://github.com/carol/deep")
    assert not (other.environments / "copy").exists()


def test_a_package_that_is_locked_from_git_is_told(tmp_path: Path, miniature: Miniature) -> None:
    with serving_everything(tmp_path, miniature) as session:
        session.variables["UV_NO_GITHUB_FAST_PATH"] = "1"
        add_repository(tmp_path / "host/dave/tiny.git", _PACKAGE)
        session.ok("create", "work", "--torch-backend", "cpu", "--use")
        session.ok("py", "add", "tiny @ git+https://github.com/dave/tiny")
        session.ok("commit", "-m", "first")
        for _ in range(2):  # A further run tells it again.
            envelope = envelope_of(session.run("mirror", "export", str(tmp_path / "mirror"), "--json"))
            assert (envelope["exit_code"], envelope["data"]["complete"]) == (3, False)
            assert [one["what"] for one in envelope["data"]["lacking"]] == ["tiny 1.0"]
