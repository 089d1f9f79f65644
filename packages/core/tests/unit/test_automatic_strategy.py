"""Deciding without asking."""

from comfydock_core.models.protocols import ModelResolutionStrategy, NodeResolutionStrategy
from comfydock_core.models.workflow import CandidatePack, ClassResolution
from comfydock_core.strategies import AutomaticModelStrategy, AutomaticNodeStrategy


def found(*scores: float, decided_by: str = "evidence", refusal: str | None = None) -> ClassResolution:
    candidates = [CandidatePack(f"pack-{number}", "", score, refusal=refusal) for number, score in enumerate(scores)]
    return ClassResolution("A", decided_by, candidates=tuple(candidates))


def test_the_best_pack_is_taken_by_a_margin_and_nothing_below_it() -> None:
    strategy: NodeResolutionStrategy = AutomaticNodeStrategy()
    assert strategy.choose_pack(found(40.0, 29.0)) == "pack-0"
    assert strategy.choose_pack(found(40.0, 31.0)) is None
    assert strategy.choose_pack(found(14.0)) is None
    assert strategy.choose_pack(found(40.0, refusal="archive")) is None
    assert strategy.choose_pack(found()) is None


def test_another_margin_can_be_stated() -> None:
    assert AutomaticNodeStrategy(30.0).choose_pack(found(40.0, 20.0)) is None
    assert AutomaticNodeStrategy(0.0).choose_pack(found(40.0, 39.0)) == "pack-0"


def test_what_was_decided_otherwise_is_left_alone() -> None:
    for decided_by in ("chosen", "optional", "built-in", "installed", "unknown"):
        assert AutomaticNodeStrategy().choose_pack(found(90.0, decided_by=decided_by)) is None


def test_a_model_is_taken_when_it_is_the_only_one() -> None:
    strategy: ModelResolutionStrategy = AutomaticModelStrategy()
    assert strategy.choose_model("a", ["x/a"]) == "x/a"
    assert [strategy.choose_model("a", paths) for paths in ([], ["x/a", "y/a"])] == [None, None]
