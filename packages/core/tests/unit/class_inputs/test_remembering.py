"""What was read is kept, and read again only where something changed."""

import json
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.analyzers.class_inputs import RememberedInputs
from comfydock_core.analyzers.class_inputs.storing import recalled, stored
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.models.workflow import ClassCatalog, ClassInput, InputOption, InputTemplate, NodeClass
from comfydock_core.models.workflow.class_inputs import StoredCatalog, names_with_models
from tests.support.reporters import RecordingReporter
from tests.support.small_comfyui import comfyui, write

PACK = (
    "import nodes\nfrom .more import NAMES\nclass A(nodes.KSampler):\n    @classmethod\n    def INPUT_TYPES(s):\n"
    '        return {"required": {"x": (NAMES,), **super().INPUT_TYPES()["required"]}}\n'
    'NODE_CLASS_MAPPINGS = {"A": A}\n'
)


def place(root: Path) -> tuple[Path, Path]:
    pack = write(root / "ComfyUI" / "custom_nodes" / "pack", {"__init__.py": PACK, "more.py": 'NAMES = ["a"]\n'})
    return comfyui(root / "ComfyUI"), pack


def ask(root: Path, reporter: RecordingReporter | None = None) -> ClassCatalog:
    """The classes of the pack, as a new start of the program would get them."""
    inputs = RememberedInputs(str(root / "ComfyUI"), AnswerCache(str(root / "cache")), reporter or RecordingReporter())
    inputs.of_comfyui()
    found = inputs.of_pack(str(root / "ComfyUI" / "custom_nodes" / "pack"))
    inputs.save()
    return found


def choices(found: ClassCatalog) -> object:
    (first, *_) = found.classes["A"].inputs
    return first.choices


def test_the_second_time_nothing_is_read(tmp_path: Path) -> None:
    place(tmp_path)
    first, again = RecordingReporter(), RecordingReporter()
    fresh = ask(tmp_path, first)
    kept = ask(tmp_path, again)
    assert (len(first.phases), again.phases, again.steps) == (1, [], [])
    assert dict(kept.classes) == dict(fresh.classes)
    assert [one.name for one in kept.classes["A"].inputs] == ["x", "model", "sampler"]


def test_a_file_of_the_pack_that_changes_is_read_again(tmp_path: Path) -> None:
    _, pack = place(tmp_path)
    assert choices(ask(tmp_path)) == ("a",)
    (pack / "more.py").write_text('NAMES = ["a", "b"]\n')
    assert choices(ask(tmp_path)) == ("a", "b")


def test_a_file_of_comfyui_that_a_pack_builds_on_is_looked_at_too(tmp_path: Path) -> None:
    ours, _ = place(tmp_path)
    ask(tmp_path)
    (ours / "comfy" / "samplers.py").write_text("class KSampler:\n    SAMPLERS = ['other']\n")
    sampler = ask(tmp_path).classes["A"].input("sampler")
    assert sampler is not None
    assert sampler.choices == ("other",)


def test_a_file_that_comes_into_a_directory_that_was_listed_is_seen(tmp_path: Path) -> None:
    _, pack = place(tmp_path)
    listing = "import os\nNAMES = sorted(os.listdir(os.path.dirname(__file__) + '/styles'))\n"
    write(pack, {"more.py": listing, "styles/one.css": ""})
    assert choices(ask(tmp_path)) == ("one.css",)
    os.utime(pack / "styles", ns=(1, 1))  # So that its time changes whatever the clock of the disk is like.
    (pack / "styles" / "two.css").write_text("")
    assert choices(ask(tmp_path)) == ("one.css", "two.css")


def test_what_was_kept_damaged_is_read_again(tmp_path: Path) -> None:
    place(tmp_path)
    ask(tmp_path)
    for file in (tmp_path / "cache").iterdir():
        file.write_text(json.dumps({"stamp": "x", "further": 3}))
    assert choices(ask(tmp_path)) == ("a",)


NAMES = st.text(max_size=8)
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | NAMES
PARTS = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=5
)


def inputs(inner: st.SearchStrategy[ClassInput]) -> st.SearchStrategy[ClassInput]:
    several = st.lists(inner, max_size=2).map(tuple)
    template = st.builds(InputTemplate, inner, st.lists(NAMES, max_size=2).map(tuple), st.none() | NAMES, st.integers(),
                         st.none() | st.integers())  # fmt: skip
    branches = st.lists(st.builds(InputOption, NAMES, several), max_size=2).map(tuple)
    return st.builds(
        ClassInput, NAMES, st.sampled_from(["required", "optional", "hidden"]), st.none() | NAMES,
        st.none() | st.lists(PARTS, max_size=3).map(tuple), st.lists(NAMES, max_size=2).map(tuple),
        st.dictionaries(NAMES, PARTS, max_size=2), branches, st.none() | template, st.none() | NAMES,
    )  # fmt: skip


PLAIN = st.builds(ClassInput, NAMES, st.just("required"), NAMES)
CLASSES = st.builds(
    NodeClass, NAMES, NAMES, st.lists(inputs(PLAIN), max_size=3).map(tuple),
    st.none() | st.lists(NAMES, max_size=2).map(tuple), st.none() | st.booleans(), st.none() | NAMES,
    st.lists(NAMES, max_size=2).map(tuple),
)  # fmt: skip


@given(st.lists(CLASSES, max_size=3))
def test_every_class_comes_back_as_it_was_stored(classes: list[NodeClass]) -> None:
    catalog = ClassCatalog({one.name: one for one in classes}, ("a:1: b",))
    back = recalled(json.loads(json.dumps(stored(catalog))))
    assert back is not None
    assert (dict(back.classes), back.doubts) == (dict(catalog.classes), catalog.doubts)


@given(st.lists(CLASSES, max_size=5))
def test_what_takes_models_is_the_same_stored_or_not(classes: list[NodeClass]) -> None:
    catalog = ClassCatalog({one.name: one for one in classes}, ())
    back = recalled(json.loads(json.dumps(stored(catalog))))
    assert back is not None
    assert isinstance(back.classes, StoredCatalog)
    assert list(names_with_models(back.classes)) == list(names_with_models(catalog.classes))
