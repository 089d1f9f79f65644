"""Merging locks and manifests: what one side changed is taken, in either direction, and nothing is lost."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.core.usecases.definition.merging import merge_files, merge_texts
from comfydock_core.managers.pyproject.merging import merge_manifest
from comfydock_core.managers.pyproject.rewriting import rewritten
from comfydock_core.managers.uv_project.merging import merge_lock
from comfydock_core.models.exceptions import MergeRefused
from comfydock_core.repositories.definition.pyproject_document import toml_text

HEAD = 'version = 1\nrevision = 5\nrequires-python = "==3.11.*"\n'


def lock(**versions: str) -> str:
    blocks = [f'[[package]]\nname = "{name}"\nversion = "{version}"\n' for name, version in sorted(versions.items())]
    return "\n".join([HEAD, *blocks])


def versions(text: str) -> dict[str, str]:
    return {package["name"]: package["version"] for package in tomllib.loads(text).get("package", [])}


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("1.0", "1.0", "1.0", "1.0"),
        ("1.0", "1.1", "1.0", "1.1"),
        ("1.0", "1.0", "0.9", "0.9"),
        ("1.0", "1.9", "1.10", "1.10"),
        ("1.0", "0.8", "0.9", "0.9"),
        (None, "1.0", "1.1", "1.1"),
        (None, "1.0", None, "1.0"),
        ("1.0", None, "1.0", "1.0"),
    ],
)
def test_a_package_comes_from_the_side_that_changed_it_else_the_higher(
    base: str | None, ours: str | None, theirs: str | None, merged: str
) -> None:
    texts = [lock(**({"a": version} if version else {}), other="1") for version in (base, ours, theirs)]
    assert versions(merge_lock(*texts)) == {"a": merged, "other": "1"}


def test_versions_of_one_name_never_come_from_two_sides() -> None:
    fork = '\n[[package]]\nname = "a"\nversion = "2.0"\nresolution-markers = ["sys_platform == \'linux\'"]\n'
    merged = merge_lock(lock(a="1.0"), lock(a="1.0") + fork, lock(a="1.5"))
    assert [package["version"] for package in tomllib.loads(merged)["package"]] == ["1.0", "2.0"]


def test_another_source_is_another_choice() -> None:
    def sourced(source: str) -> str:
        return f'{HEAD}\n[[package]]\nname = "a"\nversion = "1"\nsource = {{ registry = "{source}" }}\n'

    assert sourced("https://two") == merge_lock(sourced("https://one"), sourced("https://one"), sourced("https://two"))


@given(*(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["1", "1.5", "2", "10"])) for _ in range(3)))
def test_a_merge_of_locks_is_the_same_in_both_directions(
    base: dict[str, str], ours: dict[str, str], theirs: dict[str, str]
) -> None:
    one = merge_lock(lock(**base), lock(**ours), lock(**theirs))
    assert one == merge_lock(lock(**base), lock(**theirs), lock(**ours))
    found = versions(one)
    assert found.keys() == ours.keys() | theirs.keys()
    assert all(version in (ours.get(name), theirs.get(name)) for name, version in found.items())


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["1", "2"])))
def test_a_lock_that_one_side_left_alone_is_the_other_side_s(changed: dict[str, str]) -> None:
    base = lock(**dict.fromkeys(changed, "1"))
    assert versions(merge_lock(base, base, lock(**changed))) == changed


def test_a_lock_that_both_sides_added_has_no_ancestor() -> None:
    assert versions(merge_lock("", lock(a="1"), lock(b="2"))) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    "text", ["<<<<<<< ours\n", "[[package]]\n", "package = 3\n", '[[package]]\nname = "a"\n x = [[']
)
def test_a_lock_that_is_damaged_is_refused(text: str) -> None:
    with pytest.raises(MergeRefused):
        merge_lock(lock(a="1"), lock(a="1"), text)


@given(st.text())
def test_any_text_is_a_lock_or_refused(text: str) -> None:
    try:
        merged = merge_lock("", text, lock(a="1"))
    except MergeRefused:
        return
    assert "a" in versions(merged)


# Manifests

BASE = """# top
[project]
name = "env"
dependencies = [
    "numpy>=1",  # why
    "einops",
]

[dependency-groups]
old = ["x"]

[tool.uv]
constraint-dependencies = ["torch==2.9.1", "numpy<3"]

[tool.comfydock.nodes.kept]
version = "1" # kept
"""


def changed(**replacements: str) -> str:
    text = BASE
    for before, after in replacements.items():
        text = text.replace(PLACES[before], after)
    return text


PLACES = {"einops": '    "einops",\n', "group": 'old = ["x"]\n', "torch": "torch==2.9.1", "version": 'version = "1"'}


def test_what_each_side_added_and_removed_is_merged_with_our_comments() -> None:
    ours = changed(group='old = ["x"]\nmine = ["kornia"]\n') + '\n[tool.comfydock.nodes.mine]\nversion = "2"\n'
    theirs = changed(einops='    "scipy",\n') + '\n[tool.comfydock.nodes.theirs]\nversion = "3"\n'
    merged, conflicts = merge_manifest(BASE, ours, theirs)
    found = tomllib.loads(merged)
    assert conflicts == []
    assert found["project"]["dependencies"] == ["numpy>=1", "scipy"]
    assert found["dependency-groups"] == {"old": ["x"], "mine": ["kornia"]}
    assert found["tool"]["comfydock"]["nodes"].keys() == {"kept", "mine", "theirs"}
    assert all(comment in merged for comment in ("# top", "# why", "# kept"))


@pytest.mark.parametrize(
    ("ours", "theirs", "conflict"),
    [
        ({"version": 'version = "2"'}, {"version": 'version = "3"'}, "tool.comfydock.nodes.kept.version"),
        ({"torch": "torch==2.10.0"}, {"torch": "torch==2.8.0"}, "tool.uv.constraint-dependencies.torch"),
        ({"group": ""}, {"group": 'old = ["y"]\n'}, "dependency-groups.old"),
    ],
)
def test_what_both_sides_decided_differently_is_named_and_ours_stays(
    ours: dict[str, str], theirs: dict[str, str], conflict: str
) -> None:
    merged, conflicts = merge_manifest(BASE, changed(**ours), changed(**theirs))
    assert conflicts == [conflict]
    assert merged == changed(**ours)


def test_a_key_with_a_dot_is_quoted_in_a_conflict() -> None:
    texts = [f'[a."b.c"]\nd = {number}\n' for number in (1, 2, 3)]
    assert merge_manifest(*texts)[1] == ['a."b.c".d']


def test_a_manifest_that_is_no_toml_is_refused() -> None:
    with pytest.raises(MergeRefused, match="their side"):
        merge_manifest(BASE, BASE, "<<<<<<< ours\n")


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=4)
VALUES = st.recursive(
    st.one_of(st.integers(-9, 9), st.booleans(), st.text(max_size=5), st.lists(st.text(max_size=3), max_size=3)),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
TABLES = st.dictionaries(KEYS, VALUES, max_size=4)


@given(TABLES, TABLES)
def test_any_text_can_be_given_any_values(before: dict[str, object], wanted: dict[str, object]) -> None:
    assert tomllib.loads(rewritten(toml_text(before), wanted)) == wanted


@given(TABLES, TABLES)
def test_a_manifest_that_one_side_left_alone_is_the_other_side_s(
    base: dict[str, object], other: dict[str, object]
) -> None:
    text, changed_text = toml_text(base), toml_text(other)
    for merged, conflicts in (merge_manifest(text, text, changed_text), merge_manifest(text, changed_text, text)):
        assert conflicts == []
        assert tomllib.loads(merged) == tomllib.loads(changed_text)


@given(TABLES, TABLES, TABLES)
def test_a_merge_of_manifests_is_always_toml(
    base: dict[str, object], ours: dict[str, object], theirs: dict[str, object]
) -> None:
    merged, _ = merge_manifest(toml_text(base), toml_text(ours), toml_text(theirs))
    tomllib.loads(merged)


# Files, as git hands them over


def test_the_second_file_becomes_the_merged_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("base", lock(a="1")), ("ours", lock(a="1", b="1")), ("theirs", lock(a="2"))):
        Path(name).write_text(text)
    assert merge_files("lock", "base", "ours", "theirs") == []
    assert versions(Path("ours").read_text()) == {"a": "2", "b": "1"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "ours", "theirs"]


def test_a_file_that_is_no_text_is_refused_and_stays(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("base", "ours", "theirs")]
    for path in paths:
        path.write_bytes(b"\xff\xfe")
    with pytest.raises(MergeRefused, match="UTF-8"):
        merge_files("manifest", *map(str, paths))
    assert paths[1].read_bytes() == b"\xff\xfe"


def test_both_kinds_are_merged_by_the_same_words() -> None:
    assert merge_texts("lock", lock(a="1"), lock(a="1"), lock(a="1")) == (lock(a="1"), [])
    assert merge_texts("manifest", BASE, BASE, BASE) == (BASE, [])
