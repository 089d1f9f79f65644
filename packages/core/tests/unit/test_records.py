"""`record` makes what `@dataclass(frozen=True, slots=True)` makes, later."""

import copy
import dataclasses
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.records import record


@record
class Pair:
    """Two values, one of which need not be given."""

    name: str
    values: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list, compare=False, repr=False)

    @property
    def size(self) -> int:
        return len(self.values)


@record
class Triple(Pair):
    last: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    name: str
    values: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list, compare=False, repr=False)


VALUES = st.tuples(st.text(max_size=3), st.tuples(st.integers(0, 2), st.integers(0, 2)))


@given(VALUES, VALUES)
def test_records_compare_hash_and_print_as_dataclasses_do(
    one: tuple[str, tuple[int, int]], other: tuple[str, tuple[int, int]]
) -> None:
    ours, plain = [Pair(*values) for values in (one, other)], [Plain(*values) for values in (one, other)]
    assert (ours[0] == ours[1]) is (plain[0] == plain[1])
    assert hash(ours[0]) == hash(plain[0])
    assert repr(ours[0]) == repr(plain[0]).replace("Plain", "Pair")
    assert asdict(ours[0]) == asdict(plain[0])
    assert replace(ours[0], name="x") == Pair("x", one[1])


def _fresh() -> type[Pair]:
    """A class of which nothing was used yet."""

    @record
    class Fresh:
        name: str
        values: tuple[int, ...] = ()

    return Fresh  # type: ignore[return-value]  # It has what these tests use.


FIRST_USES: dict[str, Callable[[type[Pair]], object]] = {
    "an object": lambda cls: cls("a", (1,)).values == (1,),
    "its fields": lambda cls: [one.name for one in fields(cls)] == ["name", "values"],
    "its parameters": lambda cls: cls.__dataclass_params__.eq,  # type: ignore[attr-defined]
    "a pattern": lambda cls: cls.__match_args__ == ("name", "values"),
    "whether it is a dataclass": dataclasses.is_dataclass,
    "equality": lambda cls: cls("a") == cls("a"),
    "a hash": lambda cls: hash(cls("a")) == hash(cls("a")),
    "a text": lambda cls: repr(cls("a")).endswith("Fresh(name='a', values=())"),
    "another one": lambda cls: replace(cls("a"), name="b") == cls("b"),
}


@pytest.mark.parametrize("use", FIRST_USES.values(), ids=FIRST_USES)
def test_the_first_use_of_a_record_may_be_any(use: Callable[[type[Pair]], object]) -> None:
    assert use(_fresh())


def test_a_record_inherits_fields_and_methods() -> None:
    triple = Triple("a", (1, 2), last=3)
    assert (triple.size, triple.last, Triple.__slots__) == (2, 3, ("last",))  # type: ignore[attr-defined]
    assert triple == Triple("a", (1, 2), ["not compared"], 3) != Pair("a", (1, 2))
    with pytest.raises(AttributeError):
        object.__setattr__(triple, "other", 1)


def test_a_record_keeps_methods_of_its_own_and_is_looked_at_when_it_is_made() -> None:
    @record
    class Own:
        number: int

        def __post_init__(self) -> None:
            if self.number < 0:
                raise ValueError(self.number)

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Own) and self.number % 2 == other.number % 2

        def __repr__(self) -> str:
            return "own"

    assert (Own(1) == Own(3), Own(1) == Own(2), repr(Own(1)), hash(Own(1)) == hash(Own(1))) == (
        True,
        False,
        "own",
        True,
    )
    with pytest.raises(ValueError, match="-1"):
        Own(-1)


def test_nothing_of_a_record_can_be_changed() -> None:
    pair = Pair("a")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        pair.name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del pair.name
    assert pair.name == "a"


def test_what_is_lacking_is_named_by_the_class() -> None:
    with pytest.raises(TypeError, match=r"Pair\.__init__\(\) missing 1 required positional argument: 'name'"):
        Pair()  # type: ignore[call-arg]


def test_each_object_has_a_default_of_its_own() -> None:
    assert Pair("a").notes is not Pair("a").notes


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_records_can_be_copied(again: Callable[[Triple], Triple]) -> None:
    triple = Triple("a", (1,), ["note"], 2)
    assert again(triple) == triple
    assert again(triple).notes == ["note"]


def test_patterns_take_records_apart() -> None:
    match Triple("a", (1,), [], 2):
        case Triple(name, (one,), _, last):
            assert (name, one, last) == ("a", 1, 2)
        case _:
            pytest.fail("the pattern does not match")


def test_several_threads_may_be_the_first() -> None:
    for _ in range(20):
        cls, start, made = _fresh(), threading.Barrier(4), []

        def make(cls: type[Pair] = cls, start: threading.Barrier = start, made: list[Pair] = made) -> None:
            start.wait()
            made.append(cls("a", (1,)))
            assert made[-1] == cls("a", (1,))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 4


def test_a_record_costs_nothing_until_it_is_used() -> None:
    """Neither `dataclasses` nor what that loads; startup budgets rely on it."""
    source = """if True:
        import sys
        from comfydock_core.records import record
        @record
        class Unused:
            name: str
        assert not {"dataclasses", "inspect"} & {*sys.modules}
        Unused("a")
        assert "dataclasses" in sys.modules
    """
    subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{source}"], check=True)
