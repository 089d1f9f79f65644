"""Which bytes of a file are there."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.services.model_downloads.spans import Spans

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


@given(SPANS)
def test_spans_hold_exactly_the_bytes_that_were_added(added: list[tuple[int, int]]) -> None:
    spans, bytes_there = Spans(added), {at for first, end in added for at in range(first, end)}
    found = list(spans)
    assert {at for first, end in found for at in range(first, end)} == bytes_there
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))
    assert spans.total == len(bytes_there)
    assert spans.frontier == next(at for at in range(62) if at not in bytes_there)


@given(SPANS, st.integers(1, 70), st.integers(1, 20))
def test_what_is_missing_is_the_rest_in_pieces_and_in_order(
    added: list[tuple[int, int]], size: int, piece: int
) -> None:
    missing = Spans(added).missing(size, piece)
    there = {at for first, end in added for at in range(first, end)}
    assert [at for first, end in missing for at in range(first, end)] == [at for at in range(size) if at not in there]
    assert all(0 < end - first <= piece for first, end in missing)


def test_spans_of_a_huge_file_take_no_room() -> None:
    assert list(Spans([(0, 1 << 60)])) == [(0, 1 << 60)]
