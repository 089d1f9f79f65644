"""Which index a locked package comes from, with real uv and two real indexes that have packages of the same name."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from comfydock_core.models.exceptions import HashMismatch, IndexChanged, NetworkUnavailable
from comfydock_core.repositories.definition.uv_lock import read_lock
from tests.support.indexes import Indexes, serving_directory
from tests.support.machines import Machine, files_of
from tests.support.wheels import add_to_index, write_index, write_wheel

MINE, STRANGERS = {"mypkg/__init__.py": 'who = "mine"\n'}, {"mypkg/__init__.py": 'who = "a stranger"\n'}


@pytest.fixture
def public(tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Indexes]:
    """The only index that is configured."""
    root = tmp_path / "public"
    for name in ("six", "helper"):
        add_to_index(root, name, "1.0")
    write_index(root)
    with serving_directory(root) as served:
        monkeypatch.setenv("UV_DEFAULT_INDEX", served.url)
        yield served


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Indexes]:
    root = tmp_path / "private"
    add_to_index(root, "mypkg", "1.0", files=MINE)
    write_index(root)
    with serving_directory(root) as served:
        yield served


@pytest.fixture
def locked(machine: Machine, public: Indexes, private: Indexes, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine whose definition has a package of the private index, which is not configured any more."""
    machine.write("mypkg")
    with monkeypatch.context() as configured:
        configured.setenv("UV_INDEX", private.url)
        machine.lock("none")
    return machine


def stranger(public: Indexes, **options: object) -> None:
    """Somebody publishes a package of that name."""
    add_to_index(public.root, "mypkg", "1.0", **{"files": STRANGERS, **options})
    write_index(public.root)


def origin(machine: Machine) -> str:
    """The index that the package is locked from."""
    (package,) = read_lock(f"{machine.definition}/uv.lock").named("mypkg")
    return str(package["source"]["registry"]).rstrip("/")  # type: ignore[index]


def test_a_package_of_the_same_name_elsewhere_is_not_taken_for_it(
    locked: Machine, public: Indexes, private: Indexes
) -> None:
    stranger(public)
    locked.project.add(["six"], locked.reporter)
    with pytest.raises(IndexChanged) as refused:
        locked.project.relock("none", locked.reporter)
    for told in ("`mypkg`", private.url, public.url):
        assert told in refused.value.message
    assert refused.value.hint is not None
    assert f"UV_INDEX={private.url}" in refused.value.hint


def test_the_setting_that_the_hint_names_brings_it_back(
    locked: Machine, public: Indexes, private: Indexes, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger(public)
    locked.project.add(["six"], locked.reporter)
    monkeypatch.setenv("UV_INDEX", private.url)
    locked.project.relock("none", locked.reporter)
    assert origin(locked) == private.url


def test_whoever_asks_for_it_by_name_may_get_it_from_another_index(locked: Machine, public: Indexes) -> None:
    stranger(public)
    locked.project.relock("none", locked.reporter, asked=["mypkg"])
    assert origin(locked) == public.url


def test_a_mirror_of_the_same_files_is_none_to_be_refused(locked: Machine, public: Indexes, private: Indexes) -> None:
    shutil.copytree(private.root / "mypkg", public.root / "mypkg")
    write_index(public.root)
    locked.project.add(["six"], locked.reporter)
    locked.project.relock("none", locked.reporter)
    assert origin(locked) == public.url


def test_a_mirror_with_other_files_beside_the_same_one_is_refused(
    locked: Machine, public: Indexes, private: Indexes
) -> None:
    shutil.copytree(private.root / "mypkg", public.root / "mypkg")
    stranger(public, tag="py3-none-win_amd64")
    locked.project.add(["six"], locked.reporter)
    with pytest.raises(IndexChanged):
        locked.project.relock("none", locked.reporter)


def test_what_no_index_has_any_more_is_told_with_the_index_it_is_locked_from(locked: Machine, private: Indexes) -> None:
    before = files_of(locked.definition)
    with pytest.raises(IndexChanged, match="no index that is configured") as refused:
        locked.project.add(["six"], locked.reporter)
    assert f"`mypkg` is locked from `{private.url}`" in refused.value.message
    assert files_of(locked.definition) == before


def test_an_index_that_does_not_answer_is_told_with_what_is_locked_from_there(
    locked: Machine, private: Indexes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_directory(private.root) as gone:
        monkeypatch.setenv("UV_INDEX", gone.url)
        locked.project.relock("none", locked.reporter, asked=["mypkg"])
        locked.write("mypkg", "six")
        locked.project.relock("none", locked.reporter)
    shutil.rmtree(locked.place / "cache")
    locked.write("mypkg", "six", "helper")
    with pytest.raises(NetworkUnavailable) as failed:
        locked.project.relock("none", locked.reporter)
    assert failed.value.hint is not None
    assert failed.value.hint.startswith(f"`{gone.url}` has to answer: mypkg is locked from there")


def test_a_login_in_the_address_is_neither_compared_nor_told(
    locked: Machine, public: Indexes, private: Indexes, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger(public)
    locked.write("mypkg", "six")
    monkeypatch.setenv("UV_INDEX", private.url.replace("http://", "http://me:geheim@"))
    locked.project.relock("none", locked.reporter)
    monkeypatch.delenv("UV_INDEX")
    locked.write("mypkg", "six", "helper")
    with pytest.raises(IndexChanged) as refused:
        locked.project.relock("none", locked.reporter)
    assert "geheim" not in f"{refused.value.message}{refused.value.hint}{refused.value.context}"


def test_what_is_locked_is_installed_from_its_index_without_the_setting(locked: Machine, public: Indexes) -> None:
    stranger(public)
    locked.install("none")
    (module,) = locked.venv.glob("lib/python3*/site-packages/mypkg/__init__.py")
    assert module.read_text() == 'who = "mine"\n'


def test_wheels_in_a_directory_of_this_machine_are_locked_with_their_hash(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheel = write_wheel(tmp_path / "here" / "wheels", "homemade", "1.0")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("UV_FIND_LINKS", "./wheels")
    machine.write("homemade")
    machine.lock("none").install("none")
    assert machine.installed() == {"homemade==1.0"}
    for place in (machine.venv, machine.place / "cache"):
        shutil.rmtree(place)
    write_wheel(wheel.parent, "homemade", "1.0", files={"other.py": "changed = True\n"})
    with pytest.raises(HashMismatch):
        machine.install("none")
