"""Patterns of node names that strangers write: which are tried, and that none runs for long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.repositories.node_data.name_patterns import closeness, is_anchored, safe_pattern


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (r" \(rgthree\)$", "Fast Muter (rgthree)"),
        ("^ttN ", "ttN pipeLoader"),
        ("(^(Prompts|Anything) Everywhere|Simple String)", "Anything Everywhere3"),
        (r"(Gallery-dl|Yt-dlp)", "Yt-dlp Download"),
        ("MiniMax.*BMO|BMO.*MiniMax", "MiniMax and BMO"),
        (r"^\[Comfy3D\]", "[Comfy3D] Load Mesh"),
    ],
)
def test_plain_patterns_find_the_names_they_mean(pattern: str, name: str) -> None:
    assert safe_pattern(pattern) == pattern
    assert closeness(pattern, name)
    assert not closeness(pattern, "KSampler")


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*b", "a{1,99}b", "[a-z]+", r"\w+", "^$", "", "(", "x?", ".*", "a.*b.*c.*d", "(a|b).*c",
     "(a|a)(a|a)(a|a)", r"(.)\1", "a" * 301, None, 3],
)  # fmt: skip
def test_patterns_that_may_run_for_long_or_fit_anything_are_not_tried(pattern: object) -> None:
    assert safe_pattern(pattern) is None


def test_a_pattern_with_an_end_goes_before_one_that_may_stand_anywhere() -> None:
    assert is_anchored("- Ostris$")
    assert not is_anchored("^a|b")
    assert closeness("tris$", "Foo - Ostris") > closeness("Foo - Ostris", "Foo - Ostris")


def test_a_few_letters_somewhere_in_a_name_tell_nothing() -> None:
    assert not closeness("Pu", "PulidFlux")


@given(st.text(alphabet="ab|()^$.*+\\ ", max_size=60), st.text(alphabet="ab ", max_size=400))
def test_whatever_is_written_is_refused_or_answers(pattern: str, name: str) -> None:
    found = safe_pattern(pattern)
    if found is not None:
        assert closeness(found, name) >= 0
