"""What `just release` makes: whole, the same bytes every time, and enough to install from."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from build.describe import version as version_of
from build.paths import Layout
from build.release.archive import write_archive
from build.release.gathering import GatheringError, gather
from build.release.making import Release, ReleaseError, platform_name
from build.venvs import find_uv
from comfydock_core.factories.program_factory import platform_name as platform_looked_for

VERSION = version_of(Layout())
MOST_BYTES = 25_000_000
SHELLS = {
    "bash-completion/completions/comfydock",
    "zsh/site-functions/_comfydock",
    "fish/vendor_completions.d/comfydock.fish",
    "comfydock/completion.ps1",
}


def git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout


def members(release: Release) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(release.directory / f"{release.name}.tar.gz") as archive:
        return {member.name.removeprefix(f"{release.name}/"): member for member in archive.getmembers()}


def member(release: Release, name: str) -> bytes:
    with tarfile.open(release.directory / f"{release.name}.tar.gz") as archive:
        file = archive.extractfile(f"{release.name}/{name}")
        assert file is not None
        return file.read()


def test_everything_is_there_and_has_its_sum(release: Release) -> None:
    names = {path.name.replace(VERSION, "V").replace(platform_name(), "P") for path in release.directory.iterdir()}
    assert names == {
        "SHA256SUMS", "comfydock-V-P.tar.gz", "comfydock-V-P.artifact.json", "comfydock-V-P.cdx.json",
        "comfydock-V-share.tar.gz", "comfydock-V-reference.html", "comfydock_cli-V-py3-none-any.whl",
        "comfydock_cli-V.tar.gz", "comfydock_core-V-py3-none-any.whl", "comfydock_core-V.tar.gz",
        "install.sh", "install.ps1",
    }  # fmt: skip
    checked = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=release.directory)
    assert checked.returncode == 0
    assert len((release.directory / "SHA256SUMS").read_text().splitlines()) == len(names) - 1


def test_the_archive_has_the_program_what_belongs_to_it_and_no_owners(release: Release) -> None:
    found = members(release)
    assert {"comfydock", "cfd", "uv", "artifact.json", "licenses/README.txt"} <= found.keys()
    assert {f"share/{name}" for name in SHELLS} <= found.keys()
    assert {"share/man/man1/comfydock.1", "share/man/man1/comfydock-node.1"} <= found.keys()
    assert {(one.uid, one.gid, one.uname, one.gname) for one in found.values()} == {(0, 0, "", "")}
    assert {one.mode for one in found.values()} == {0o644, 0o755}
    assert len({one.mtime for one in found.values()}) == 1
    assert found["comfydock"].mode == found["uv"].mode == 0o755


def test_it_names_the_commit_that_it_was_made_from(release: Release) -> None:
    description = json.loads(member(release, "artifact.json"))
    head = git("-C", str(Layout().root), "rev-parse", "HEAD").strip()
    assert description["commit"].removesuffix("-dirty") == head
    assert "build" not in description
    for name, facts in description["files"].items():
        assert hashlib.sha256(member(release, name)).hexdigest() == facts["sha256"]


def test_the_same_commit_gives_the_same_bytes_in_another_directory(release: Release, tmp_path: Path) -> None:
    """With the same interpreter: its own bytes depend on what was measured while it was trained."""
    if str(json.loads(member(release, "artifact.json"))["commit"]).endswith("-dirty"):
        pytest.skip("this tree has changes that are not committed")
    root = tmp_path / "somewhere" / "else"
    git("clone", "--quiet", "--no-hardlinks", str(Layout().root), str(root))
    subprocess.run([sys.executable, "-m", "build", "release"], cwd=root, check=True)
    assert (root / "dist/release/SHA256SUMS").read_text() == (release.directory / "SHA256SUMS").read_text()


def test_without_uv_the_archive_stays_small(release: Release, tmp_path: Path) -> None:
    with tarfile.open(release.directory / f"{release.name}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    (tmp_path / release.name / "uv").unlink()
    write_archive(tmp_path / release.name, tmp_path / "small.tar.gz", 0)
    assert (tmp_path / "small.tar.gz").stat().st_size <= MOST_BYTES


def test_every_part_has_a_licence_and_stands_in_the_bill_of_materials(release: Release) -> None:
    bill = json.loads((release.directory / f"{release.name}.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    found = members(release)
    parts = {part["name"]: part for part in bill["components"]}
    assert {"uv", "rich", "tomlkit", "urllib3", "packaging", "nuitka"} <= parts.keys()
    assert any("python" in name for name in parts)
    for name, part in parts.items():
        assert part["version"] and part["purl"].startswith("pkg:") and part["licenses"][0]["license"]["name"]
        assert [one for one in found if one.startswith(f"licenses/{name}/")], name
    named = {one["value"] for part in parts.values() for one in part.get("properties", [])}
    assert {name for name in found if ".so." in name} <= named


def test_both_packages_are_installed_from_the_release_alone(release: Release, tmp_path: Path) -> None:
    """Their own requirements come from the registry; these two only from here."""
    uv, python = find_uv(), tmp_path / "venv/bin/python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv")], check=True)
    wheels = sorted(str(path) for path in release.directory.glob("*.whl"))
    command = [uv, "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*command, "--no-index", "--no-deps", *wheels], check=True)
    needed = subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), "--find-links",
                             str(release.directory), f"comfydock-cli=={VERSION}"], check=True)  # fmt: skip
    assert needed.returncode == 0
    for program in ("comfydock", "cfd"):
        ran = subprocess.run([str(python.parent / program), "--version"], capture_output=True, text=True)
        assert (ran.returncode, ran.stdout) == (0, f"comfydock {VERSION}\n")


def test_uv_installs_it_as_a_tool_from_the_release_alone(release: Release, tmp_path: Path) -> None:
    places = {"UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    command = [find_uv(), "tool", "install", "--quiet", "--python", sys.executable, "--find-links",
               str(release.directory), f"comfydock-cli=={VERSION}"]  # fmt: skip
    subprocess.run(command, check=True, env={**os.environ, **places})
    ran = subprocess.run([str(tmp_path / "bin/cfd"), "--version"], capture_output=True, text=True)
    assert ran.stdout == f"comfydock {VERSION}\n"


def test_a_tree_with_changes_is_refused(release: Release, tmp_path: Path) -> None:
    git("clone", "--quiet", "--no-hardlinks", str(Layout().root), str(tmp_path / "clone"))
    (tmp_path / "clone/README.md").write_text("changed\n")
    changed = replace(release, builder=replace(release.builder, layout=Layout(tmp_path / "clone")))
    with pytest.raises(ReleaseError, match="not committed"):
        changed.make()


def test_the_program_looks_for_the_name_that_a_release_has() -> None:
    assert platform_name() == platform_looked_for()


def test_a_zip_for_windows_has_the_same_bytes_every_time(tmp_path: Path) -> None:
    tree = tmp_path / "comfydock"
    (tree / "inner").mkdir(parents=True)
    (tree / "inner/file").write_text("text")
    for name in ("one.zip", "two.zip"):
        write_archive(tree, tmp_path / name, 1_700_000_000)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    shutil.unpack_archive(tmp_path / "one.zip", tmp_path / "out")
    assert (tmp_path / "out/comfydock/inner/file").read_text() == "text"


def test_releases_of_several_machines_become_one(tmp_path: Path) -> None:
    for machine in ("linux", "macos"):
        place = tmp_path / "machines" / machine
        place.mkdir(parents=True)
        (place / "both.whl").write_text("the same")
        (place / f"{machine}.tar.gz").write_text(machine)
        (place / "SHA256SUMS").write_text("of one machine")
    gather(tmp_path / "machines", tmp_path / "one")
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [
        "SHA256SUMS", "both.whl", "linux.tar.gz", "macos.tar.gz",
    ]  # fmt: skip
    assert (tmp_path / "one/SHA256SUMS").read_text().count("\n") == 3
    (tmp_path / "machines/macos/both.whl").write_text("another")
    with pytest.raises(GatheringError, match=r"both\.whl is not the same"):
        gather(tmp_path / "machines", tmp_path / "one")
