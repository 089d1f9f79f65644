"""A node class is classified by what is on the disk first, and by the lists of known packs then."""

import pytest

from comfydock_core.analyzers.node_classifier import NodeClassifier
from comfydock_core.models.node_mapping import NodeMapping


class Lists:
    def candidates(self, node_type: str) -> list[NodeMapping]:
        return [NodeMapping("some-pack")] if node_type in ("Listed", "Both") else []


@pytest.mark.parametrize(
    ("node_type", "cnr_id", "expected"),
    [
        ("KSampler", None, "built-in"),
        ("Note", None, "built-in"),
        ("Renamed", "comfy-core", "built-in"),
        ("Both", None, "installed"),
        ("Listed", None, "known"),
        ("Nowhere", "some-pack", "unknown"),
    ],
)
def test_where_a_class_comes_from(node_type: str, cnr_id: str | None, expected: str) -> None:
    assert NodeClassifier({"KSampler"}, {"Both"}, Lists()).classify(node_type, cnr_id) == expected


def test_without_lists_nothing_is_known_but_what_is_here() -> None:
    assert NodeClassifier({"KSampler"}, {"Both"}).classify("Listed") == "unknown"
