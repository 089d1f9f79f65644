"""Which file is meant by the name of a model."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from comfydock_core.models.workflow.checks import AMBIGUOUS, ELSEWHERE, HERE, MISSING, RESPELLED, ModelMatch
from comfydock_core.models.workflow.dependencies import ModelReference
from comfydock_core.models.workflow.prompt_view import NamedModel
from comfydock_core.resolvers.model_matching import ModelMatcher

LISTS = {
    "checkpoints": ["a.safetensors", "sub/b.safetensors", "Twin.ckpt", "twin.ckpt", "one/c.pt", "two/c.pt"],
    "vae": ["v.pt", "sub/b.safetensors", "only.pt"],
}


@pytest.fixture
def matcher(tmp_path: Path) -> ModelMatcher:
    for folder, names in LISTS.items():
        for name in names:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{folder} {name}")

    def names_in(folder: str) -> dict[str, str | None] | None:
        return {name: f"{tmp_path}/{folder}/{name}" for name in LISTS[folder]} if folder in LISTS else None

    def by_digest(digest: str) -> Iterable[str]:
        return [f"{tmp_path}/link/v.pt"] if digest == "ab" else []

    (tmp_path / "link").symlink_to("vae")
    return ModelMatcher(names_in, LISTS, {"ckpt": "checkpoints"}, by_digest, lambda first, second: first == second)


def asked(value: str, *folders: str, digest: str | None = None) -> ModelReference:
    named = NamedModel("x", hash=digest) if digest else None
    return ModelReference("1", "Loader", "name", value, folders or ("checkpoints",), named=named)


def found(match: ModelMatch) -> tuple[str, str | None]:
    return match.state, f"{match.decided.folder}/{match.decided.name}" if match.decided is not None else None


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (asked("a.safetensors"), (HERE, "checkpoints/a.safetensors")),
        (asked("sub\\b.safetensors"), (RESPELLED, "checkpoints/sub/b.safetensors")),
        (asked("SUB/B.safetensors"), (RESPELLED, "checkpoints/sub/b.safetensors")),
        (asked("b.safetensors"), (ELSEWHERE, "checkpoints/sub/b.safetensors")),
        (asked("only.pt"), (ELSEWHERE, "vae/only.pt")),
        (asked("twin.ckpt"), (HERE, "checkpoints/twin.ckpt")),
        (asked("TWIN.ckpt"), (AMBIGUOUS, None)),
        (asked("c.pt"), (AMBIGUOUS, None)),
        (asked("safetensors"), (MISSING, None)),
        (asked("a.safetensors", "ckpt"), (HERE, "checkpoints/a.safetensors")),
        (asked("gone.pt", digest="AB"), (ELSEWHERE, "vae/v.pt")),
    ],
    ids=lambda one: getattr(one, "value", None),
)
def test_the_nearest_is_found_and_several_stay_a_choice(
    matcher: ModelMatcher, reference: ModelReference, expected: tuple[str, str | None]
) -> None:
    assert found(matcher.match(reference)) == expected


def test_what_somebody_chose_is_found_through_links_and_in_read_folders_first(
    matcher: ModelMatcher, tmp_path: Path
) -> None:
    chosen = matcher.chosen(asked("c.pt"), f"{tmp_path}/checkpoints/two/c.pt", "chosen")
    assert chosen is not None
    assert found(chosen) == (ELSEWHERE, "checkpoints/two/c.pt")
    linked = matcher.chosen(asked("v.pt", "vae"), f"{tmp_path}/link/v.pt", "chosen")
    assert linked is not None
    assert found(linked) == (HERE, "vae/v.pt")
    assert matcher.chosen(asked("c.pt"), f"{tmp_path}/nothing.pt", "chosen") is None


def test_a_file_is_named_with_its_folder_or_without(matcher: ModelMatcher) -> None:
    def listed(name: str, *folders: str) -> list[str]:
        return [f"{one.folder}/{one.name}" for one in matcher.listed(asked("x", *folders), name)]

    both = ["checkpoints/sub/b.safetensors", "vae/sub/b.safetensors"]
    assert listed("sub/b.safetensors") == both
    assert listed("sub/b.safetensors", "vae") == both[::-1]
    assert listed("vae/sub/b.safetensors") == both[1:]
    assert listed("b.safetensors") == []


def test_which_folders_an_input_reads(matcher: ModelMatcher) -> None:
    assert matcher.is_read(asked("x", "ckpt"), "checkpoints")
    assert not matcher.is_read(asked("x", "ckpt"), "vae")
    assert matcher.is_read(ModelReference("1", "Odd", "name", "x"), "vae")
