"""What `status` tells about workflows: against their committed copies, and by their last check."""

import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.analyzers import workflow_contents
from comfydock_core.analyzers.workflow_contents import settled_content
from comfydock_core.analyzers.workflow_states import WorkflowLook
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.workflows.checking_all import check_workflows
from comfydock_core.core.usecases.workflows.noting import CheckNotes
from comfydock_core.managers import WorkflowManager
from comfydock_core.models.workflow import WorkflowState
from comfydock_core.models.workflow.status import EDITED, OTHER_CODE, OTHER_FILES
from comfydock_core.utils.reporting import SilentReporter
from tests.support import workflow_comfyui
from tests.support.workflow_comfyui import PACK, prompt, put


class Place:
    """An environment whose workflows are looked at, with two workspaces: one notes, the other is always asked anew."""

    def __init__(self, root: Path) -> None:
        self.layout = workflow_comfyui.build(root / "environments/demo")
        self.manager = WorkflowManager(self.layout, WorkspaceLayout(str(root)))
        self.fresh = WorkflowManager(self.layout, WorkspaceLayout(str(root / "other")))
        self.comfyui = Path(self.layout.comfyui)
        self.model = self.comfyui / "models/checkpoints/base.safetensors"
        put(self.model, "weights")

    def live(self, name: str = "one") -> Path:
        return Path(self.layout.workflows, f"{name}.json")

    def committed(self, name: str = "one") -> Path:
        return Path(self.layout.committed_workflows, f"{name}.json")

    def check(self) -> None:
        """Check all and note it, once the files are older than what a clock of the file system tells apart."""
        put(self.comfyui / "probe", "")
        written = (self.comfyui / "probe").stat().st_ctime_ns
        while time.time_ns() - written <= 2 * workflow_contents._TICK:
            pass
        check_workflows(self.manager, self.manager.names(), SilentReporter(), strict=False)

    def state(self, name: str = "one") -> WorkflowState:
        (found,) = [one for one in self.manager.states().workflows if one.name == name]
        return found

    def told(self, name: str = "one") -> tuple[str | None, dict[str, int], str | None]:
        found = self.state(name)
        return found.check, found.needs, found.reason

    def found_anew(self) -> dict[str, Counter[str]]:
        """What a check finds that knows nothing of earlier ones."""
        checks = check_workflows(self.fresh, self.fresh.names(), SilentReporter(), strict=False)
        return {one.name: Counter(str(issue.code) for issue in one.issues) for one in checks}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_workflow_is_new_without_a_committed_copy(place: Place) -> None:
    put(place.live("below/one"), prompt())
    assert place.state("below/one").as_dict() == {
        "name": "below/one",
        "state": "new",
        "check": "not-checked",
        "needs": {},
        "checked": None,
        "reason": None,
    }


def test_a_committed_copy_alone_is_a_deleted_workflow(place: Place) -> None:
    put(place.committed(), prompt())
    assert (place.state().state, place.state().check) == ("deleted", None)


def test_a_workflow_like_its_copy_is_unchanged_and_another_one_changed(place: Place) -> None:
    for name, content in (("one", prompt()), ("two", prompt("other.safetensors"))):
        put(place.committed(name), prompt())
        put(place.live(name), content)
    assert [one.state for one in place.manager.states().workflows] == ["unchanged", "changed"]


GRAPH = {"nodes": [], "links": [], "revision": 1, "extra": {"ds": {"scale": 1}, "frontendVersion": "1", "mine": 1}}


@pytest.mark.parametrize(
    ("other", "state"),
    [
        ({**GRAPH, "revision": 2}, "unchanged"),
        ({**GRAPH, "extra": {"ds": {"scale": 2}, "frontendVersion": "2", "mine": 1}}, "unchanged"),
        ({**GRAPH, "extra": {"mine": 2}}, "changed"),
        ({**GRAPH, "last_node_id": 3}, "changed"),
    ],
)
def test_what_the_editor_keeps_of_the_view_is_no_change(place: Place, other: object, state: str) -> None:
    put(place.committed(), json.dumps(GRAPH))
    put(place.live(), json.dumps(other, indent=2))
    assert place.state().state == state


def test_a_copy_that_changes_is_compared_again(place: Place) -> None:
    put(place.committed(), prompt())
    put(place.live(), prompt())
    assert place.state().state == "unchanged"
    put(place.committed(), prompt("other.safetensors"))
    assert place.state().state == "changed"


def test_a_check_is_remembered(place: Place) -> None:
    put(place.live(), prompt())
    put(place.live("two"), prompt("gone.safetensors", image="gone.png", fancy=True))
    place.check()
    assert place.told("one") == ("fine", {}, None)
    check, needs, reason = place.told("two")
    assert (check, reason) == ("needs", None)
    assert needs == {"missing-class": 1, "missing-model": 1, "missing-file": 1}
    assert place.state("two").things == 3


def test_a_workflow_that_cannot_be_read_needs_something_and_keeps_no_other_from_being_checked(place: Place) -> None:
    put(place.live("first"), "no JSON")
    put(place.live("second"), prompt())
    place.check()
    assert place.told("first") == ("needs", {"unreadable": 1}, None)
    assert place.told("second") == ("fine", {}, None)


def test_nobody_is_fine_whose_model_went(place: Place) -> None:
    put(place.live(), prompt())
    place.check()
    place.model.unlink()
    assert place.told() == ("not-checked", {}, OTHER_FILES)
    put(place.model, "other weights")
    assert place.told()[0] == "fine"


def test_a_missing_model_that_comes_makes_the_check_void(place: Place) -> None:
    place.model.unlink()
    put(place.live(), prompt())
    place.check()
    assert place.told()[0] == "needs"
    put(place.model, "weights")
    assert place.told() == ("not-checked", {}, OTHER_FILES)


def test_an_input_that_goes_or_comes_makes_the_check_void(place: Place) -> None:
    put(place.live("one"), prompt(image="here.png"))
    put(place.live("two"), prompt(image="gone.png"))
    put(place.comfyui / "input/here.png", "")
    place.check()
    (place.comfyui / "input/here.png").rename(place.comfyui / "input/gone.png")
    assert place.told("one") == place.told("two") == ("not-checked", {}, OTHER_FILES)


def test_an_edited_workflow_is_not_checked_until_it_is_as_before(place: Place) -> None:
    put(place.live(), prompt())
    place.check()
    put(place.live(), prompt("other.safetensors"))
    assert place.told() == ("not-checked", {}, EDITED)
    put(place.live(), prompt())
    assert place.told() == ("fine", {}, None)


def test_a_workflow_keeps_its_check_when_it_is_renamed_or_saved_with_another_view(place: Place) -> None:
    put(place.live(), json.dumps({**GRAPH, "nodes": [{"id": 1, "type": "Nobody", "mode": 0}]}))
    place.check()
    assert place.told()[0] == "needs"
    os.rename(place.live(), place.live("two"))
    assert place.told("two")[0] == "needs"
    put(place.live("two"), json.dumps({**GRAPH, "nodes": [{"id": 1, "type": "Nobody", "mode": 0}], "revision": 7}))
    assert place.told("two")[0] == "needs"


@pytest.mark.parametrize("name", ["pack/nodes.py", "pack/deep/js/nodes.js", "single.py"])
def test_code_of_a_pack_that_comes_changes_or_goes_makes_checks_void(place: Place, name: str) -> None:
    file = Path(place.layout.custom_nodes, name)
    put(place.live(), prompt())
    for change in (lambda: put(file, PACK), lambda: put(file, PACK + "# mine\n"), file.unlink):
        place.check()
        assert place.told()[0] == "fine"
        change()
        assert place.told() == ("not-checked", {}, OTHER_CODE)


@pytest.mark.parametrize("name", ["nodes.py", "folder_paths.py", "extra_model_paths.yaml", "comfy_extras/nodes_x.py"])
def test_another_comfyui_makes_checks_void(place: Place, name: str) -> None:
    put(place.live(), prompt())
    place.check()
    path = place.comfyui / name
    put(path, path.read_text() + "\n" if path.exists() else "\n")
    assert place.told() == ("not-checked", {}, OTHER_CODE)


def test_a_pack_behind_a_link_counts_and_links_in_circles_end(place: Place, tmp_path: Path) -> None:
    put(tmp_path / "mine/__init__.py", PACK)
    (tmp_path / "mine/again").symlink_to(tmp_path / "mine")
    Path(place.layout.custom_nodes, "mine").symlink_to(tmp_path / "mine")
    put(place.live(), prompt(fancy=True))
    place.check()
    assert place.told()[0] == "fine"
    put(tmp_path / "mine/__init__.py", "")
    assert place.told() == ("not-checked", {}, OTHER_CODE)


def test_what_a_pack_writes_for_itself_changes_nothing(place: Place) -> None:
    put(Path(place.layout.custom_nodes, "pack/__init__.py"), PACK)
    put(place.live(), prompt())
    place.check()
    put(Path(place.layout.custom_nodes, "pack/settings.json"), "{}")
    put(Path(place.layout.custom_nodes, "pack/__pycache__/x.pyc"), "")
    assert place.told()[0] == "fine"


def test_a_file_that_is_written_while_it_is_checked_is_not_taken_for_checked(place: Place) -> None:
    put(place.live(), prompt())
    notes = CheckNotes(place.layout)
    before = settled_content(str(place.live()))
    (check,) = check_workflows(place.fresh, ["one"], SilentReporter())
    put(place.live(), prompt("other.safetensors"))
    notes.add(before, str(place.live()), check, [])
    notes.write(place.manager.note, [])
    assert place.told()[0] == "not-checked"


def test_a_file_that_was_written_just_now_is_taken_for_checked(place: Place) -> None:
    put(place.live(), prompt())
    check_workflows(place.manager, ["one"], SilentReporter())
    assert place.told()[0] == "fine"


@pytest.mark.parametrize(
    "value", ["../base.safetensors", "/etc/passwd", "a\0b.safetensors", f"{'x' * 300}.ckpt", "./base.safetensors", "*"]
)
def test_names_that_no_list_has_are_missing_and_stay_so(place: Place, value: str) -> None:
    put(place.live(), prompt(value))
    place.check()
    assert place.told()[:2] == ("needs", {"missing-model": 1})


def test_a_place_that_cannot_be_written_costs_the_note_alone(place: Place) -> None:
    put(Path(place.manager.workspace.root, "logs"), "a file")
    put(place.live(), prompt())
    place.check()
    assert place.told() == ("not-checked", {}, None)


def test_an_unreadable_note_says_nothing(place: Place) -> None:
    put(place.live(), prompt())
    for content in ("", "[]", "{", '{"schema": 1}', '{"schema": 1, "files": [], "checks": 3}', "[" * 100_000):
        put(Path(place.manager.note), content)
        assert place.told() == ("not-checked", {}, None)


def test_workflows_that_stand_still_are_not_read(place: Place) -> None:
    for name in ("one", "two"):
        put(place.live(name), prompt())
        put(place.committed(name), prompt())
    place.check()
    place.manager.states()  # It compares, and notes what it found.
    assert WorkflowLook(place.layout, place.manager.note).open_questions == []
    put(place.live("two"), prompt("other.safetensors"))
    assert WorkflowLook(place.layout, place.manager.note).open_questions == ["two"]


CHANGES: dict[str, Callable[[Place], object]] = {
    "model goes": lambda place: _instead(place.model, None),
    "model comes": lambda place: _instead(place.model, lambda path: put(path, "weights")),
    "model becomes a directory": lambda place: _instead(place.model, lambda path: path.mkdir(parents=True)),
    "model leads nowhere": lambda place: _instead(place.model, lambda path: path.symlink_to("nowhere")),
    "model is elsewhere": lambda place: put(place.model.parent / "below/base.safetensors", "weights"),
    "all models go": lambda place: shutil.rmtree(place.model.parent, ignore_errors=True),
    "input comes": lambda place: put(place.comfyui / "input/a.png", ""),
    "input goes": lambda place: (place.comfyui / "input/a.png").unlink(missing_ok=True),
    "pack comes": lambda place: put(Path(place.layout.custom_nodes, "pack/__init__.py"), PACK),
    "pack goes": lambda place: shutil.rmtree(f"{place.layout.custom_nodes}/pack", ignore_errors=True),
    "pack is turned off": lambda place: _rename(f"{place.layout.custom_nodes}/pack"),
    "pack changes": lambda place: put(
        Path(place.layout.custom_nodes, "pack/__init__.py"), PACK.replace("Fancy", "Fan")
    ),
    "other ComfyUI": lambda place: put(place.comfyui / "nodes.py", "NODE_CLASS_MAPPINGS = {}\n"),
    "first ComfyUI": lambda place: workflow_comfyui.write_code(place.layout),
    "other folder": lambda place: put(place.comfyui / "extra_model_paths.yaml", "a:\n  checkpoints: models/more\n"),
    "no other folder": lambda place: (place.comfyui / "extra_model_paths.yaml").unlink(missing_ok=True),
    "model in the other folder": lambda place: put(place.comfyui / "models/more/base.safetensors", ""),
    "edited": lambda place: put(place.live("one"), prompt("other.safetensors")),
    "edited back": lambda place: put(place.live("one"), prompt()),
    "swapped": lambda place: _swap(place),
    "damaged": lambda place: put(place.live("three"), "{"),
}


def _instead(path: Path, make: Callable[[Path], object] | None) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    if make is not None:
        make(path)


def _rename(pack: str) -> None:
    if os.path.isdir(pack):
        shutil.rmtree(f"{pack}.disabled", ignore_errors=True)
        os.rename(pack, f"{pack}.disabled")


def _swap(place: Place) -> None:
    one, two, between = place.live("one"), place.live("two"), place.live("between")
    for first, second in ((one, between), (two, one), (between, two)):
        first.rename(second)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(st.sampled_from(["check", "check", *CHANGES]), min_size=3, max_size=8))
def test_nothing_is_told_of_a_check_that_a_check_would_not_find_now(changes: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        place = Place(Path(directory))
        put(place.live("one"), prompt())
        put(place.live("two"), prompt(image="a.png", fancy=True))
        put(place.live("three"), prompt("other.safetensors", image="b.png"))
        place.check()
        for change in changes:
            place.check() if change == "check" else CHANGES[change](place)
            anew = place.found_anew()
            for one in place.manager.states().workflows:
                if one.check != "not-checked":
                    assert one.needs == anew[one.name], (change, one.name)
                    assert (one.check == "fine") is (not anew[one.name])
