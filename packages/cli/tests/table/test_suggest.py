"""Near misses."""

from hypothesis import given
from hypothesis import strategies as st

from comfydock_cli.table.suggest import distance, nearest

WORD = st.text(alphabet="abc-", max_size=7)


def test_a_slip_of_one_letter_is_recognised():
    commands = ["create", "list", "status", "delete"]
    for slip, meant in {"craete": "create", "lst": "list", "statuss": "status", "dellete": "delete"}.items():
        assert nearest(slip, commands) == meant


def test_the_beginning_of_a_word_is_recognised():
    assert nearest("stat", ["create", "status"]) == "status"


def test_a_word_like_nothing_known_has_no_suggestion():
    assert nearest("zzzzzz", ["create", "list"]) is None
    assert nearest("", ["create"]) is None


def test_swapped_neighbours_are_one_slip():
    assert distance("ab", "ba") == 1


@given(WORD, WORD)
def test_the_distance_is_symmetric_and_zero_only_for_equal_words(left: str, right: str):
    assert distance(left, right) == distance(right, left)
    assert (distance(left, right) == 0) == (left == right)


@given(WORD, st.lists(WORD, max_size=5))
def test_a_known_word_is_its_own_nearest(word: str, others: list[str]):
    if len(word) >= 2 and not any(other != word and other.startswith(word) for other in others):
        assert nearest(word, [*others, word]) == word
