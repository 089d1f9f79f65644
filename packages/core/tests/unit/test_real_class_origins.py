"""The classes of 49 real workflows, and the packs that they are from, against the real lists of ComfyUI-Manager.

Run with `-s` to see the table and the misses.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from comfydock_core.analyzers.code.class_files import OF_THE_EDITOR
from comfydock_core.analyzers.workflows.workflow_nodes import node_uses
from comfydock_core.models.packs.node_use import NodeUse
from comfydock_core.models.workflow import ClassResolution, ResolutionResult
from comfydock_core.repositories.node_data.node_index import NodeIndex, open_index
from comfydock_core.resolvers.class_candidates import resolve_classes
from comfydock_core.resolvers.pack_identities import address_of
from comfydock_core.utils.git_urls import github_repository
from tests.support.shared import shared_data

# Why nothing is known of a class.
MISSES = {
    "GetNode": "a node of the editor alone, which the Manager's map does not have (KJNodes)",
    "SetNode": "a node of the editor alone, which the Manager's map does not have (KJNodes)",
    "## make-basic_pipe [2c8c61]": "a component that a user saved with ComfyUI-Manager, in no pack",
}
OWN_CLASSES = 311  # Uses of classes of the pack that a file is from.
SAID = 51  # Uses of classes whose nodes say an origin.
# Repositories that are collections of workflows, applications, or ComfyUI itself: they define no classes.
NO_PACKS = {"ComfyUI-Workflows-ZHO", "comfyui-on-eks", "wyrde-comfyui-workflows", "comfy-cli", "ComfyUI-Zluda"}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeIndex]:
    directory = tmp_path_factory.mktemp("lists")
    for name in ("custom-node-list.json", "extension-node-map.json", "github-stats.json"):
        (directory / name).symlink_to(shared_data("manager", name))
    with open_index(str(directory)) as opened:
        yield opened


@pytest.fixture(scope="module")
def own() -> frozenset[str]:
    return frozenset(json.loads(shared_data("comfyui", "object_info-0.33.0.json").read_bytes())) | OF_THE_EDITOR


def workflows() -> list[tuple[str, tuple[NodeUse, ...]]]:
    return [(path.name, node_uses(path.read_bytes())) for path in sorted(shared_data("workflows").glob("*.json"))]


def homes() -> dict[str, str]:
    """The repository that each file is from, as the table of the data says."""
    rows = re.findall(
        r"^\| `([^`]+\.json)` \| ([\w.-]+/[\w.-]+) \|", _readme().read_text(encoding="utf-8"), re.MULTILINE
    )
    return dict(rows)


def _readme() -> Path:
    return shared_data("README.md")


def foreign(uses: tuple[NodeUse, ...], own: frozenset[str]) -> list[NodeUse]:
    return [use for use in uses if use.type not in own]


def repository_of(found: ClassResolution) -> str:
    """The repository that was decided on, in small letters."""
    address = found.decided.repository if found.decided is not None else None
    github = github_repository(address) if address else None
    return f"{github[0]}/{github[1]}".lower() if github else ""


def resolved(index: NodeIndex, own: frozenset[str]) -> Iterator[tuple[str, tuple[NodeUse, ...], ResolutionResult]]:
    for name, uses in workflows():
        yield name, uses, resolve_classes(uses, own=own, knowledge=index)


def test_every_foreign_class_has_its_pack_or_a_reason(index: NodeIndex, own: frozenset[str]) -> None:
    table: dict[str, set[str]] = {}
    misses: dict[str, str] = {}
    for name, uses, result in resolved(index, own):
        for use in foreign(uses, own):
            found = result.of(use.type)
            assert found is not None
            if found.decided is None:
                misses[use.type] = MISSES[use.type]
            else:
                table.setdefault(use.type, set()).add(found.decided.identifier)
            print(
                f"{name[:40]:40}  {use.type[:44]:44}  {found.decided and found.decided.identifier}  {found.margin:.1f}"
            )
    for node_type, reason in misses.items():
        print(f"not known: {node_type}: {reason}")
    assert (len(table) + len(misses), len(table), set(misses)) == (361, 358, set(MISSES))


def test_a_class_has_more_than_one_pack_only_where_the_workflows_say_so(index: NodeIndex, own: frozenset[str]) -> None:
    packs: dict[str, set[str]] = {}
    for _, uses, result in resolved(index, own):
        for use in foreign(uses, own):
            packs.setdefault(use.type, set()).add(repository_of(result.of(use.type)))  # type: ignore[arg-type]
    assert {node_type: found for node_type, found in packs.items() if len(found) > 1} == {
        node_type: {"lldacing/comfyui_pulid_flux_ll", "sipie800/comfyui-pulid-flux-enhanced"}
        for node_type in (
            "ApplyPulidFlux",
            "PulidFluxEvaClipLoader",
            "PulidFluxInsightFaceLoader",
            "PulidFluxModelLoader",
        )
    }


def test_files_of_a_pack_use_mostly_the_classes_of_that_pack(index: NodeIndex, own: frozenset[str]) -> None:
    """The repository that a file is from is a truth that nothing of the resolution looks at."""
    origins = homes()
    assert len(origins) == 49
    own_classes: Counter[str] = Counter()
    others: dict[str, set[str]] = {}
    for name, uses, result in resolved(index, own):
        home = origins[name]
        if home.split("/")[1] in NO_PACKS:
            continue
        listed = {
            use.type for use in foreign(uses, own)
            if any(github(index, one.identifier) == home.lower() for one in index.candidates(use.type))
        }  # fmt: skip
        for use in foreign(uses, own):
            repository = repository_of(result.of(use.type))  # type: ignore[arg-type]
            own_classes[home] += repository == home.lower()
            if use.type in listed and repository != home.lower():
                others.setdefault(home, set()).add(use.type)
    assert others == {}
    assert all(own_classes.values())
    assert sum(own_classes.values()) == OWN_CLASSES


def github(index: NodeIndex, identifier: str) -> str:
    pack = index.package(identifier)
    found = github_repository(pack.repository) if pack is not None and pack.repository else None
    return f"{found[0]}/{found[1]}".lower() if found else ""


def test_who_disagrees_with_what_the_nodes_say(index: NodeIndex, own: frozenset[str]) -> None:
    """Only those differ that name one repository, which no list has: the pack is now at another owner."""
    said, disagreeing = 0, {}
    for _, uses, result in resolved(index, own):
        for use in foreign(uses, own):
            found = result.of(use.type)
            assert found is not None
            said += bool(use.cnr_id or use.aux_id)
            if found.notes:
                disagreeing[use.type] = (use.cnr_id, use.aux_id, repository_of(found))
                print(f"{use.type}: {found.notes[0]}; {found.decided and found.decided.identifier}")
    assert said == SAID
    assert disagreeing == dict.fromkeys(
        ("SeedVR2LoadDiTModel", "SeedVR2LoadVAEModel", "SeedVR2TorchCompileSettings", "SeedVR2VideoUpscaler"),
        (None, "ainvfx/ComfyUI-SeedVR2_VideoUpscaler", "numz/comfyui-seedvr2_videoupscaler"),
    )


def test_without_a_word_of_the_nodes_nearly_all_are_the_same(index: NodeIndex, own: frozenset[str]) -> None:
    differing = set()
    for _, uses, result in resolved(index, own):
        bare = [replace(use, cnr_id=None, aux_id=None, version=None) for use in uses]
        silent = resolve_classes(bare, own=own, knowledge=index)
        differing |= {
            one.type for one, other in zip(result.classes, silent.classes, strict=True)
            if repository_of(one) != repository_of(other)
        }  # fmt: skip
    assert differing == {
        "ApplyPulidFlux",
        "PulidFluxEvaClipLoader",
        "PulidFluxInsightFaceLoader",
        "PulidFluxModelLoader",
    }


def test_addresses_that_nodes_name_are_those_of_packs(index: NodeIndex) -> None:
    named = {use.aux_id for _, uses in workflows() for use in uses if use.aux_id}
    known = {aux for aux in named if index.package_of_repository(address_of(aux) or "") is not None}
    assert named - known == {"ainvfx/ComfyUI-SeedVR2_VideoUpscaler"}
