"""The index of model files: what a scan changes in it, what stays, and what it refuses."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from blake3 import blake3

from comfydock_core.analyzers.model_scanner import ModelScanner
from comfydock_core.models.exceptions import BusyError, ModelIndexDamaged
from comfydock_core.models.model_files.index import WORKSPACE, IndexChange, ScanRoot
from comfydock_core.repositories.model_index.earlier import take_in_earlier_index
from comfydock_core.repositories.model_index.index_reader import read_model_index
from comfydock_core.repositories.model_index.model_index import ModelIndex, open_model_index
from comfydock_core.repositories.model_index.schema import MIGRATIONS
from comfydock_core.utils.files.digests import digests_of
from tests.support.earlier_models import write_models_db
from tests.support.reporters import RecordingReporter

KINDS = frozenset((".safetensors",))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number, name in enumerate(("loras/a", "loras/b", "vae/c")):
        path = tmp_path / f"models/{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * 100)
    return tmp_path / "models"


@pytest.fixture
def index(tmp_path: Path):  # type: ignore[no-untyped-def]
    with open_model_index(str(tmp_path / "index.db")) as opened:
        yield opened


def sync(index: ModelIndex, root: Path) -> IndexChange:
    return index.take_in(ModelScanner(ScanRoot(str(root), WORKSPACE, (), KINDS)).scan())


def read(index: ModelIndex, path: Path) -> str:
    digests = digests_of(str(path))
    index.note_digests(str(path), digests)
    return digests.blake3


def test_the_second_look_at_the_same_files_changes_nothing(index: ModelIndex, root: Path) -> None:
    assert len(sync(index, root).added) == 3
    assert sync(index, root).nothing_changed


def test_a_changed_file_loses_its_digests_and_an_unchanged_one_keeps_them(index: ModelIndex, root: Path) -> None:
    sync(index, root)
    digests = [read(index, root / f"loras/{name}.safetensors") for name in "ab"]
    (root / "loras/a.safetensors").write_bytes(b"other")
    assert sync(index, root).changed == ("loras/a.safetensors",)
    assert [len(index.locations_with(digest)) for digest in digests] == [0, 1]


def test_a_moved_file_is_known_at_its_new_place(index: ModelIndex, root: Path) -> None:
    sync(index, root)
    digest = read(index, root / "loras/a.safetensors")
    (root / "loras/a.safetensors").rename(root / "vae/moved.safetensors")
    change = sync(index, root)
    assert change.moved == (("loras/a.safetensors", "vae/moved.safetensors"),)
    assert (change.added, change.gone) == ((), ())
    assert [one.path for one in index.locations_with(digest)] == ["vae/moved.safetensors"]


def test_another_name_of_a_known_file_needs_no_reading(index: ModelIndex, root: Path) -> None:
    sync(index, root)
    digest = read(index, root / "loras/a.safetensors")
    os.link(root / "loras/a.safetensors", root / "vae/hard.safetensors")
    (root / "vae/soft.safetensors").symlink_to(root / "loras/a.safetensors")
    sync(index, root)
    assert len(index.locations_with(digest)) == 3
    assert index.duplicates() == []


def test_what_is_known_of_an_absent_root_stays(index: ModelIndex, root: Path) -> None:
    sync(index, root)
    digest = read(index, root / "loras/a.safetensors")
    root.rename(root.with_name("unplugged"))
    change = sync(index, root)
    assert (change.present, change.gone) == (False, ())
    (place,) = index.locations_with(digest)
    assert place.absent
    root.with_name("unplugged").rename(root)
    assert sync(index, root).nothing_changed
    assert not index.locations_with(digest)[0].absent


def test_another_number_of_the_disk_voids_no_digest(index: ModelIndex, root: Path, tmp_path: Path) -> None:
    sync(index, root)
    digest = read(index, root / "loras/a.safetensors")
    with sqlite3.connect(tmp_path / "index.db") as connection:
        connection.execute("UPDATE locations SET device = device + 1")
    connection.close()
    assert sync(index, root).nothing_changed
    assert len(index.locations_with(digest)) == 1


def test_sources_outlive_the_file(index: ModelIndex, root: Path) -> None:
    sync(index, root)
    digest = read(index, root / "loras/a.safetensors")
    index.add_source(digest, "https://example.org/a", "url")
    (root / "loras/a.safetensors").unlink()
    assert sync(index, root).gone == ("loras/a.safetensors",)
    assert [source.url for source in index.sources_of(digest)] == ["https://example.org/a"]


def test_names_that_are_no_text_are_kept_as_they_are(index: ModelIndex, root: Path) -> None:
    name = os.fsdecode(b"loras/\xff.safetensors")
    Path(root, name).write_bytes(b"x")
    assert name in sync(index, root).added
    digest = read(index, Path(root, name))
    assert [one.path for one in index.locations_with(digest)] == [name]
    assert sync(index, root).nothing_changed


def test_files_that_begin_alike_are_not_equal(index: ModelIndex, root: Path) -> None:
    """Both predecessors take these for one model: equal size, equal first five MiB."""
    beginning = b"\0" * (5 << 20)
    for name, end in (("one", b"1"), ("other", b"2")):
        (root / f"{name}.safetensors").write_bytes(beginning + end * 1000)
    sync(index, root)
    assert read(index, root / "one.safetensors") != read(index, root / "other.safetensors")
    assert index.duplicates() == []


def test_equal_files_are_duplicates_the_largest_waste_first(index: ModelIndex, root: Path) -> None:
    for name, size in (("small", 100), ("large", 10_000)):
        for copy in ("1", "2"):
            (root / f"{name}{copy}.safetensors").write_bytes(name.encode() * size)
    sync(index, root)
    for path in root.glob("*.safetensors"):
        read(index, path)
    assert [sorted(one.path for one in group) for group in index.duplicates()] == [
        ["large1.safetensors", "large2.safetensors"],
        ["small1.safetensors", "small2.safetensors"],
    ]


def test_a_scan_that_fails_in_the_middle_leaves_the_index_as_it_was(
    index: ModelIndex, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from comfydock_core.repositories.model_index import scans

    sync(index, root)
    (root / "loras/a.safetensors").unlink()
    (root / "new.safetensors").write_bytes(b"x")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(scans, "_ADD", "SELECT 1")
        patch.setattr(scans, "state_values", interrupted)
        sync(index, root)
    assert len(index.locations()) == 3
    assert len(sync(index, root).added) == 1


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_damaged_index_is_refused_with_what_helps(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(ModelIndexDamaged, match=r"index\.db") as error:
        open_model_index(str(path))
    assert "comfydock model index sync" in (error.value.hint or "")


def test_that_of_a_newer_comfydock_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    open_model_index(str(path)).__exit__(None, None, None)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ModelIndexDamaged, match="newer"):
        open_model_index(str(path))
    assert path.read_bytes() == before


def test_an_absent_index_is_empty_for_who_reads_and_is_not_made(tmp_path: Path) -> None:
    with open_model_index(str(tmp_path / "none.db"), to_write=False) as index:
        assert index.locations() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("version", "tool"), [(9, "ComfyDock 1.x"), (10, "ComfyGit")])
def test_sources_and_digests_of_a_predecessor_are_taken_in_and_its_file_is_not_touched(
    index: ModelIndex, root: Path, tmp_path: Path, version: int, tool: str
) -> None:
    model, database = root / "loras/a.safetensors", tmp_path / "models.db"
    digest = blake3(model.read_bytes()).hexdigest()
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    write_models_db(database, model, root, version=version, blake3=digest, sha256=sha256)
    before, listed = database.read_bytes(), sorted(os.listdir(tmp_path))
    reporter = RecordingReporter()
    take_in_earlier_index(index, str(database), reporter)
    assert (database.read_bytes(), sorted(os.listdir(tmp_path)), reporter.warnings) == (before, listed, [])
    sync(index, root)
    place = index.location_at(str(root), "loras/a.safetensors")
    assert place is not None
    (source,) = index.sources_at(place)
    assert (source.url, source.kind, source.origin) == ("https://civitai.com/api/download/models/7", "civitai", tool)
    assert {claim.digest for claim in index.claims_of(place)} == {digest, sha256}
    assert index.sources_of(digest) == [source]


def test_what_a_predecessor_noted_of_a_file_that_changed_since_does_not_count(
    index: ModelIndex, root: Path, tmp_path: Path
) -> None:
    model = root / "loras/a.safetensors"
    write_models_db(tmp_path / "models.db", model, root)
    shutil.copy(root / "loras/b.safetensors", model)
    os.utime(model, (1, 1))
    take_in_earlier_index(index, str(tmp_path / "models.db"), RecordingReporter())
    sync(index, root)
    place = index.location_at(str(root), "loras/a.safetensors")
    assert place is not None
    assert index.sources_at(place) == []


def test_a_database_of_nobody_is_a_warning(index: ModelIndex, tmp_path: Path) -> None:
    (tmp_path / "models.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 500)
    reporter = RecordingReporter()
    take_in_earlier_index(index, str(tmp_path / "models.db"), reporter)
    assert len(reporter.warnings) == 1


OPENING = """
import sys
from comfydock_core.repositories.model_index.model_index import open_model_index
with open_model_index(sys.argv[1]) as index:
    index.forget_roots([])
"""


def test_several_that_make_it_at_once_all_have_one(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    started = [subprocess.Popen([sys.executable, "-c", OPENING, str(path)], stderr=subprocess.PIPE) for _ in range(6)]
    said = [process.communicate()[1] for process in started]
    assert ([process.returncode for process in started], said) == ([0] * 6, [b""] * 6)
    assert sorted(os.listdir(tmp_path)) == ["index.db"]


def test_who_shows_models_does_not_wait_for_who_changes_the_index(
    index: ModelIndex, root: Path, tmp_path: Path
) -> None:
    sync(index, root)
    with open_model_index(str(tmp_path / "index.db")) as other:
        connection = sqlite3.connect(tmp_path / "index.db", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError):
            other.note_headers({(str(root), "loras/a.safetensors"): {}})
        connection.close()


@pytest.mark.parametrize(
    ("word", "fits"),
    [
        ("A_1", ["loras/a_1.safetensors"]),
        ("50%", ["loras/50%.safetensors"]),
        ("back\\", ["loras/back\\.safetensors"]),
        ("GROSSE", ["loras/große.safetensors"]),
        ("\u00c4", ["loras/a\u0308.safetensors"]),
        ("x" * 60_000, []),
        ("\0", []),
        ("7", []),  # The number of a row is not what it says.
    ],
)
def test_words_mean_what_they_say_whatever_their_letters(tmp_path: Path, word: str, fits: list[str]) -> None:
    from comfydock_core.configs.workspace_layout import WorkspaceLayout
    from comfydock_core.core.usecases.models.searching import search_models

    layout = WorkspaceLayout(str(tmp_path))
    (tmp_path / "comfydock_cache").mkdir()
    (tmp_path / "models/loras").mkdir(parents=True)
    for name in ("a_1", "a21", "50%", "500", "back\\", "große", "a\u0308"):
        (tmp_path / f"models/loras/{name}.safetensors").write_bytes(b"x")
    with open_model_index(layout.model_index) as index:
        sync(index, tmp_path / "models")
    assert [one.path for one in search_models(layout, [word])] == fits


def found_by(path: str, *words: str) -> list[int]:
    """The numbers of rows, by an index that somebody opens now."""
    with read_model_index(path) as reader:
        return sorted(reader.numbers_with(words))


def test_a_search_sees_every_change_of_names_and_headers(index: ModelIndex, root: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "index.db")
    (root / "loras").mkdir(exist_ok=True)
    first = root / "loras/unheard of.safetensors"
    first.write_bytes(b"x")
    sync(index, root)
    (number,) = found_by(path, "unheard", "loras")
    first.rename(root / "loras/renamed.safetensors")
    sync(index, root)
    assert (found_by(path, "unheard"), found_by(path, "renamed")) == ([], [number])
    index.note_headers({(str(root), "loras/renamed.safetensors"): {"kind": "lora", "family": "Flux.1"}})
    assert found_by(path, "renamed", "flux.1") == [number]
    (root / "loras/renamed.safetensors").write_bytes(b"another")
    sync(index, root)
    assert found_by(path, "renamed", "flux.1") == []
    (root / "loras/renamed.safetensors").unlink()
    sync(index, root)
    assert found_by(path, "renamed") == []
    (root / "loras/last.safetensors").write_bytes(b"x")
    sync(index, root)
    index.forget_roots([])
    assert found_by(path, "last") == []


def test_an_index_of_the_first_version_is_searched_after_it_was_brought_up_to_date(tmp_path: Path) -> None:
    path = str(tmp_path / "index.db")
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in MIGRATIONS[0].split(";"):
        connection.execute(statement)
    connection.execute("PRAGMA user_version = 1")
    connection.execute("INSERT INTO roots VALUES (1, '/models', 'workspace', 1, 0)")
    connection.execute(
        "INSERT INTO locations (number, root, path, folder, size, mtime_ns, inode, device)"
        " VALUES (5, 1, 'loras/Détail.safetensors', 'loras', 1, 1, 1, 1)"
    )
    connection.close()
    assert found_by(path, "détail") == [5]
    with open_model_index(path) as index:
        index.check()
