"""Which file here is the model that a workflow asks for."""

from collections.abc import Mapping

import pytest

from comfydock_core.models.workflow.checks import AMBIGUOUS, ELSEWHERE, HERE, MISSING, RESPELLED, ModelMatch
from comfydock_core.models.workflow.dependencies import BY_EXTENSION, IN_PROMPT, ModelReference
from comfydock_core.models.workflow.prompt_view import NamedModel
from comfydock_core.resolvers.model_matching import ModelMatcher

FOLDERS: dict[str, dict[str, str | None]] = {
    "checkpoints": {"sd/Base.safetensors": "/m/c/sd/Base.safetensors", "other.ckpt": "/m/c/other.ckpt"},
    "loras": {"style.safetensors": "/m/l/style.safetensors", "sub\\win.safetensors": "/m/l/sub/win.safetensors"},
    "embeddings": {"easy.pt": "/m/e/easy.pt", "bad.safetensors": "/m/e/bad.safetensors"},
}


def match(
    value: str,
    *folders: str,
    found: str = "input",
    here: Mapping[str, Mapping[str, str | None]] = FOLDERS,
    named: NamedModel | None = None,
    digests: Mapping[str, list[str]] | None = None,
    equal: frozenset[str] = frozenset(),
) -> ModelMatch:
    matcher = ModelMatcher(
        here.get, list(here), {"old": "loras"}, lambda digest: (digests or {}).get(digest, []),
        lambda one, other: {one, other} <= equal,
    )  # fmt: skip
    return matcher.match(ModelReference("1", "Loader", "name", value, folders, found, named=named))


def told(found: ModelMatch) -> tuple[str, list[tuple[str, str]]]:
    return found.state, [(one.folder, one.name) for one in found.candidates]


def test_the_very_name_in_the_folder_is_it() -> None:
    found = match("sd/Base.safetensors", "checkpoints")
    assert told(found) == (HERE, [("checkpoints", "sd/Base.safetensors")])
    assert found.decided is not None and found.decided.path == "/m/c/sd/Base.safetensors"


def test_an_old_name_of_a_folder_is_understood() -> None:
    assert match("style.safetensors", "old").state == HERE


@pytest.mark.parametrize(("value", "name"), [("sd\\Base.safetensors", "sd/Base.safetensors")])
def test_other_slashes_are_the_same_path_under_another_name(value: str, name: str) -> None:
    assert told(match(value, "checkpoints")) == (RESPELLED, [("checkpoints", name)])
    assert told(match("sub/win.safetensors", "loras")) == (RESPELLED, [("loras", "sub\\win.safetensors")])


def test_other_case_is_the_same_path_under_another_name() -> None:
    assert told(match("SD/base.SAFETENSORS", "checkpoints")) == (RESPELLED, [("checkpoints", "sd/Base.safetensors")])


def test_the_same_file_name_in_another_directory_is_elsewhere() -> None:
    assert told(match("xl/Base.safetensors", "checkpoints")) == (ELSEWHERE, [("checkpoints", "sd/Base.safetensors")])


def test_the_same_file_name_in_another_folder_is_elsewhere() -> None:
    assert told(match("style.safetensors", "checkpoints")) == (ELSEWHERE, [("loras", "style.safetensors")])


def test_without_a_folder_all_are_looked_through() -> None:
    assert match("style.safetensors", found=BY_EXTENSION).state == HERE


def test_the_nearest_of_several_ways_counts() -> None:
    here = {"checkpoints": {"A.pt": "/1", "sub/a.pt": "/2"}, "loras": {"a.pt": "/3"}}
    assert told(match("a.pt", "checkpoints", here=here)) == (RESPELLED, [("checkpoints", "A.pt")])
    assert told(match("a.pt", "loras", here=here)) == (HERE, [("loras", "a.pt")])


@pytest.mark.parametrize(
    "value", ["Base", "ase.safetensors", "Base.safetensors.part", "sd", "Base.safetensor", "", "/"]
)
def test_a_part_of_a_name_is_never_it(value: str) -> None:
    assert told(match(value, "checkpoints")) == (MISSING, [])


def test_a_file_of_the_digest_is_it_under_any_name() -> None:
    named = NamedModel("gone.safetensors", hash="AABB")
    found = match("gone.safetensors", "checkpoints", named=named, digests={"aabb": ["/m/l/style.safetensors"]})
    assert told(found) == (ELSEWHERE, [("loras", "style.safetensors")])
    assert found.candidates[0].reason == "the digest that the workflow names"


def test_a_digest_of_a_file_that_no_folder_lists_is_no_help() -> None:
    named = NamedModel("gone.safetensors", hash="aabb")
    assert match("gone.safetensors", named=named, digests={"aabb": ["/elsewhere/x"]}).state == MISSING


TWO = {"checkpoints": {"a/x.pt": "/1", "b/x.pt": "/2"}, "loras": {"x.pt": "/3"}}


def test_several_files_of_the_name_leave_a_choice() -> None:
    found = match("c/x.pt", "checkpoints", here=TWO)
    assert told(found) == (AMBIGUOUS, [("checkpoints", "a/x.pt"), ("checkpoints", "b/x.pt")])
    assert found.decided is None


def test_several_files_that_are_known_to_be_equal_leave_none() -> None:
    assert match("c/x.pt", "checkpoints", here=TWO, equal=frozenset({"/1", "/2"})).state == ELSEWHERE


def test_one_file_in_several_lists_leaves_no_choice() -> None:
    same = {"checkpoints": {"a/x.pt": "/1"}, "diffusion_models": {"b/x.pt": "/1"}}
    assert match("x.pt", here=same).state == ELSEWHERE


def test_an_embedding_may_lack_its_ending() -> None:
    assert told(match("easy", "embeddings", found=IN_PROMPT)) == (HERE, [("embeddings", "easy.pt")])
    assert told(match("bad", "embeddings", found=IN_PROMPT)) == (HERE, [("embeddings", "bad.safetensors")])
    assert match("eas", "embeddings", found=IN_PROMPT).state == MISSING


def test_a_folder_that_is_not_known_is_no_reason_to_guess() -> None:
    assert told(match("nothing.pt", "no_such_folder")) == (MISSING, [])
    assert told(match("other.ckpt", "no_such_folder")) == (ELSEWHERE, [("checkpoints", "other.ckpt")])
