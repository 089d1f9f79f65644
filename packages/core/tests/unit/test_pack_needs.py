"""Which packs of an environment are needed, and why something is there. Everything is files; nothing is run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.models.exceptions import ManifestDamaged, PackNotFound
from comfydock_core.models.packs.pack_needs import PackNeeds, Reasons
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.uv_lock import parse_lock
from comfydock_core.repositories.node_data.node_index import NodeIndex, open_index
from comfydock_core.resolvers.pack_needs import needs_of
from comfydock_core.resolvers.reasons import chains_to, why
from comfydock_core.utils.reporting import SilentReporter
from tests.support.node_lists import write_lists
from tests.support.shared import shared_data

MANIFEST = """
[project]
name = "comfydock-env-work"
dependencies = ["torch", "numpy>=1", "my-own==2"]

[dependency-groups]
comfyui-fancy-898c65ad = ["six>=1.0", "numpy"]
tools = ["ruff"]

[tool.uv]
constraint-dependencies = ["numpy<3"]

[tool.comfydock.nodes.comfyui-fancy]
name = "ComfyUI-Fancy"
repository = "https://github.com/alice/ComfyUI-Fancy"
source = "git"

[tool.comfydock.nodes.masks]
name = "masks"
registry_id = "masks"
source = "registry"

[tool.comfydock.nodes.silent]
name = "silent"
source = "development"
"""
FANCY = 'NODE_CLASS_MAPPINGS = {"FancyBlur": 1, "Both": 2}'
MASKS = 'NODE_CLASS_MAPPINGS = {"MaskGrow": 1, "Both": 2}'


class Place:
    """An environment as files."""

    def __init__(self, root: Path, index: NodeIndex | None = None) -> None:
        self.root = root
        self.index = index
        self.layout = EnvironmentLayout(str(root))
        self.answers = AnswerCache(str(root / "answers"))
        self.write(".cec/pyproject.toml", MANIFEST)
        self.write("ComfyUI/nodes.py", 'NODE_CLASS_MAPPINGS = {"KSampler": K}')
        self.write("ComfyUI/requirements.txt", "torch\nnumpy>=1\n")
        self.pack("ComfyUI-Fancy", FANCY)
        self.pack("masks", MASKS)
        self.pack("silent", "")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def pack(self, name: str, text: str) -> None:
        self.write(f"ComfyUI/custom_nodes/{name}/__init__.py", text)

    def workflow(self, name: str, *nodes: object) -> None:
        content = [{"type": node} if isinstance(node, str) else node for node in nodes]
        self.write(f"ComfyUI/user/default/workflows/{name}.json", json.dumps({"nodes": content}))

    def manifest(self, *more: str) -> dict[str, object]:
        self.write(".cec/pyproject.toml", "\n".join([MANIFEST, *more]))
        return read_manifest(self.layout.manifest)

    def needs(self, *more: str) -> PackNeeds:
        return needs_of(self.layout, self.manifest(*more), self.index, self.answers, SilentReporter())

    def states(self, *more: str) -> dict[str, str]:
        return {pack.identifier: pack.state for pack in self.needs(*more).packs}

    def needed(self, *more: str) -> dict[str, list[tuple[str, str]]]:
        return {
            pack.identifier: [(need.workflow, need.type) for need in pack.needs]
            for pack in self.needs(*more).packs
            if pack.needs
        }

    def why(self, word: str, *more: str) -> Reasons:
        return why(word, self.layout, self.manifest(*more), self.index, self.answers, SilentReporter())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Without any list of known packs."""
    return Place(tmp_path / "environments" / "work")


@pytest.fixture
def informed(tmp_path: Path) -> Iterator[Place]:
    """With lists of known packs."""
    with open_index(str(write_lists(tmp_path / "lists"))) as index:
        yield Place(tmp_path / "environments" / "work", index)


def test_a_pack_is_needed_by_the_workflows_that_use_its_classes(place: Place) -> None:
    place.workflow("one", "FancyBlur", "KSampler", "Note")
    place.workflow("sub/two", "FancyBlur")
    assert place.needed() == {"comfyui-fancy": [("one", "FancyBlur"), ("sub/two", "FancyBlur")]}
    assert place.states()["masks"] == "unneeded"
    assert [pack.identifier for pack in place.needs().unneeded] == ["masks"]
    assert place.needs().unserved == ()


def test_a_pack_without_node_classes_is_perhaps_needed(place: Place) -> None:
    assert place.states()["silent"] == "perhaps"


def test_what_comfyui_defines_itself_needs_no_pack(place: Place) -> None:
    place.pack("ComfyUI-Fancy", 'NODE_CLASS_MAPPINGS = {"KSampler": 1}')
    place.workflow("one", "KSampler", {"type": "New", "properties": {"cnr_id": "comfy-core"}})
    assert (place.needed(), place.needs().unserved) == ({}, ())


def test_what_comfyui_has_among_the_custom_nodes_is_no_pack(place: Place) -> None:
    place.write("ComfyUI/custom_nodes/websocket_image_save.py", 'NODE_CLASS_MAPPINGS = {"SaveImageWebsocket": 1}')
    place.workflow("one", "SaveImageWebsocket")
    assert (place.needed(), place.needs().unserved) == ({}, ())
    assert "websocket_image_save.py" not in place.states()


def test_a_pack_that_was_chosen_for_a_class_that_comfyui_has_as_well_is_needed(place: Place) -> None:
    place.workflow("one", "KSampler")
    chosen = '[tool.comfydock.workflows.one.custom_node_map]\nKSampler = "masks"'
    assert place.needed(chosen) == {"masks": [("one", "KSampler")]}


def test_a_pack_that_the_lists_call_otherwise_is_known_by_its_repository(informed: Place) -> None:
    entry = '[tool.comfydock.nodes.mine]\nname = "mine"\nrepository = "git@github.com:Dave/no-id.git"'
    informed.pack("mine", "NODE_CLASS_MAPPINGS = load()")
    informed.workflow("one", "Shared")
    informed.workflow("two", {"type": "Other", "properties": {"cnr_id": "github_dave_No-Id"}})
    assert informed.needed(entry) == {"mine": [("one", "Shared"), ("two", "Other")]}


def test_several_packs_that_define_a_class_are_all_needed(place: Place) -> None:
    place.workflow("one", "Both")
    assert set(place.needed()) == {"comfyui-fancy", "masks"}


@pytest.mark.parametrize(
    "properties",
    [{"cnr_id": "MASKS"}, {"cnr_id": "Comfyui-Masks", "aux_id": "x/y"}, {"aux_id": "carol/Masks"}],
)
def test_a_node_that_names_its_pack_needs_that_one(informed: Place, properties: dict[str, str]) -> None:
    origin = 'registry_id = "comfyui-masks"\nrepository = "https://github.com/carol/masks"'
    informed.write(".cec/pyproject.toml", MANIFEST.replace('registry_id = "masks"', origin))
    informed.workflow("one", {"type": "Both", "properties": properties})
    found = needs_of(
        informed.layout, read_manifest(informed.layout.manifest), informed.index, informed.answers, SilentReporter()
    )
    assert [pack.identifier for pack in found.packs if pack.needs] == ["masks"]


def test_where_a_node_and_the_code_disagree_neither_pack_is_taken_away(place: Place) -> None:
    place.workflow("one", {"type": "FancyBlur", "properties": {"cnr_id": "masks"}})
    assert set(place.needed()) == {"comfyui-fancy", "masks"}


def test_what_was_chosen_in_the_manifest_goes_first(place: Place) -> None:
    place.workflow("sub/one", "Both", "Unknown", "FancyBlur")
    chosen = '[tool.comfydock.workflows.one.custom_node_map]\nBoth = "masks"\nUnknown = "masks"\nFancyBlur = false'
    assert place.needed(chosen) == {"masks": [("sub/one", "Both"), ("sub/one", "Unknown")]}
    assert place.needs(chosen).unserved == ()


def test_a_type_that_nothing_defines_is_told_with_the_packs_that_are_known_to(informed: Place) -> None:
    informed.workflow("one", "Shared", {"type": "Nowhere", "properties": {"aux_id": "new/pack"}})
    informed.workflow("two", "Shared")
    unserved = {one.type: one for one in informed.needs().unserved}
    assert (unserved["Shared"].workflows, unserved["Shared"].known) == (("one", "two"), ("github_dave_No-Id", "masks"))
    assert unserved["Nowhere"].known == ("https://github.com/new/pack",)


def test_the_candidate_with_exactly_these_inputs_is_known_first(informed: Place) -> None:
    inputs = [{"name": "b", "type": "INT"}, {"name": "a", "type": "MODEL"}]
    informed.workflow("one", {"type": "DualNode", "inputs": inputs})
    assert informed.needs().unserved[0].known[0] == "pack-a"
    informed.workflow("one", "DualNode")
    assert informed.needs().unserved[0].known == ("comfyui-fancy",)


def test_a_pack_whose_code_cannot_be_told_is_needed_for_what_the_lists_give_it(informed: Place) -> None:
    informed.pack("ComfyUI-Fancy", "NODE_CLASS_MAPPINGS = load()")
    informed.workflow("one", "FancyEdge")
    assert informed.needed() == {"comfyui-fancy": [("one", "FancyEdge")]}


def test_a_pack_whose_code_cannot_be_told_is_perhaps_needed_for_what_nothing_else_has(place: Place) -> None:
    place.pack("masks", "NODE_CLASS_MAPPINGS = load()")
    place.workflow("one", "FancyBlur")
    assert place.states()["masks"] == "unneeded"
    place.workflow("two", "Mystery")
    assert place.states() == {"comfyui-fancy": "needed", "masks": "perhaps", "silent": "perhaps"}
    assert "Mystery" in place.needs().of("masks").doubts[0]  # type: ignore[union-attr]


def test_while_a_workflow_cannot_be_read_nothing_is_unneeded(place: Place) -> None:
    place.workflow("one", "FancyBlur")
    place.write("ComfyUI/user/default/workflows/broken.json", "{")
    needs = place.needs()
    assert [one.name for one in needs.unread] == ["broken"]
    assert needs.unneeded == ()
    assert place.states() == {"comfyui-fancy": "needed", "masks": "perhaps", "silent": "perhaps"}


def test_a_pack_that_a_noted_workflow_needs_is_perhaps_needed_while_that_is_not_here(place: Place) -> None:
    noted = '[tool.comfydock.workflows.gone]\nnodes = ["Masks"]'
    assert place.states(noted)["masks"] == "perhaps"
    place.workflow("gone", "KSampler")
    assert place.states(noted)["masks"] == "unneeded"


def test_a_pack_that_is_not_on_the_disk_has_the_classes_of_the_lists(informed: Place) -> None:
    (informed.root / "ComfyUI/custom_nodes/masks/__init__.py").unlink()
    (informed.root / "ComfyUI/custom_nodes/masks").rmdir()
    informed.workflow("one", "MaskGrow")
    assert informed.needed() == {"masks": [("one", "MaskGrow")]}


def test_packs_that_the_manifest_does_not_have_count_as_well(place: Place) -> None:
    place.pack("stranger", 'NODE_CLASS_MAPPINGS = {"Strange": 1}')
    place.write("ComfyUI/custom_nodes/single.py", 'NODE_CLASS_MAPPINGS = {"Single": 1}')
    place.pack("away.disabled", 'NODE_CLASS_MAPPINGS = {"Away": 1}')
    place.workflow("one", "Strange", "Single", "Away")
    needs = place.needs()
    assert {pack.identifier for pack in needs.packs if pack.needs and not pack.tracked} == {"stranger", "single.py"}
    assert [one.type for one in needs.unserved] == ["Away"]


def test_very_old_manifests_nest_what_is_under_development(place: Place) -> None:
    place.pack("Mine", 'NODE_CLASS_MAPPINGS = {"M": 1}')
    place.workflow("one", "M")
    assert place.needed('[tool.comfydock.nodes.development.mine]\nname = "Mine"') == {"mine": [("one", "M")]}


@pytest.mark.parametrize(
    "more", ["[tool.comfydock.workflows]\nx = 3", "[tool.comfydock.workflows.one]\ncustom_node_map = 3"]
)
def test_odd_notes_of_workflows_are_no_notes(place: Place, more: str) -> None:
    place.workflow("one", "FancyBlur")
    assert place.needed(more) == {"comfyui-fancy": [("one", "FancyBlur")]}


def test_a_manifest_that_is_no_table_where_one_belongs_is_refused(place: Place) -> None:
    with pytest.raises(ManifestDamaged):
        needs_of(place.layout, {"tool": {"comfydock": {"nodes": 3}}}, None, place.answers, SilentReporter())


def test_real_workflows_find_their_packs_in_the_real_lists(tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    for name in ("custom-node-list.json", "extension-node-map.json"):
        (lists / name).symlink_to(shared_data("manager", name))
    with open_index(str(lists)) as index:
        place = Place(tmp_path / "work", index)
        stock = json.loads(shared_data("comfyui", "object_info-0.33.0.json").read_text())
        place.write("ComfyUI/nodes.py", f"NODE_CLASS_MAPPINGS = {dict.fromkeys(stock)!r}")
        (place.root / "ComfyUI/user/default").mkdir(parents=True)
        (place.root / "ComfyUI/user/default/workflows").symlink_to(shared_data("workflows"))
        needs = place.needs()
    assert (needs.workflows, needs.unread) == (49, ())
    known = {one.type: one.known for one in needs.unserved}
    assert known["LayerUtility: ImageScaleByAspectRatio V2"][0] == "layerstyle"  # Not one of the packs that copy it.
    share = sum(bool(one.known) for one in needs.unserved) / len(needs.unserved)
    assert share > 0.9, [kind for kind, packs in known.items() if not packs]


# Why


def test_a_pack_tells_its_workflows_and_what_it_asks_for(place: Place) -> None:
    place.workflow("one", "FancyBlur")
    for word in ("comfyui-fancy", "ComfyUI-FANCY", "https://github.com/Alice/comfyui-fancy.git"):
        (reason,) = place.why(word).packs
        assert (reason.need.state, reason.group) == ("needed", "comfyui-fancy-898c65ad")
        assert reason.requirements == ("six>=1.0", "numpy")


def test_a_pack_without_a_group_tells_what_its_own_file_asks_for(place: Place) -> None:
    place.write("ComfyUI/custom_nodes/masks/requirements.txt", "# none\nscipy>=1\n-r other\n???\n")
    (reason,) = place.why("masks").packs
    assert (reason.group, reason.requirements) == (None, ("scipy>=1",))


def test_a_class_tells_who_defines_it_and_who_uses_it(informed: Place) -> None:
    informed.workflow("one", "FancyBlur", "KSampler")
    (reason,) = informed.why("FancyBlur").classes
    assert (reason.installed, reason.known, reason.workflows) == (("comfyui-fancy",), ("comfyui-fancy",), ("one",))
    (reason,) = informed.why("KSampler").classes
    assert (reason.built_in, reason.workflows) == (True, ("one",))
    (reason,) = informed.why("OnlyOne").classes
    assert reason.known == ("https://raw.githubusercontent.com/x/y/main/one.py",)


def lock(*packages: str) -> str:
    return 'version = 1\n[[package]]\nname = "work"\nsource = { virtual = "." }\n' + "".join(
        f"[[package]]\n{package}\n" for package in packages
    )


LOCK = lock(
    'name = "torch"\nversion = "2.9.1"\ndependencies = [{ name = "numpy" }]',
    'name = "numpy"\nversion = "2.1"',
    'name = "my-own"\nversion = "2"\ndependencies = [{ name = "middle" }]',
    'name = "middle"\nversion = "1"\ndependencies = [{ name = "base" }]',
    'name = "six"\nversion = "1.16"\n[package.optional-dependencies]\nx = [{ name = "base" }]',
    'name = "base"\nversion = "1"\ndependencies = [{ name = "middle" }]',
)


def test_a_package_tells_who_asks_for_it_directly_and_through_others(place: Place) -> None:
    place.write(".cec/uv.lock", LOCK)
    (numpy,) = place.why("NumPy").packages
    assert [(asker.kind, asker.name, asker.requirement) for asker in numpy.askers] == [
        ("comfyui", "", "numpy>=1"),
        ("pack", "comfyui-fancy", "numpy"),
        ("constraint", "", "numpy<3"),
    ]
    assert (numpy.versions, numpy.chains) == (("2.1",), (("torch", "numpy"),))
    (base,) = place.why("base").packages
    assert (base.askers, base.chains) == ((), (("six", "base"), ("my-own", "middle", "base")))
    (own,) = place.why("my_own").packages
    assert [asker.kind for asker in own.askers] == ["user"]
    (ruff,) = place.why("ruff").packages
    assert ([(asker.kind, asker.name) for asker in ruff.askers], ruff.versions) == ([("group", "tools")], ())


def test_chains_that_go_in_circles_come_to_an_end() -> None:
    circle = lock(*(f'name = "p{n}"\ndependencies = [{{ name = "p{(n + 1) % 9}" }}]' for n in range(9)))
    assert chains_to("p0", parse_lock(circle, "uv.lock"), ["p8", "p4", "p0"]) == [
        ("p8", "p0"),
        ("p4", "p5", "p6", "p7", "p8", "p0"),
    ]


def test_a_word_that_means_nothing_is_answered_with_what_is_near(place: Place) -> None:
    with pytest.raises(PackNotFound) as raised:
        place.why("FancyBlurr")
    assert str(raised.value.hint).startswith("did you mean `FancyBlur` or ")
    with pytest.raises(PackNotFound):
        place.why("")
