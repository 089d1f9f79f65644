"""What ComfyUI said of its node packs at its last real start is kept, and shown where packs are shown."""

from pathlib import Path

import pytest

from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session

BROKEN = {"__init__.py": "import nobody_has_this\nNODE_CLASS_MAPPINGS = {}\n"}
REASON = "No module named 'nobody_has_this'"


@pytest.fixture
def mixed(work: Session, host: PackHost) -> Session:
    """An environment with a pack that can be imported and one that cannot."""
    host.add("broken", files=BROKEN)
    host.add("fancy", files=pack_files())
    work.ok("node", "add", "broken", "fancy")
    return work


def states(work: Session) -> dict[str, str]:
    lines = (line.split(maxsplit=3) for line in work.ok("node", "list").out.splitlines())
    return {name: state for name, _, _, state in lines}


def test_a_start_on_this_terminal_is_kept_and_shown_until_the_pack_changes(mixed: Session, host: PackHost) -> None:
    assert states(mixed) == {"broken": "present", "fancy": "present"}
    ran = mixed.run("run", "--", "--quick-test-for-ci")
    assert ran.code == 0
    assert "Import times for custom nodes:" in ran.err  # It is passed on as well.
    shown = mixed.ok("status").out
    assert "2 packs, 1 not imported at ComfyUI's last start\n" in shown
    assert f"    ! broken: {REASON}\n" in shown
    assert states(mixed)["broken"] == f"present, not imported: {REASON}"
    assert states(mixed)["fancy"].startswith("present, imported in 0.")
    assert mixed.data("status")["packs"]["imports"]["fancy"]["error"] is None
    finding = mixed.run("doctor", "-e", "work")
    assert (finding.code, f"broken: {REASON}" in finding.out) == (8, True)

    host.add("broken", "1.1.0", files=pack_files())
    mixed.ok("node", "update", "broken")
    assert "not imported" not in mixed.ok("status").out
    assert states(mixed)["broken"] == "present"


def test_a_start_in_the_background_is_kept_too(mixed: Session) -> None:
    mixed.ok("run", "--background", "--port", "0")
    try:
        assert f"    ! broken: {REASON}\n" in mixed.ok("status").out
        (one,) = mixed.data("status")["running"]
        assert f"    > running: process {one['pid']} at {one['address']}\n" in mixed.ok("status").out
        assert "in sync, running" in mixed.ok("list", "--long").out
        assert f"ComfyUI is running: process {one['pid']} at {one['address']}" in mixed.ok("node", "list").err
    finally:
        mixed.ok("run", "--stop")
    assert mixed.data("status")["running"] == []


def test_a_note_that_cannot_be_read_says_nothing(mixed: Session) -> None:
    note = mixed.workspace / "logs" / "work" / "imports.json"
    note.parent.mkdir(parents=True, exist_ok=True)
    for content in (b"\xff\xfe", b"[]", b'{"packs": 1}', b'{"packs": {"broken": 1}}', b"[" * 100_000):
        note.write_bytes(content)
        assert "not imported" not in mixed.ok("status").out
        assert mixed.run("node", "list").code == 0


def test_a_start_that_dies_for_want_of_a_module_says_which_package_has_it(work: Session) -> None:
    main = Path(work.environments, "work", "ComfyUI", "main.py")
    main.write_text("import cv2.nothing\n")
    ran = work.run("run")
    assert ran.code == 1
    assert "ModuleNotFoundError" in ran.err
    assert "`comfydock py add opencv-python-headless -e work` adds the package that usually brings it" in ran.err
    assert "--as-of release" in ran.err
    assert "comfydock py add opencv-python-headless" in work.error("run", "--background")["hint"]
    main.write_text("raise SystemExit(1)\n")
    assert "py add" not in work.run("run").err
