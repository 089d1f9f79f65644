"""The heads of answers: which part of which file comes."""

import re

from comfydock_core.clients.answers import Answer
from comfydock_core.services.model_downloads import judging
from comfydock_core.services.model_downloads.part import Known

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII)


def range_of(answer: Answer) -> tuple[int, int, Known]:
    """Which part of what file an answer holds. Raises `UnusableAnswer`."""
    part = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
    if part is None:
        raise judging.other_part(answer)
    first, end = int(part[1]), int(part[2]) + 1
    size = None if part[3] == "*" else int(part[3])
    if first >= end or (size is not None and end > size):
        raise judging.other_part(answer)
    return first, end, known_of(answer, size)


def known_of(answer: Answer, size: int | None) -> Known:
    return Known(size, answer.headers.get("etag"), answer.headers.get("last-modified"))


def is_other(known: Known, found: Known) -> bool:
    """Whether an answer is of another file; what it does not say says nothing."""
    pairs = ((known.size, found.size), (known.etag, found.etag))
    return any(one is not None and other is not None and one != other for one, other in pairs)
