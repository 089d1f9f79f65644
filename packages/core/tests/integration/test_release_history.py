"""In which releases of ComfyUI a class is, by a real history of releases."""

import subprocess
from pathlib import Path

import pytest

from comfydock_core.analyzers.release_history import ClassHistory, ReleaseHistory


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Five releases: `Always` in all, `Late` from the third on, `Gone` until the second, `Once` in the fourth alone."""
    classes = {
        "v0.9.0": "Always Gone", "v0.10.0": "Always Gone", "v0.11.0": "Always Late", "v0.12.0": "Always Late Once",
        "v1.0.0": "Always Late",
    }  # fmt: skip
    _git(tmp_path, "init", "-q")
    for tag, names in classes.items():
        (tmp_path / "nodes.py").write_text("".join(f'CLASSES["{name}"] = {name}\n' for name in names.split()))
        (tmp_path / "notes.txt").write_text('"Elsewhere"')
        _git(tmp_path, "add", "-A")
        _git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", tag)
        _git(tmp_path, "tag", tag)
    return tmp_path


def _git(where: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=where, check=True)


def test_a_class_is_there_from_its_first_release_on(history: Path) -> None:
    found = ReleaseHistory(str(history)).of(["Always", "Late"])
    assert found == {
        "Always": ClassHistory("v0.9.0", "v1.0.0", gone=False),
        "Late": ClassHistory("v0.11.0", "v1.0.0", gone=False),
    }


def test_a_class_that_newer_releases_lack_is_gone(history: Path) -> None:
    found = ReleaseHistory(str(history)).of(["Gone"])
    assert found == {"Gone": ClassHistory("v0.9.0", "v0.10.0", gone=True)}


def test_releases_are_in_the_order_of_their_numbers(history: Path) -> None:
    assert ReleaseHistory(str(history)).of(["Once"])["Once"].last == "v0.12.0"


def test_names_elsewhere_and_parts_of_names_do_not_count(history: Path) -> None:
    assert ReleaseHistory(str(history)).of(["Elsewhere", "Alway", "-e", ""]) == {}


def test_without_releases_nothing_is_known(tmp_path: Path) -> None:
    assert ReleaseHistory(str(tmp_path)).of(["Always"]) == {}
