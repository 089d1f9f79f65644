"""Which installed packages something asks for, and which somebody installed by hand."""

from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.analyzers.installation.needs import needs_among
from comfydock_core.models.environments.installation import FoundDistribution

NAMES = st.sampled_from("abcdef")


def one(name: str, *requires: str) -> FoundDistribution:
    return FoundDistribution(name, "1", requires=requires)


def test_what_is_asked_for_is_followed_through_whatever_it_requires() -> None:
    found = needs_among([one("a", "b (>=1)"), one("b", "c"), one("C"), one("d", "e"), one("e")], [("a", ())], "3.12")
    assert found.asked == {"a", "b", "c"}
    assert (found.by_hand, dict(found.below)) == (("d",), {"e": "d"})


def test_an_extra_counts_only_where_somebody_asks_for_it() -> None:
    distributions = [one("a", "b ; extra == 'more'", "c[x]"), one("b"), one("c", "d ; extra == 'x'"), one("d")]
    assert needs_among(distributions, [("a", ())], "3.12").asked == {"a", "c", "d"}
    assert needs_among(distributions, [("a", ("more",))], "3.12").by_hand == ()


def test_a_marker_is_asked_for_the_python_of_the_installation() -> None:
    distributions = [one("a", "b ; python_version < '3.11'"), one("b")]
    assert needs_among(distributions, [("a", ())], "3.10").by_hand == ()
    assert needs_among(distributions, [("a", ())], "3.12").by_hand == ("b",)


def test_of_packages_that_require_each_other_one_stands_for_the_circle() -> None:
    found = needs_among([one("a", "b"), one("b", "a"), one("c", "a")], [], "3.12")
    assert (found.by_hand, dict(found.below)) == (("c",), {"a": "c", "b": "c"})
    found = needs_among([one("a", "b"), one("b", "a")], [], "3.12")
    assert (found.by_hand, dict(found.below)) == (("a",), {"b": "a"})


@given(st.dictionaries(NAMES, st.lists(NAMES)), st.lists(NAMES))
def test_every_package_has_exactly_one_place(requires: dict[str, list[str]], asked: list[str]) -> None:
    found = needs_among([one(name, *texts) for name, texts in requires.items()], [(name, ()) for name in asked], "3.12")
    places = [*found.asked, *found.by_hand, *found.below]
    assert sorted(places) == sorted(requires)
    assert set(found.below.values()) <= set(found.by_hand)
