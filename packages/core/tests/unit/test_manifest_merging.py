"""Merging manifests by their meaning: random changes of either side, and what nobody would write."""

import tomllib
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comfydock_core.core.usecases.merging.answers import Answers
from comfydock_core.core.usecases.merging.manifest_merging import ManifestMerging
from comfydock_core.models.exceptions import ManifestDamaged, MergeRefused
from comfydock_core.repositories.definition.pyproject_document import toml_text
from comfydock_core.repositories.definition.tracked_packs import group_name, tracked_packs

Manifest = dict[str, Any]
OFTEN = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
LINES = st.lists(
    st.sampled_from(["a", "a<2", "a>=1", "a==1", "a==2", "b", "b ; sys_platform == 'win32'", "b==1", "c>2", "C>3"]),
    max_size=4, unique=True,
)  # fmt: skip
NODES = st.dictionaries(
    st.sampled_from(["blur", "sharp", "plain"]),
    st.fixed_dictionaries(
        {"version": st.sampled_from(["1", "2"])}, optional={"enabled": st.just(False), "source": st.just("git")}
    ),
    max_size=3,
)
VERSIONS = st.sampled_from(["v1", "v2", "v3"])


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    nodes = draw(NODES)
    groups: Manifest = {"own": draw(LINES)} if draw(st.booleans()) else {}
    found: Manifest = {"project": {"name": "env", "dependencies": draw(LINES)}}
    found["tool"] = {
        "uv": draw(st.fixed_dictionaries({}, optional={
            "constraint-dependencies": LINES, "prerelease": st.sampled_from(["allow", "disallow"]),
        })),
        "comfydock": {
            "comfyui_version": draw(VERSIONS), "comfyui_repository": draw(VERSIONS), "nodes": nodes,
            "python_version": draw(st.sampled_from(["3.11", "3.12"])),
        },
    }  # fmt: skip
    for pack in tracked_packs(found, "a manifest").values():
        if draw(st.booleans()):
            groups[group_name(pack.release)] = draw(LINES)
    return {**found, "dependency-groups": groups} if groups else found


def merged(base: Manifest, ours: Manifest, theirs: Manifest, answer: str, *, contested: bool = False) -> Manifest:
    texts = (toml_text(base), toml_text(ours), toml_text(theirs))
    answers = Answers({}, answer)
    merging = ManifestMerging(texts, answers, lambda *_: None, lambda _: frozenset({"b"}), contested=contested)
    return tomllib.loads(merging.merge())


def asked(base: Manifest, ours: Manifest, theirs: Manifest) -> set[str]:
    texts = (toml_text(base), toml_text(ours), toml_text(theirs))
    answers = Answers({}, None)
    ManifestMerging(texts, answers, lambda *_: None, lambda _: frozenset({"b"}), contested=True).merge()
    return {one.name for one in answers.questions}


def sorted_lists(value: Any) -> Any:
    """The values without the order of lists and without tables that are empty."""
    if isinstance(value, dict):
        inner = {key: sorted_lists(one) for key, one in value.items()}
        return {key: one for key, one in inner.items() if one not in ({}, [])}
    return sorted(value) if isinstance(value, list) else value


@OFTEN
@given(manifests(), manifests())
def test_what_one_side_left_alone_is_the_other_side_s(base: Manifest, changed: Manifest) -> None:
    for ours, theirs in ((base, changed), (changed, base), (changed, changed)):
        assert asked(base, ours, theirs) == set()
        assert sorted_lists(merged(base, ours, theirs, "mine")) == sorted_lists(changed)


@OFTEN
@given(manifests(), manifests(), manifests(), st.booleans())
def test_exchanged_sides_with_exchanged_answers_come_to_the_same(
    base: Manifest, ours: Manifest, theirs: Manifest, contested: bool
) -> None:
    assert asked(base, ours, theirs) == asked(base, theirs, ours)
    one = merged(base, ours, theirs, "mine", contested=contested)
    other = merged(base, theirs, ours, "theirs", contested=contested)
    assert sorted_lists(one) == sorted_lists(other)


@OFTEN
@given(manifests(), manifests(), manifests(), st.sampled_from(["mine", "theirs"]))
def test_comfyui_and_packs_come_whole_from_one_side(
    base: Manifest, ours: Manifest, theirs: Manifest, answer: str
) -> None:
    found = merged(base, ours, theirs, answer)
    tools = [one["tool"]["comfydock"] for one in (found, ours, theirs)]
    pairs = [(tool["comfyui_version"], tool["comfyui_repository"]) for tool in tools]
    assert pairs[0] in pairs[1:]
    nodes = [tool.get("nodes", {}) for tool in tools]
    for name, pack in nodes[0].items():
        assert pack in [side.get(name) for side in nodes[1:]]


TABLES = st.recursive(
    st.one_of(st.integers(-2, 2), st.booleans(), st.text("ab.=~ <\n", max_size=4), LINES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["project", "dependencies", "tool", "uv", "comfydock", "nodes", "dependency-groups", "a", "name",
                 "version", "constraint-dependencies", "python_version", "comfyui_commit_sha", "workflows"]
            ),
            inner, max_size=4,
        ),
    ),
    max_leaves=14,
)  # fmt: skip
ANY = st.dictionaries(st.sampled_from(["project", "tool", "dependency-groups", "x"]), TABLES, max_size=3)


@settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))
@given(ANY, ANY, ANY, st.sampled_from(["mine", "theirs"]), st.booleans())
def test_whatever_somebody_wrote_is_merged_or_refused(
    base: Manifest, ours: Manifest, theirs: Manifest, answer: str, contested: bool
) -> None:
    try:
        merged(base, ours, theirs, answer, contested=contested)
    except (ManifestDamaged, MergeRefused):
        return
