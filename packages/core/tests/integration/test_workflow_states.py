"""What `status` tells about workflows: against their committed copies, and by their last check; and what `check` does,
where it answers with the report of the last one."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import comfydock_core
from comfydock_core.analyzers import workflow_contents
from comfydock_core.analyzers.workflow_contents import settled_content
from comfydock_core.analyzers.workflow_states import CodeStamp, WorkflowLook
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.workflows.checking_all import check_workflows
from comfydock_core.core.usecases.workflows.noting import CheckNotes
from comfydock_core.core.usecases.workflows.recalling import check_or_recall
from comfydock_core.managers import WorkflowManager
from comfydock_core.models.workflow import WorkflowState
from comfydock_core.models.workflow.checks import WorkflowCheck
from comfydock_core.models.workflow.status import EDITED, OTHER_CODE, OTHER_FILES
from comfydock_core.repositories.model_index import open_model_index
from comfydock_core.repositories.workflow_report_writer import forget_oldest
from comfydock_core.utils.reporting import SilentReporter
from tests.support import workflow_comfyui
from tests.support.node_lists import MANAGER_LIST, NODE_DATA, write_lists
from tests.support.workflow_comfyui import PACK, prompt, put


class Place:
    """An environment whose workflows are looked at, with two workspaces: one notes, the other is always asked anew.

    What a workspace knows of packs, models and releases is in both the same.
    """

    def __init__(self, root: Path) -> None:
        self.layout = workflow_comfyui.build(root / "environments/demo")
        self.workspace = WorkspaceLayout(str(root))
        self.manager = WorkflowManager(self.layout, self.workspace)
        other = WorkspaceLayout(str(root / "other"))
        self.fresh = WorkflowManager(self.layout, other)
        Path(other.cache).mkdir(parents=True)
        for one, same in ((self.workspace.node_data, other.node_data), (self.workspace.git_mirrors, other.git_mirrors)):
            Path(one).mkdir(parents=True)
            Path(same).symlink_to(one)
        with open_model_index(self.workspace.model_index):
            Path(other.model_index).symlink_to(self.workspace.model_index)
        self.comfyui = Path(self.layout.comfyui)
        self.model = self.comfyui / "models/checkpoints/base.safetensors"
        put(self.model, "weights")

    def live(self, name: str = "one") -> Path:
        return Path(self.layout.workflows, f"{name}.json")

    def committed(self, name: str = "one") -> Path:
        return Path(self.layout.committed_workflows, f"{name}.json")

    def settle(self) -> None:
        """Wait until the files are older than what a clock of the file system tells apart."""
        put(self.comfyui / "probe", "")
        written = (self.comfyui / "probe").stat().st_ctime_ns
        while time.time_ns() - written <= 2 * workflow_contents._TICK:
            pass

    def check(self) -> None:
        """Check all and note it."""
        self.settle()
        check_workflows(self.manager, self.manager.names(), SilentReporter(), strict=False)

    def state(self, name: str = "one") -> WorkflowState:
        (found,) = [one for one in self.manager.states().workflows if one.name == name]
        return found

    def told(self, name: str = "one") -> tuple[str | None, dict[str, int], str | None]:
        found = self.state(name)
        return found.check, found.needs, found.reason

    def reports(self, *words: str) -> list[WorkflowCheck]:
        """What `workflow check` reports, which may be what was reported before."""
        return check_or_recall(self.manager, words or self.manager.names(), SilentReporter(), strict=False)

    def reported_anew(self, *words: str) -> list[WorkflowCheck]:
        """What a check reports that knows nothing of earlier ones."""
        return check_workflows(self.fresh, words or self.fresh.names(), SilentReporter(), strict=False)

    def remembered(self, *words: str) -> set[str]:
        """Of which workflows `workflow check` would answer with an earlier report: it is marked, and put back."""
        reports = list(Path(self.workspace.workflow_reports("demo")).glob("*.json"))
        contents = {one: one.read_text() for one in reports}
        for one, text in contents.items():
            found = json.loads(text)
            found["record"][0] = f"remembered {found['record'][0]}"
            one.write_text(json.dumps(found))
        note = Path(self.manager.note).read_bytes()
        told = {one.name for one in self.reports(*words)}
        Path(self.manager.note).write_bytes(note)
        for one, text in contents.items():
            one.write_text(text)
        return {name.removeprefix("remembered ") for name in told if name.startswith("remembered ")}


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
    notes = CheckNotes(CodeStamp(place.layout))
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


SHA256 = "c0" * 32
NAMED = {
    "id": 1, "type": "Loader", "mode": 0, "inputs": [], "outputs": [{"name": "m", "type": "MODEL", "links": []}],
    "widgets_values": ["named.safetensors"],
    "properties": {"models": [{"name": "named.safetensors", "directory": "checkpoints", "hash": SHA256}]},
}  # fmt: skip


def test_a_workflow_that_stands_still_is_not_checked_again(place: Place) -> None:
    put(place.live("one"), prompt())
    put(place.live("two"), prompt("gone.safetensors", image="gone.png", fancy=True))
    first = place.reports()
    place.check()
    assert place.remembered() == {"one", "two"}
    assert place.reports() == place.reported_anew() == first


def test_a_file_elsewhere_that_stands_still_is_not_checked_again(place: Place, tmp_path: Path) -> None:
    put(tmp_path / "mine.json", prompt(fancy=True))
    path = str(tmp_path / "mine.json")
    place.check()  # It makes the directories that a workspace has after its first command.
    place.settle()
    place.reports(path)
    (report,) = Path(place.workspace.workflow_reports("demo")).iterdir()
    report.write_text(report.read_text().replace("nothing here defines", "nobody here defines"))
    assert "nobody here defines" in place.reports(path)[0].issues[0].message
    put(tmp_path / "mine.json", prompt("gone.safetensors"))
    assert place.reports(path) == place.reported_anew(path)


def test_only_what_was_edited_is_checked_again(place: Place) -> None:
    for name in ("one", "two", "three"):
        put(place.live(name), prompt())
    place.check()
    put(place.live("two"), prompt("other.safetensors"))
    assert place.remembered() == {"one", "three"}
    assert [one.runs for one in place.reports()] == [True, True, False]


def test_a_workflow_with_a_lock_is_always_checked(place: Place) -> None:
    put(place.live(), prompt())
    put(Path(place.layout.root, ".cec/workflow-locks/one.json"), "{}")
    place.check()
    assert place.remembered() == set()


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"content": 1}', '{"content": "x", "grounds": {}, "record": []}', "[" * 100_000]
)
def test_a_report_that_cannot_be_read_says_nothing(place: Place, content: str) -> None:
    put(place.live(), prompt("gone.safetensors"))
    place.check()
    (report,) = Path(place.workspace.workflow_reports("demo")).iterdir()
    report.write_text(content)
    assert place.reports() == place.reported_anew()


@pytest.mark.parametrize("record", [None, [], [1, 2, 3, 4, 5, 6], ["one", [["no-code"]], [], [], [], 1], "text"])
def test_a_record_that_is_none_says_nothing(place: Place, record: object) -> None:
    put(place.live(), prompt("gone.safetensors"))
    place.check()
    (report,) = Path(place.workspace.workflow_reports("demo")).iterdir()
    report.write_text(json.dumps({**json.loads(report.read_text()), "record": record}))
    assert place.reports() == place.reported_anew()


def test_what_changed_within_a_tick_of_the_clock_is_not_relied_on(place: Place) -> None:
    put(place.live(), prompt("gone.safetensors"))
    place.settle()
    put(Path(place.layout.manifest), '[tool.comfydock]\ncomfyui_version = "v1.0.1"\n')
    check_workflows(place.manager, ["one"], SilentReporter())
    assert place.remembered() == set()


def test_a_workflow_of_which_status_tells_no_check_is_checked(place: Place) -> None:
    put(place.live(), prompt())
    place.check()
    os.unlink(place.manager.note)
    assert place.told()[0] == "not-checked"
    place.reports()
    assert place.told()[0] == "fine"


REPORT = """
import sys
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.workflows.recalling import check_or_recall
from comfydock_core.managers import WorkflowManager
from comfydock_core.utils.reporting import SilentReporter

workspace = WorkspaceLayout(sys.argv[1])
manager = WorkflowManager(workspace.environment("demo"), workspace)
for check in check_or_recall(manager, ["one"], SilentReporter(), strict=True):
    print(check.issues[0].message)
"""


def test_another_comfydock_does_not_report_what_this_one_found(place: Place, tmp_path: Path) -> None:
    program = tmp_path / "program/comfydock_core"
    shutil.copytree(Path(comfydock_core.__file__).parent, program)
    put(place.live(), prompt(fancy=True))

    def report() -> str:
        place.settle()
        command = [sys.executable, "-P", "-c", REPORT, str(tmp_path)]
        environment = {**os.environ, "PYTHONPATH": str(program.parent)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert report() == report() == "nothing here defines `Fancy` (node 4)\n"
    source = program / "core/usecases/workflows/checking.py"
    source.write_text(source.read_text().replace("nothing here defines", "nobody defines"))
    assert report() == "nobody defines `Fancy` (node 4)\n"


def test_the_oldest_reports_go(tmp_path: Path) -> None:
    for age in range(5):
        put(tmp_path / f"{age}.json", "{}")
        os.utime(tmp_path / f"{age}.json", (100 - age, 100 - age))
    forget_oldest(str(tmp_path), 2)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["0.json", "1.json"]


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
    # What only the words of a report rely on.
    "pack without code comes": lambda place: Path(place.layout.custom_nodes, "masks").mkdir(exist_ok=True),
    "pack without code goes": lambda place: shutil.rmtree(f"{place.layout.custom_nodes}/masks", True),
    "code of a pack that is off": lambda place: put(Path(place.layout.custom_nodes, "off.disabled/x.py"), PACK),
    "other code of it": lambda place: put(Path(place.layout.custom_nodes, "off.disabled/x.py"), "A = 1\n"),
    "lists come": lambda place: _lists(place, "Fancy"),
    "lists without the class": lambda place: _lists(place, "Fancier"),
    "list of models comes": lambda place: _list_of_models(place, "other.safetensors"),
    "other list of models": lambda place: _list_of_models(place, "base.safetensors"),
    "lists go": lambda place: [one.unlink() for one in Path(place.workspace.node_data).iterdir()],
    "index learns a source": lambda place: _source(place, "https://a.example/named"),
    "index learns another": lambda place: _source(place, "https://b.example/it"),
    "lock comes": lambda place: put(Path(place.layout.root, ".cec/workflow-locks/two.json"), "{}"),
    "lock goes": lambda place: Path(place.layout.root, ".cec/workflow-locks/two.json").unlink(missing_ok=True),
    "pack is chosen": lambda place: _manifest(place, '[tool.comfydock.custom_node_map]\nFancy = "masks"\n'),
    "class is optional": lambda place: _manifest(place, "[tool.comfydock.custom_node_map]\nFancy = false\n"),
    "choice for a workflow": lambda place: _manifest(
        place, '[tool.comfydock.workflows.two.custom_node_map]\nFancy = "comfyui-fancy"\n'
    ),
    "nothing is chosen": lambda place: _manifest(place, ""),
    "pack that is off is tracked": lambda place: _manifest(
        place, '[tool.comfydock.nodes.off]\nname = "off"\nsource = "development"\nenabled = false\n'
    ),
    "releases come": lambda place: _release(place, "v0.9.0"),
    "later release": lambda place: _release(place, "v1.2.0"),
    "earlier release": lambda place: _release(place, "v0.5.0"),
    "missing model is elsewhere": lambda place: put(place.model.parent / "below/other.safetensors", "weights"),
    "other commit": lambda place: put(place.comfyui / ".git/HEAD", f"{time.time_ns():040}\n"),
}
BASE = '[tool.comfydock]\ncomfyui_version = "v1.0.0"\n'


def _lists(place: Place, name: str) -> None:
    classes = {"https://github.com/carol/masks": [[name], {}]}
    write_lists(Path(place.workspace.node_data), NODE_DATA, MANAGER_LIST, classes)


def _list_of_models(place: Place, name: str) -> None:
    entry = {"filename": name, "url": f"https://h.example/{name}", "save_path": "checkpoints", "type": "checkpoint"}
    write_lists(Path(place.workspace.node_data), None, None, None, models={"models": [entry]})


def _source(place: Place, url: str) -> None:
    with open_model_index(place.workspace.model_index) as index:
        with index._changing():
            index._connection.execute("INSERT OR IGNORE INTO contents VALUES (?, ?, 5, 1)", ("b3" * 32, SHA256))
        index.add_source("b3" * 32, url, "url")


def _manifest(place: Place, text: str) -> None:
    put(Path(place.layout.manifest), BASE + text)


def _release(place: Place, tag: str) -> None:
    """A release of ComfyUI that has the class, in a history beside the files that are there."""

    def git(*words: str, given: str = "") -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
        return subprocess.run(command, cwd=place.comfyui, input=given, text=True, capture_output=True).stdout.strip()

    git("init", "-q")
    blob = git("hash-object", "-w", "--stdin", given=f'CLASSES["Fancy"] = "{tag}"\n')
    tree = git("mktree", given=f"100644 blob {blob}\tnodes.py\n")
    git("tag", "-f", tag, git("commit-tree", "-m", tag, tree))


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


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=st.lists(st.sampled_from(["check", "check", "check", *CHANGES]), min_size=3, max_size=8))
def test_nothing_is_told_of_a_check_that_a_check_would_not_find_now(changes: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        place = Place(Path(directory))
        _fill(place)
        mine = f"{directory}/mine.json"
        put(Path(mine), prompt("other.safetensors", image="a.png", fancy=True))
        place.check()
        for change in changes:
            place.check() if change == "check" else CHANGES[change](place)
            anew = place.reported_anew()
            found = {one.name: Counter(str(issue.code) for issue in one.issues) for one in anew}
            for one in place.manager.states().workflows:
                if one.check != "not-checked":
                    assert one.needs == found[one.name], (change, one.name)
                    assert (one.check == "fine") is (not found[one.name])
            every = [one.name for one in anew] + [mine]
            assert place.reports(*every) == [*anew, *place.reported_anew(mine)], change


LISTED = ("lists come", "list of models comes", "index learns a source", "releases come")
OFF = ("code of a pack that is off", "pack that is off is tracked", "input comes", "lists come")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("before", [(), LISTED, OFF, ("releases come",)])
def test_whatever_changes_a_report_is_seen(place: Place, tmp_path: Path, before: tuple[str, ...], change: str) -> None:
    _fill(place)
    put(tmp_path / "mine.json", prompt("other.safetensors", image="a.png", fancy=True))
    every = ["one", "two", "three", "four", str(tmp_path / "mine.json")]
    for one in before:
        CHANGES[one](place)
    for _ in range(2):  # What the first check makes for itself, such as an index of the lists, makes its report void.
        place.settle()
        place.reports(*every)
    assert place.remembered(*every) == set(every)
    CHANGES[change](place)
    assert place.reports(*every) == place.reported_anew(*every)


def _fill(place: Place) -> None:
    put(place.live("one"), prompt())
    put(place.live("two"), prompt(image="a.png", fancy=True))
    put(place.live("three"), prompt("other.safetensors", image="b.png"))
    put(place.live("four"), json.dumps({"version": 0.4, "nodes": [NAMED], "links": []}))
