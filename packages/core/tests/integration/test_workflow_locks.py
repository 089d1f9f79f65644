"""Workflows of a real environment locked, compared with their locks, and got again from them."""

import json
import os
import shutil
from pathlib import Path

import pytest

from comfydock_core.analyzers.workflows.embedded_lock import embedded_lock
from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.models.exceptions import (
    ChangedMeanwhile,
    WorkflowLockDamaged,
    WorkflowNotFound,
    WorkflowNotWritable,
)
from comfydock_core.models.operation import Initiator
from comfydock_core.models.packs.pack_changes import PackRequest
from comfydock_core.models.workflow.lock import LockDifference, WorkflowLock
from comfydock_core.models.workflow.locking import LockPlan
from comfydock_core.models.workflow.plans import Decisions
from comfydock_core.repositories.workflow_locks import WorkflowLocks
from comfydock_core.utils.files.digests import digests_of
from comfydock_core.utils.reporting import SilentReporter
from tests.support.miniature import git
from tests.support.model_files import write_safetensors
from tests.support.pack_host import PackHost
from tests.support.taking_back import content, undo

from .transactions.conftest import killed_in_child, no_faults, points

__all__ = ["no_faults"]

SILENT = SilentReporter()
WHO = Initiator(("workflow", "lock"))
NODES = """
import folder_paths


class {name}:
    RETURN_TYPES = ()
    OUTPUT_NODE = True
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{
            "model_name": (folder_paths.get_filename_list("checkpoints"),),
            "image": (["none"], {{"image_upload": True}}),
        }}}}

    def run(self, model_name, image):
        return ()


NODE_CLASS_MAPPINGS = {{"{name}": {name}}}
"""
MODEL, IMAGE = "base ☃.safetensors", "face.png"
URL = "https://example.com/base.safetensors"


def nodes_of(name: str) -> dict[str, str | bytes]:
    return {"__init__.py": NODES.format(name=name)}


def graph(*nodes: str, model: str = MODEL, image: str = IMAGE) -> dict[str, object]:
    listed = [
        {"id": at, "type": name, "inputs": [], "outputs": [], "widgets_values": [model, image]}
        for at, name in enumerate(nodes, 1)
    ]
    return {"version": 0.4, "nodes": listed, "links": [], "extra": {"ds": {"scale": 1}}}


class Place:
    """An environment with two packs, a model, an input file, and one workflow in a sub-folder that uses them all."""

    def __init__(self, workspace: Workspace, environment: Environment) -> None:
        self.workspace = workspace
        self.environment = environment
        self.root = Path(environment.layout.root)
        self.models = Path(workspace.layout.models)
        self.workflow = Path(environment.layout.workflows) / "people/portrait.json"
        self.lock_file = self.root / ".cec/workflow-locks/people/portrait.json"

    def plan(self, *words: str, embed: bool = False, read: bool = True) -> LockPlan:
        return self.workspace.workflows.plan_locks("demo", words, SILENT, embed=embed, read=read)

    def lock(self, *words: str, embed: bool = False) -> WorkflowLock:
        plan = self.plan(*(words or ("people/portrait",)), embed=embed)
        self.workspace.workflows.lock(plan, WHO, SILENT)
        return plan.locks[0].lock

    def differences(self, what: str = "people/portrait") -> tuple[LockDifference, ...]:
        (check,) = self.workspace.workflows.check("demo", [what], SILENT)
        assert check.lock is not None
        return check.lock.differences

    def save(self, values: dict[str, object]) -> None:
        self.workflow.parent.mkdir(parents=True, exist_ok=True)
        self.workflow.write_text(json.dumps(values, indent=2, ensure_ascii=False))

    def change_packs(self, action: str, *words: str) -> None:
        plan = self.workspace.packs.plan("demo", PackRequest(action, words), SILENT)
        self.workspace.packs.change(plan, WHO, SILENT)


@pytest.fixture
def place(workspace: Workspace, local: object, host: PackHost, make_environment: object) -> Place:
    host.add("faces", "1.0.0", files=nodes_of("FaceLoader"))
    host.add_repository("alice", "Fancy", nodes_of("FancyLoader"))
    made = Place(workspace, make_environment())  # type: ignore[operator]
    made.change_packs("add", "faces", "https://github.com/alice/Fancy")
    (made.models / "checkpoints").mkdir(exist_ok=True)
    write_safetensors(made.models / "checkpoints" / MODEL, {"weight": (4, 4)})
    made.root.joinpath("ComfyUI/input").mkdir(exist_ok=True)
    made.root.joinpath("ComfyUI/input", IMAGE).write_bytes(b"a face")
    made.save(graph("FaceLoader", "FancyLoader"))
    return made


def test_a_lock_has_packs_classes_models_and_inputs(place: Place) -> None:
    lock = place.lock()
    model, image = place.models / "checkpoints" / MODEL, place.root / "ComfyUI/input" / IMAGE
    assert lock.comfyui.commit == git(place.root / "ComfyUI", "rev-parse", "HEAD").strip()
    registry, repository = sorted(lock.packs, key=lambda pack: pack.source or "", reverse=True)
    assert (registry.id, registry.version, len(registry.archive_sha256 or "")) == ("faces", "1.0.0", 64)
    fancy = place.root / "ComfyUI/custom_nodes" / repository.directory
    assert repository.commit == git(fancy, "rev-parse", "HEAD").strip()
    assert {one.type: one.pack for one in lock.classes} == {"FaceLoader": "faces", "FancyLoader": repository.id}
    assert all(one.evidence for one in lock.classes)
    (locked,) = lock.models
    digests = digests_of(str(model))
    assert (locked.folder, locked.name, locked.size) == ("checkpoints", MODEL, model.stat().st_size)
    assert (locked.blake3, locked.sha256) == (digests.blake3, digests.sha256)
    assert locked.header["format"] == "safetensors"
    (file,) = lock.inputs
    assert (file.name, file.sha256, file.size) == (IMAGE, digests_of(str(image)).sha256, 6)
    assert not list(lock.problems())
    assert WorkflowLocks(place.environment.layout).read("people/portrait") is not None


def test_undo_takes_the_lock_back_with_its_directories(place: Place) -> None:
    before = content(place.workspace)
    place.lock()
    assert content(place.workspace) != before
    undo(place.workspace)
    assert content(place.workspace) == before


def test_the_same_again_is_the_same_bytes_and_no_operation(place: Place) -> None:
    place.lock()
    written = place.lock_file.read_bytes()
    plan = place.plan("people/portrait")
    assert plan.change is None
    assert place.workspace.workflows.lock(plan, WHO, SILENT) == ""
    place.lock_file.unlink()
    place.lock()
    assert place.lock_file.read_bytes() == written


def test_digests_are_noted_in_the_index_and_not_read_again(place: Place) -> None:
    assert place.plan("people/portrait", read=False).locks[0].unread
    place.lock()
    (row,) = place.workspace.models.all(SILENT)
    assert row.blake3 == digests_of(row.full_path).blake3
    with open(row.full_path, "r+b") as file:  # A change that only reading would see.
        times = os.stat(file.fileno())
        file.seek(-1, os.SEEK_END)
        file.write(b"!")
    os.utime(row.full_path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert place.plan("people/portrait").locks[0].lock.models[0].blake3 == row.blake3


def test_a_model_that_changed_in_place_is_read_again(place: Place) -> None:
    first = place.lock().models[0]
    path = place.models / "checkpoints" / MODEL
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    second = place.lock().models[0]
    assert (second.size, second.blake3) == (first.size, digests_of(str(path)).blake3)
    assert second.blake3 != first.blake3


def test_a_dry_run_reads_nothing_and_writes_nothing(place: Place) -> None:
    before = content(place.workspace)
    plan = place.plan("people/portrait", read=False)
    assert plan.locks[0].lock.models[0].blake3 is None
    assert sorted(os.path.basename(path) for path in plan.locks[0].unread) == sorted([MODEL, IMAGE])
    assert content(place.workspace) == before
    assert not place.workspace.models.all(SILENT)


def test_what_is_missing_is_an_entry_that_says_so(place: Place) -> None:
    place.save(graph("FaceLoader", "Nowhere", model="gone.safetensors", image="gone.png"))
    lock = place.lock()
    assert {kind for kind, _, _ in lock.problems()} == {"class", "model", "input"}
    (model,) = [one for one in lock.models if one.folder]
    assert (model.name, model.size, model.problem) == ("gone.safetensors", None, "it is not here")
    assert place.lock_file.exists()


def test_a_truncated_model_is_locked_with_what_is_wrong_with_it(place: Place) -> None:
    path = place.models / "checkpoints" / MODEL
    os.truncate(path, path.stat().st_size - 8)
    ((kind, name, problem),) = place.lock().problems()
    assert (kind, name) == ("model", MODEL)
    assert "damaged" in problem


def test_a_value_that_leads_out_of_the_inputs_is_not_read(place: Place) -> None:
    place.save(graph("FaceLoader", image="../../.cec/pyproject.toml"))
    (file,) = place.lock().inputs
    assert (file.size, file.sha256) == (None, None)
    assert "outside" in (file.problem or "")


def test_changed_files_of_a_checkout_are_told(place: Place) -> None:
    commit = next(pack for pack in place.lock().packs if pack.commit)
    assert not commit.changed
    (place.root / "ComfyUI/custom_nodes" / commit.directory / "__init__.py").open("a").write("\n# mine\n")
    assert [pack.changed for pack in place.lock().packs if pack.commit] == [True]


# Comparing


def test_check_says_as_locked_without_opening_models(place: Place) -> None:
    place.lock()
    assert place.differences() == ()
    os.chmod(place.models / "checkpoints" / MODEL, 0)
    assert place.differences() == ()


def test_another_version_of_a_pack_and_of_comfyui_are_differences(place: Place, host: PackHost) -> None:
    lock = place.lock()
    host.add("faces", "2.0.0", files=nodes_of("FaceLoader"))
    later = host.add_repository("alice", "Fancy", {"later.py": "later = True\n"})
    place.change_packs("update", "faces", "Fancy")
    git(place.root / "ComfyUI", "checkout", "-q", "--detach", "v0.1.0")
    found = {one.kind: [each for each in place.differences() if each.kind == one.kind] for one in place.differences()}
    assert found.keys() == {"pack", "comfyui"}
    assert sorted(one.message for one in found["pack"])[1] == "`faces` is at 2.0.0, locked at 1.0.0"
    assert any(later[:10] in one.message for one in found["pack"])
    assert lock.comfyui.commit is not None
    assert lock.comfyui.commit[:10] in found["comfyui"][0].message


def test_a_class_from_another_pack_is_a_difference(place: Place, host: PackHost) -> None:
    place.lock()
    host.add("aaa-other", "1.0.0", files=nodes_of("FaceLoader"))
    place.change_packs("remove", "faces")
    place.change_packs("add", "aaa-other")
    (difference,) = place.differences()
    assert difference.message == "`FaceLoader` is from `aaa-other`, locked from `faces`"


def test_another_model_is_seen_by_its_size_and_by_the_digest_that_the_index_knows(place: Place) -> None:
    place.lock()
    path = place.models / "checkpoints" / MODEL
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"!")
    assert place.differences() == ()  # Of one size, and nobody has read it yet.
    place.workspace.models.sync(SILENT, hash_files=True)
    (difference,) = place.differences()
    assert "another content" in difference.message
    path.write_bytes(whole + b"more")
    (difference,) = place.differences()
    assert (difference.kind, difference.name) == ("model", MODEL)
    assert "bytes, locked with" in difference.message
    path.unlink()
    assert "is not here" in place.differences()[0].message


def test_another_input_and_another_workflow_are_differences(place: Place) -> None:
    place.lock()
    (place.root / "ComfyUI/input" / IMAGE).write_bytes(b"another face")
    assert [one.kind for one in place.differences()] == ["input"]
    place.save(graph("FaceLoader", model="gone.safetensors"))
    assert sorted(one.message for one in place.differences() if one.kind in ("class", "model")) == [
        "`base ☃.safetensors` is not in the lock".replace("base ☃", "gone"),
        "the workflow does not use `FancyLoader` any more",
        f"the workflow does not use `{MODEL}` any more",
    ]


def test_a_damaged_lock_is_a_difference_for_check_and_refused_by_lock(place: Place) -> None:
    place.lock()
    place.lock_file.write_text("{")
    assert [one.kind for one in place.differences()] == ["lock"]
    with pytest.raises(WorkflowLockDamaged):
        place.plan("people/portrait")


# In the workflow itself


def test_the_embedded_lock_is_all_that_changes_in_the_file(place: Place) -> None:
    before = place.workflow.read_bytes()
    place.workflow.chmod(0o640)
    lock = place.lock(embed=True)
    assert place.workflow.stat().st_mode & 0o777 == 0o640
    after = place.workflow.read_bytes()
    assert embedded_lock(json.loads(after)).lock is not None
    start = next(at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    assert after.endswith(before[start:])
    assert list(lock.problems()) == []
    assert place.plan("people/portrait", embed=True).change is None
    undo(place.workspace)
    assert place.workflow.read_bytes() == before
    assert not place.lock_file.exists()


@pytest.mark.parametrize("extra", ["absent", None])
def test_a_workflow_without_extra_gets_one(place: Place, extra: str | None) -> None:
    values = graph("FaceLoader")
    del values["extra"]
    place.save({**values, "extra": None} if extra is None else values)
    place.lock(embed=True)
    written = json.loads(place.workflow.read_bytes())
    assert {**written, "extra": 0} == {**values, "extra": 0}
    assert written["extra"]["comfydock"]["schema"] == 1
    assert place.workflow.read_text().endswith("\n  }\n}")


@pytest.mark.parametrize(
    "values",
    [
        {"1": {"class_type": "FaceLoader", "inputs": {"model_name": MODEL, "image": IMAGE}}},
        {**graph("FaceLoader"), "extra": []},
        {"workflow": json.dumps(graph("FaceLoader"))},
    ],
)
def test_what_takes_no_lock_is_refused_and_nothing_changes(place: Place, values: dict[str, object]) -> None:
    place.save(values)
    before = content(place.workspace)
    with pytest.raises(WorkflowNotWritable):
        place.lock(embed=True)
    assert content(place.workspace) == before
    place.lock()


def test_pictures_and_other_files_are_refused(place: Place, tmp_path: Path) -> None:
    picture = tmp_path / "made.png"
    picture.write_bytes(b"\x89PNG")
    with pytest.raises(WorkflowNotWritable):
        place.lock(str(picture), embed=True)
    with pytest.raises(WorkflowNotFound):
        place.lock(str(picture))


def test_a_file_with_a_lock_tells_others_where_its_models_are_from(place: Place, tmp_path: Path) -> None:
    place.workspace.models.sync(SILENT, hash_files=True)
    place.workspace.models.add_source(f"checkpoints/{MODEL}", URL, SILENT)
    lock = place.lock(embed=True)
    received = tmp_path / "received.json"
    shutil.copy(place.workflow, received)
    (analyzed,) = place.workspace.workflows.analyze("demo", [str(received)], None, SILENT)
    assert analyzed.needs is not None
    named = {one.named for one in analyzed.needs.models}
    assert {(one.url, one.hash) for one in named if one is not None} == {(URL, lock.models[0].sha256)}
    assert place.differences(str(received)) == ()
    (place.models / "checkpoints" / MODEL).rename(place.models / "checkpoints/renamed.safetensors")
    place.workspace.models.sync(SILENT, hash_files=True)
    (check,) = place.workspace.workflows.check("demo", [str(received)], SILENT)
    assert check.models[0].decided is not None
    assert check.models[0].decided.name == "renamed.safetensors"


def test_a_damaged_lock_in_a_file_is_told_and_stops_nothing(place: Place, tmp_path: Path) -> None:
    received = tmp_path / "received.json"
    received.write_text(json.dumps({**graph("FaceLoader"), "extra": {"comfydock": {"schema": 99}}}))
    (analyzed,) = place.workspace.workflows.analyze("demo", [str(received)], None, SILENT)
    assert analyzed.needs is not None
    assert [one.code for one in analyzed.needs.problems] == ["lock-unreadable"]
    (check,) = place.workspace.workflows.check("demo", [str(received)], SILENT)
    assert check.runs
    assert check.lock is not None
    assert [one.kind for one in check.lock.differences] == ["lock"]


# Getting it again


def test_resolve_asks_for_a_missing_model_by_the_address_and_digest_of_the_lock(place: Place) -> None:
    place.workspace.models.sync(SILENT, hash_files=True)
    place.workspace.models.add_source(f"checkpoints/{MODEL}", URL, SILENT)
    lock = place.lock()
    (place.models / "checkpoints" / MODEL).unlink()
    plan = place.workspace.workflows.plan_resolution("demo", "people/portrait", Decisions(), SILENT)
    assert {(one.urls, one.to, one.sha256) for one in plan.fetch} == {
        ((URL,), f"checkpoints/{MODEL}", lock.models[0].sha256)
    }
    again = place.lock()
    assert (again.models[0].sha256, again.models[0].sources) == (lock.models[0].sha256, (URL,))
    assert [kind for kind, _, _ in again.problems()] == ["model"]


def test_what_a_lock_knows_by_its_digest_is_asked_for_before_what_the_workflow_names(place: Place) -> None:
    place.workspace.models.sync(SILENT, hash_files=True)
    for url in (URL, f"{URL}?second"):
        place.workspace.models.add_source(f"checkpoints/{MODEL}", url, SILENT)
    lock = place.lock()
    (place.models / "checkpoints" / MODEL).unlink()
    other = "https://example.com/other.safetensors"
    values = graph("FaceLoader")
    named = [{"name": MODEL, "url": other, "directory": "checkpoints"}]
    values["nodes"][0]["properties"] = {"models": named}  # type: ignore[index]
    place.save(values)
    plan = place.workspace.workflows.plan_resolution("demo", "people/portrait", Decisions(), SILENT)
    assert [(one.urls, one.sha256) for one in plan.fetch] == [((URL, f"{URL}?second", other), lock.models[0].sha256)]


def test_the_address_of_an_earlier_content_does_not_stay_with_another_one(place: Place) -> None:
    place.workspace.models.sync(SILENT, hash_files=True)
    place.workspace.models.add_source(f"checkpoints/{MODEL}", URL, SILENT)
    assert place.lock(embed=True).models[0].sources == (URL,)
    write_safetensors(place.models / "checkpoints" / MODEL, {"other": (2, 2)})
    assert place.lock(embed=True).models[0].sources == ()


# One operation


def test_a_workflow_that_changed_while_models_were_read_is_not_locked(place: Place) -> None:
    plan = place.plan("people/portrait")
    place.save(graph("FaceLoader"))
    with pytest.raises(ChangedMeanwhile):
        place.workspace.workflows.lock(plan, WHO, SILENT)
    assert not place.lock_file.exists()


def test_killed_anywhere_both_files_are_as_before_or_as_after(place: Place) -> None:
    second = place.workflow.with_name("second.json")
    second.write_text(json.dumps(graph("FaceLoader")))

    def work() -> None:
        plan = place.plan("people/portrait", "people/second", embed=True)
        place.workspace.workflows.lock(plan, WHO, SILENT)

    def state() -> tuple[bytes | None, ...]:
        paths = (place.lock_file, place.lock_file.with_name("second.json"), place.workflow, second)
        return tuple(path.read_bytes() if path.exists() else None for path in paths)

    old = state()
    total = points(work)
    new = state()
    assert old != new
    undo(place.workspace)
    ended: list[bool] = []
    for at in range(1, total + 1):
        assert killed_in_child(work, at), at
        place.workspace.operations("demo", workspace=False).prune(99, WHO, SILENT)
        assert state() in (old, new), at
        ended.append(state() == new)
        if ended[-1]:
            undo(place.workspace)
            assert state() == old
    assert ended == sorted(ended)
    assert set(ended) == {False, True}
