"""What a plan refuses: names that no rename within the scope's file system reaches."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.models.exceptions import AcrossFileSystems
from comfydock_core.services.transaction import make_plan
from comfydock_core.services.transaction.planning import swap
from comfydock_core.utils.files import mounts

from .conftest import carry_out, fill, plan_everything


@pytest.fixture
def scope(tmp_path: Path) -> Path:
    fill(tmp_path / "scope")
    return tmp_path / "scope"


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mount a fresh file system in memory, or a directory, somewhere; skips where that is not allowed."""
    mounted: list[Path] = []

    def mount(target: Path, source: Path | None = None) -> Path:
        target.mkdir(parents=True, exist_ok=True)
        options = ["-t", "tmpfs", "none"] if source is None else ["--bind", str(source)]
        if subprocess.run(["mount", *options, str(target)], capture_output=True).returncode != 0:
            pytest.skip("mounting is not allowed here")
        mounted.append(target)
        return target

    yield mount
    for target in reversed(mounted):
        subprocess.run(["umount", str(target)], check=True)


def refused(scope: Path, *names: str, source: str | None = None) -> AcrossFileSystems:
    with pytest.raises(AcrossFileSystems) as caught:
        make_plan(str(scope), "x", [swap(str(scope), name, has_new=True, source=source) for name in names])
    assert caught.value.hint is not None
    return caught.value


def test_a_name_on_another_file_system_is_refused(scope: Path, mount: Callable[..., Path]) -> None:
    (mount(scope / "disk") / "inner").mkdir()
    assert refused(scope, "disk/inner").context["path"] == f"{scope}/disk/inner"
    refused(scope, "disk/inner/new")
    refused(scope, "disk/nowhere/new")
    refused(scope, "new", source="disk/inner")


def test_a_mount_point_itself_is_refused(scope: Path, mount: Callable[..., Path]) -> None:
    mount(scope / "disk")
    assert "mounted at" in refused(scope, "disk").message


def test_a_directory_with_something_mounted_inside_is_refused(scope: Path, mount: Callable[..., Path]) -> None:
    place = mount(scope / "replaced" / "with space" / "disk")
    assert str(place) in refused(scope, "replaced").message


def test_a_mount_of_the_same_file_system_is_seen_too(scope: Path, tmp_path: Path, mount: Callable[..., Path]) -> None:
    (tmp_path / "shared").mkdir()
    mount(scope / "custom_nodes", tmp_path / "shared")
    assert os.stat(scope / "custom_nodes").st_dev == os.stat(scope).st_dev
    refused(scope, "custom_nodes/pack")
    refused(scope, "custom_nodes")


def test_a_link_that_leads_to_another_file_system_is_refused_but_swapped_itself(
    scope: Path, tmp_path: Path, mount: Callable[..., Path]
) -> None:
    os.symlink(mount(tmp_path / "disk"), scope / "shared")
    refused(scope, "shared/pack")
    make_plan(str(scope), "x", [swap(str(scope), "shared", has_new=True)])


def test_operations_kept_on_another_file_system_are_refused(
    scope: Path, tmp_path: Path, mount: Callable[..., Path]
) -> None:
    os.symlink(mount(tmp_path / "disk"), scope / ".ops")
    refused(scope, "file")


def test_a_scope_that_is_mounted_itself_is_fine(tmp_path: Path, mount: Callable[..., Path]) -> None:
    scope = mount(tmp_path / "disk")
    fill(scope)
    carry_out(plan_everything(scope))
    assert (scope / "file").read_text() == "new file"


def test_a_scope_reached_through_a_link_is_fine(scope: Path, tmp_path: Path) -> None:
    os.symlink(scope, tmp_path / "alias")
    carry_out(plan_everything(tmp_path / "alias"))
    assert (scope / "file").read_text() == "new file"


def test_a_plan_is_known_by_what_it_was_made_from(scope: Path, tmp_path: Path) -> None:
    known = set()
    (tmp_path / "input").write_text("1")
    for change in (lambda: 0, lambda: (scope / "file").write_text("2"), lambda: (tmp_path / "input").write_text("2")):
        change()
        plans = [make_plan(str(scope), "x", [swap(str(scope), "file", has_new=True)], inputs=[f"{tmp_path}/input"])] * 2
        assert plans[0].fingerprint == plans[1].fingerprint
        known.add(plans[0].fingerprint)
    assert len(known) == 3


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(NAMES).map(lambda names: "/" + "/".join(names)))
def test_every_mount_point_is_read_from_the_table(place: str) -> None:
    written = "".join(f"\\{ord(letter):03o}" if letter in " \t\n\\" else letter for letter in place)
    line = f"36 35 98:0 /mnt1 {written} rw,noatime master:1 - ext3 /dev/root rw,errors=continue"
    assert mounts.parse_mount_point(line.encode()) == place


@given(st.binary())
def test_an_odd_line_of_the_table_is_no_mount_point_of_ours(line: bytes) -> None:
    assert isinstance(mounts.parse_mount_point(line), str)


def test_the_mount_nearest_to_a_directory_is_its_own() -> None:
    points = ["/", "/a", "/a/b", "/ab"]
    assert mounts.mount_of("/a/b", points) == "/a/b"
    assert mounts.mount_of("/a/bc", points) == "/a"
    assert mounts.mount_of("/abc", points) == "/"
    assert mounts.mount_of("/a", []) == ""


@pytest.mark.parametrize("name", ["", ".", "..", "../", "ComfyUI/custom_nodes", "ComfyUI/custom_nodes/", ".ops"])
def test_no_plan_names_what_holds_more_than_one_thing(scope: Path, name: str) -> None:
    (scope / "ComfyUI" / "custom_nodes").mkdir(parents=True)
    with pytest.raises(RuntimeError, match="holds more than one thing"):
        make_plan(str(scope), "x", [swap(str(scope), name, has_new=True)])
