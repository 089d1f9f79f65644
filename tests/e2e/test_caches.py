"""`cache size` and `cache prune`: what anything may need stays, what nothing needs goes, and the sizes are true."""

import hashlib
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from comfydock_core.utils.files import file_locks
from tests.e2e.moves import contents, definition, goes
from tests.e2e.test_terminal import end, terminal
from tests.support.miniature import git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session, tree

PRUNE = ("cache", "prune", "--yes")
FANCY = "https://github.com/alice/Fancy"
OTHER = "https://github.com/bob/Other"
LONG_AGO = 1_500_000_000


@pytest.fixture
def packed(work: Session, host: PackHost) -> Session:
    """Two commits that name different node packs, after all that they came from is gone."""
    work.ok("use", "work")
    for version in ("1.0.0", "2.0.0"):
        host.add("blur", version, files=pack_files(f"Blur{version[0]}"))
    for name in ("sharp", "spare"):
        host.add(name, files=pack_files(name.capitalize()))
    host.add_repository("alice", "Fancy", pack_files("Fancy"))
    host.add_repository("bob", "Other", pack_files("Other"))
    work.ok("node", "add", "blur@1.0.0", FANCY)
    work.ok("commit", "-m", "first")
    work.ok("node", "update", "blur")
    work.ok("node", "remove", "Fancy")
    work.ok("commit", "-m", "second")
    work.ok("operation", "prune")
    return work


def add_spare(session: Session) -> None:
    """A pack of the registry and one from git that are taken away again, which `undo` cannot take back."""
    session.ok("node", "add", "spare", OTHER)
    session.ok("node", "remove", "spare", "Other")
    session.ok("operation", "prune")


def caches(session: Session) -> Path:
    return session.workspace / "comfydock_cache"


def kept_packs(session: Session) -> set[str]:
    """Which packs the cache has whole, by their class."""
    whole = [path for path in (caches(session) / "packs").iterdir() if (path / "listing.json").is_file()]
    return {(path / "content/README.md").read_text().strip("# \n") for path in whole if path.name[0] != "."}


def kept_mirrors(session: Session) -> set[str]:
    return {path.name.rpartition("-")[0] for path in (caches(session) / "git").glob("*.git") if path.name[0] != "."}


def hidden(session: Session) -> list[Path]:
    return [path for kind in ("packs", "git") for path in (caches(session) / kind).glob(".*")]


def on_disk(*places: Path) -> int:
    """The bytes of blocks, each file once."""
    found = {}
    for place in places:
        for top, directories, files in os.walk(place):
            for name in [".", *directories, *files]:
                one = (Path(top) / name).lstat()
                found[one.st_dev, one.st_ino] = one.st_blocks * 512
    return sum(found.values())


def gone(data: dict[str, Any]) -> list[str]:
    return sorted(one["kind"] for one in data["entries"])


def test_what_only_an_old_commit_names_stays_and_what_nothing_names_goes(packed: Session, host: PackHost) -> None:
    second = contents(packed)
    add_spare(packed)
    assert kept_packs(packed) == {"Blur1", "Blur2", "Fancy", "Spare", "Other"}
    assert kept_mirrors(packed) == {"alice-fancy", "bob-other"}
    plan = packed.data("cache", "prune", "--dry-run")
    done = packed.data(*PRUNE)
    assert (done["entries"], done["freed"], done["stayed"]) == (plan["entries"], plan["frees"], [])
    assert gone(done) == ["mirrors", "packs", "packs"]
    assert kept_packs(packed) == {"Blur1", "Blur2", "Fancy"}
    assert kept_mirrors(packed) == {"alice-fancy"}
    assert hidden(packed) == []
    shutil.rmtree(host.root)
    host.archives.clear()
    host.nodes.clear()
    goes(packed, "checkout", "main~1", "--offline")
    goes(packed, "checkout", "main", "--offline")
    assert contents(packed) == second


def test_what_is_said_to_be_freed_is_what_the_disk_gets_back(packed: Session) -> None:
    add_spare(packed)
    (pack,) = (path for path in (caches(packed) / "packs").glob("archive-*") if (path / "content/README.md").is_file()
               and "Spare" in (path / "content/README.md").read_text())  # fmt: skip
    (pack / "content/large").write_bytes(b"large" * 100_000)
    os.link(pack / "content/large", packed.workspace.parent / "elsewhere")
    (pack / "content/own").write_bytes(b"own" * 50_000)
    before = on_disk(packed.workspace.parent)
    done = packed.data(*PRUNE)
    after = on_disk(packed.workspace.parent)
    locks = 64 * 1024  # Directories and files of locks, which cost a block each at most.
    assert 150_000 <= done["freed"] < 500_000
    assert abs(before - after - done["freed"]) < locks


def test_the_dry_run_changes_nothing_and_the_words_name_what_goes(packed: Session) -> None:
    add_spare(packed)
    before = tree(packed.workspace, whole=True)
    told = packed.ok("cache", "prune", "--dry-run").out.splitlines()
    assert tree(packed.workspace, whole=True) == before
    assert [line.partition("(")[0].rpartition("-")[0] for line in told[:-1]] == [
        "would remove node pack archive", "would remove node pack git-bob-other-" + mirror_digits(packed),
        "would remove mirror bob-other",
    ]  # fmt: skip
    assert told[-1].startswith("would free ")


def mirror_digits(session: Session) -> str:
    (mirror,) = (caches(session) / "git").glob("bob-other-*.git")
    return mirror.stem.rpartition("-")[2]


def test_what_lies_there_uncommitted_stays(packed: Session) -> None:
    packed.ok("node", "add", "spare", OTHER)
    packed.ok("operation", "prune")
    assert packed.data(*PRUNE)["entries"] == []
    assert {"Spare", "Other"} <= kept_packs(packed)


def test_what_lies_among_the_packs_stays_although_nothing_tracks_it(packed: Session) -> None:
    packed.ok("node", "add", "spare")
    packed.ok("node", "remove", "spare", "--untrack")
    packed.ok("operation", "prune")
    packed.data(*PRUNE)
    assert "Spare" in kept_packs(packed)


def test_what_undo_would_bring_back_stays_until_it_cannot(packed: Session) -> None:
    packed.ok("node", "add", "spare", OTHER)
    packed.ok("node", "remove", "spare", "Other")
    assert packed.data(*PRUNE)["entries"] == []
    packed.ok("undo", "-e", "work")
    packed.ok("undo", "-e", "work")
    assert packed.data(*PRUNE)["entries"] == []
    packed.ok("operation", "prune")
    assert gone(packed.data(*PRUNE)) == ["mirrors", "packs", "packs"]


def test_what_a_deleted_environment_named_stays_until_it_cannot_come_back(packed: Session) -> None:
    packed.ok("delete", "work", "--yes")
    assert packed.data(*PRUNE)["entries"] == []
    packed.ok("operation", "prune", "--workspace")
    packed.data(*PRUNE)
    assert (kept_packs(packed), kept_mirrors(packed)) == (set(), set())


def test_what_only_a_stash_names_stays_also_when_it_was_dropped_and_can_come_back(packed: Session) -> None:
    packed.ok("node", "add", "spare", OTHER)
    packed.ok("stash")
    packed.ok("operation", "prune")
    assert packed.data(*PRUNE)["entries"] == []
    packed.ok("stash", "drop")
    git(definition(packed), "reflog", "expire", "--expire=now", "--all")
    assert packed.data(*PRUNE)["entries"] == []
    packed.ok("undo", "-e", "work")
    packed.ok("stash", "pop", "--offline")
    assert {"Spare", "Other"} <= kept_packs(packed)


def test_what_only_a_side_of_a_merge_names_stays(packed: Session) -> None:
    packed.ok("switch", "-c", "side")
    packed.ok("node", "add", "spare")
    packed.ok("commit", "-m", "spare")
    packed.ok("switch", "main")
    (definition(packed) / "notes.txt").write_text("notes")
    packed.ok("commit", "-m", "notes")
    git(definition(packed), "merge", "-q", "-s", "ours", "-m", "ours", "side")
    git(definition(packed), "branch", "-q", "-D", "side")
    packed.ok("operation", "prune")
    git(definition(packed), "reflog", "expire", "--expire=now", "--all")
    packed.data(*PRUNE)
    assert "Spare" in kept_packs(packed)


def test_a_damaged_history_keeps_every_pack_and_is_named(packed: Session) -> None:
    add_spare(packed)
    objects = definition(packed) / ".git/objects"
    lost = git(definition(packed), "rev-parse", "HEAD~1:pyproject.toml").strip()
    (objects / lost[:2] / lost[2:]).unlink()
    old = outdated_answer(packed)
    done = packed.data(*PRUNE)
    assert gone(done) == ["answers"]
    assert not old.exists()
    (doubt,) = done["doubts"]
    assert (doubt["place"], "missing" in doubt["reason"]) == (str(definition(packed)), True)
    assert {"Spare", "Other"} <= kept_packs(packed)
    assert (
        "all node packs and mirrors are kept: cannot read the history: 1 of its objects are missing in"
        in packed.ok("cache", "prune", "--dry-run").err
    )


@pytest.mark.parametrize("text", ["no = toml = at all", "[tool.comfydock]\nnodes = 5\n"])
def test_a_manifest_that_cannot_be_understood_keeps_every_pack(packed: Session, text: str) -> None:
    add_spare(packed)
    manifest = definition(packed) / "pyproject.toml"
    good = manifest.read_text()
    manifest.write_text(text)
    git(definition(packed), "commit", "-qam", "broken")
    manifest.write_text(good)
    git(definition(packed), "commit", "-qam", "repaired")
    done = packed.data(*PRUNE)
    assert (done["entries"], len(done["doubts"])) == ([], 1)
    assert {"Spare", "Other"} <= kept_packs(packed)


def test_a_release_whose_archive_is_not_known_keeps_every_archive(packed: Session) -> None:
    """Manifests of 1.x may lack the address."""
    add_spare(packed)
    with (definition(packed) / "pyproject.toml").open("a") as manifest:
        manifest.write('\n[tool.comfydock.nodes.old]\nname = "old"\nsource = "registry"\nversion = "1.0.0"\n')
    done = packed.data(*PRUNE)
    assert gone(done) == ["mirrors", "packs"]
    assert "Spare" in kept_packs(packed)
    assert "Other" not in kept_packs(packed)
    assert [one["stays"] for one in done["doubts"]] == ["archives of the registry"]


def test_a_pack_that_is_pinned_to_the_beginning_of_a_commit_keeps_what_there_is_of_its_repository(
    packed: Session,
) -> None:
    add_spare(packed)
    (checkout,) = (caches(packed) / "packs").glob("git-bob-other-*/content")
    commit = git(checkout, "rev-parse", "HEAD").strip()
    with (definition(packed) / "pyproject.toml").open("a") as manifest:
        manifest.write('\n[tool.comfydock.nodes.other]\nname = "Other"\nsource = "git"\n'
                       f'repository = "{OTHER}"\nversion = "{commit[:8]}"\n')  # fmt: skip
    assert gone(packed.data(*PRUNE)) == ["packs"]
    assert "Other" in kept_packs(packed)


def outdated_answer(session: Session) -> Path:
    path = caches(session) / "answers" / f"classes-{hashlib.sha256(b'old').hexdigest()[:32]}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def test_what_is_outdated_or_left_by_commands_that_were_killed_goes(work: Session) -> None:
    fresh = caches(work) / "answers/fresh-0.json"
    old = outdated_answer(work)
    fresh.write_text("{}")
    answered = caches(work) / "http/0123456789abcdef0123456789abcdef"
    answered.parent.mkdir(exist_ok=True)
    answered.write_text("what a server said stands in for it at any age")
    os.utime(answered, (LONG_AGO, LONG_AGO))
    left = [caches(work) / "bisect/0123456789abcdef", caches(work) / "bundles/0123456789abcdef",
            caches(work) / "packs/.url-1.01234567", caches(work) / "git/.some-1.01234567-old"]  # fmt: skip
    used = [caches(work) / "bisect/fedcba9876543210", caches(work) / "bundles/fedcba9876543210",
            caches(work) / "packs/.url-2.01234567"]  # fmt: skip
    for place in [*left, *used]:
        (place / "deep").mkdir(parents=True)
    locks = ("bisect/fedcba9876543210.lock", "bundles/fedcba9876543210.lock", "packs/url-2.lock")
    with held(*(caches(work) / lock for lock in locks)):
        done = work.data(*PRUNE)
    assert gone(done) == ["answers", "bisections", "leftovers", "leftovers", "scratch"]
    assert [path for path in (old, *left) if path.exists()] == []
    assert [path for path in (fresh, answered, *used) if not path.exists()] == []


def held(*paths: Path) -> "Held":
    return Held(paths)


class Held:
    """Locks of somebody else, while inside."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._paths = paths
        self._descriptors: list[int] = []

    def __enter__(self) -> None:
        for path in self._paths:
            descriptor = file_locks.take(str(path))
            assert descriptor is not None
            self._descriptors.append(descriptor)

    def __exit__(self, *reason: object) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)


def test_what_another_command_is_fetching_stays_and_is_named(packed: Session) -> None:
    add_spare(packed)
    (mirror,) = (caches(packed) / "git").glob("bob-other-*.git")
    with held(mirror.with_suffix(".lock")):
        done = packed.data(*PRUNE)
    assert gone(done) == ["packs", "packs"]
    assert [one["path"] for one in done["stayed"]] == [str(mirror)]
    assert mirror.is_dir()


def test_nothing_goes_while_an_environment_is_being_changed(packed: Session) -> None:
    add_spare(packed)
    with held(packed.environments / "work/.ops/lock"):
        error = packed.error(*PRUNE)
    assert (error["code"], error["exit_code"]) == ("scope-busy", 7)
    assert {"Spare", "Other"} <= kept_packs(packed)


def test_what_is_named_by_the_time_it_is_to_go_stays(packed: Session) -> None:
    add_spare(packed)
    child = terminal(packed, "cache", "prune")
    child.expect(r"remove 3 entries \([0-9.]+ k?B\) for good\? \[y/N\] ")
    packed.ok("node", "add", "spare", "--offline")
    child.sendline("y")
    code, shown = end(child)
    assert (code, "something needs it by now" in " ".join(shown.split())) == (0, True)
    assert "Spare" in kept_packs(packed)
    assert "Other" not in kept_packs(packed)


def test_a_no_removes_nothing(packed: Session) -> None:
    add_spare(packed)
    child = terminal(packed, "cache", "prune")
    child.expect(r"\[y/N\] ")
    child.sendline("")
    code, shown = end(child)
    assert (code, shown.endswith("nothing was removed\r\n")) == (0, True)
    assert {"Spare", "Other"} <= kept_packs(packed)


def test_without_a_terminal_it_asks_for_the_option_that_answers(work: Session) -> None:
    error = work.error("cache", "prune")
    assert (error["code"], error["hint"]) == ("usage", "add `--yes` to go ahead")


def test_what_is_newer_than_wished_stays(packed: Session) -> None:
    add_spare(packed)
    assert packed.data(*PRUNE, "--older-than", "1h")["entries"] == []
    (mirror,) = (caches(packed) / "git").glob("bob-other-*.git")
    os.utime(mirror, (time.time() - 7200,) * 2)
    assert gone(packed.data(*PRUNE, "--older-than", "1h")) == ["mirrors"]


@pytest.mark.parametrize("point", ["before cache prune", "after cache prune", "cache removal"])
def test_a_kill_leaves_each_entry_whole_or_gone_and_the_next_run_has_the_rest(
    packed: Session, tmp_path: Path, point: str
) -> None:
    add_spare(packed)
    log, saved = tmp_path / "points", tmp_path / "saved"
    shutil.copytree(caches(packed), saved, symlinks=True)
    packed.ok(*PRUNE, COMFYDOCK_FAULT_LOG=str(log))
    shutil.rmtree(caches(packed))
    saved.rename(caches(packed))
    numbers = [number for number, name in enumerate(log.read_text().splitlines(), 1) if name == point]
    killed = packed.run(*PRUNE, COMFYDOCK_FAULT=f"kill:{numbers[1]}")
    assert killed.code == -signal.SIGKILL
    assert {"Blur1", "Blur2", "Fancy"} <= kept_packs(packed)
    goes(packed, "checkout", "main~1", "--offline")
    packed.data(*PRUNE)
    assert kept_packs(packed) == {"Blur1", "Blur2", "Fancy"}
    assert kept_mirrors(packed) == {"alice-fancy"}
    assert hidden(packed) == []


def test_the_size_counts_every_file_once_and_changes_nothing(packed: Session) -> None:
    (caches(packed) / "strange").mkdir()
    (caches(packed) / "strange/file").write_bytes(b"strange" * 10_000)
    os.link(caches(packed) / "strange/file", caches(packed) / "strange/again")
    os.link(caches(packed) / "strange/file", packed.workspace.parent / "elsewhere")
    before = tree(packed.workspace, whole=True)
    data = packed.data("cache", "size")
    assert tree(packed.workspace, whole=True) == before
    sizes = {one["name"]: one for one in data["caches"]}
    places = [caches(packed), packed.workspace / "uv_cache"]
    own_directory = caches(packed).lstat().st_blocks * 512
    assert data["size"] == sum(one["size"] for one in sizes.values()) == on_disk(*places) - own_directory
    assert sizes["others"]["files"] == 1
    assert sizes["others"]["size"] - sizes["others"]["frees"] >= 70_000
    assert {"packs", "mirrors", "answers", "uv"} <= sizes.keys()
    shown = packed.ok("cache", "size").out.splitlines()
    assert [line.split()[0] for line in shown] == [*sizes, "total"]


def test_uv_prunes_its_own_cache_when_it_is_asked_to(work: Session) -> None:
    dangling = work.workspace / "uv_cache/archive-v0/dangling"
    (dangling / "package").mkdir(parents=True)
    (dangling / "package/module.py").write_bytes(b"x" * 300_000)
    assert "freed_by_uv" not in work.data("cache", "prune", "--uv", "--dry-run")
    assert work.data(*PRUNE)["freed_by_uv"] is None
    assert dangling.exists()
    assert work.data(*PRUNE, "--uv")["freed_by_uv"] >= 300_000
    assert not dangling.exists()


def test_a_new_workspace_has_nothing_to_measure_and_nothing_to_prune(source: Session) -> None:
    assert source.data("cache", "size")["size"] >= 0
    assert source.ok(*PRUNE).out == "nothing to remove\n"
