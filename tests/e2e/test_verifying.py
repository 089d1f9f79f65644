"""Whether node packs can be imported is asked of ComfyUI itself, before a change or at any time."""

import json

from tests.e2e.nodes import custom_nodes, failure, packs
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session

BROKEN = {"__init__.py": "import nobody_has_this\nNODE_CLASS_MAPPINGS = {}\n"}


def test_a_pack_that_cannot_be_imported_is_not_added(work: Session, host: PackHost) -> None:
    host.add("broken", files=BROKEN)
    error = failure(work, "packs-not-imported", "node", "add", "broken", "--verify")
    assert "No module named 'nobody_has_this'" in error["message"]
    assert packs(work) == {}


def test_packs_are_imported_with_the_packages_that_come_with_them(work: Session, host: PackHost) -> None:
    needy = pack_files() | {"__init__.py": "import mini_masks\nNODE_CLASS_MAPPINGS = {'Needy': object}\n"}
    host.add("needy", files=needy | {"requirements.txt": "mini-masks\n"})
    work.ok("node", "add", "needy", "--verify")
    assert list(packs(work)) == ["needy"]


def test_verifying_reports_each_pack_and_changes_nothing(work: Session, host: PackHost) -> None:
    host.add("fancy", files=pack_files())
    work.ok("node", "add", "fancy")
    (custom_nodes(work) / "Handmade").mkdir()
    (custom_nodes(work) / "Handmade" / "__init__.py").write_text("raise ValueError('not today\\nnor tomorrow')\n")
    ran = work.run("node", "verify", "--json")
    assert ran.code == 8
    report = {one["name"]: one["error"] for one in json.loads(ran.out)["data"]["packs"]}
    assert report == {"fancy": None, "Handmade": "not today"}
    assert sorted(path.name for path in custom_nodes(work).iterdir() if path.is_dir()) == ["Handmade", "fancy"]
    assert work.ok("node", "verify", "fancy").out.endswith("imported\n")


def test_another_pack_that_fails_does_not_stop_a_change(work: Session, host: PackHost) -> None:
    host.add("broken", files=BROKEN)
    host.add("fancy", files=pack_files())
    work.ok("node", "add", "broken")
    ran = work.ok("node", "add", "fancy", "--verify")
    assert "broken cannot be imported: No module named 'nobody_has_this'" in ran.err
    assert set(packs(work)) == {"broken", "fancy"}


def test_a_pack_is_named_as_for_other_commands(work: Session, host: PackHost) -> None:
    host.add("fancy", files=pack_files())
    work.ok("node", "add", "fancy")
    assert [one["name"] for one in work.data("node", "verify", "FANCY")["packs"]] == ["fancy"]


def test_a_pack_that_is_not_there_or_is_disabled_is_refused_before_anything_starts(
    work: Session, host: PackHost
) -> None:
    host.add("fancy", files=pack_files())
    work.ok("node", "add", "fancy")
    (work.environments / "work/ComfyUI/main.py").write_text("raise SystemExit('it was started')\n")
    assert "did you mean `fancy`?" in failure(work, "pack-not-found", "node", "verify", "fanci")["hint"]
    work.ok("node", "disable", "fancy")
    error = failure(work, "pack-not-found", "node", "verify", "fancy")
    assert "it is disabled" in error["message"]
