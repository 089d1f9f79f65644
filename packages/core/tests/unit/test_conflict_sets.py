"""The search for what collides, asked of an oracle that knows the answer."""

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from comfydock_core.models.exceptions import RequirementsConflict, UvFailed
from comfydock_core.models.packages.conflicts import COMFYUI, PYTORCH, YOU, Conflict, ConflictLine, Fix
from comfydock_core.validation.conflict_sets import conflict_error, find_conflict, find_fixes


def line(pack: str, requirement: str, number: int = 1, *, constraint: bool = False) -> ConflictLine:
    return ConflictLine(pack, "requirements.txt", number, requirement, constraint)


class Known:
    """Sets that cannot be met, and how often it was asked."""

    def __init__(self, *collisions: Sequence[ConflictLine], says: str = "they collide") -> None:
        self.collisions = [frozenset(each) for each in collisions]
        self.says = says
        self.asked = 0

    def __call__(self, lines: Sequence[ConflictLine]) -> str | None:
        self.asked += 1
        return self.says if any(each <= set(lines) for each in self.collisions) else None


LINES = [line(f"pack{number % 4}", f"p{number}", number) for number in range(10)]


@given(st.lists(st.sets(st.sampled_from(LINES), max_size=5), min_size=1, max_size=4), st.sampled_from(["", "p1 p2 p3"]))
def test_what_is_found_collides_and_nothing_of_it_can_be_spared(sets: list[set[ConflictLine]], says: str) -> None:
    oracle = Known(*[sorted(each, key=LINES.index) for each in sets], says=says)
    found = find_conflict(LINES, oracle)
    assert found is not None
    assert frozenset(found.lines) in oracle.collisions
    assert not any(
        oracle(rest) is not None for rest in combinations(found.lines, max(len(found.lines) - 1, 0)) if found.lines
    )


def test_lines_that_fit_are_no_conflict() -> None:
    oracle = Known()
    assert find_conflict(LINES, oracle) is None
    assert oracle.asked == 1


def test_what_fails_without_any_line_has_none() -> None:
    assert find_conflict(LINES, lambda lines: "no such Python") == Conflict((), "no such Python")


def test_two_of_a_thousand_lines_are_found_with_few_questions() -> None:
    lines = [line(f"pack{number // 4}", f"p{number}", number) for number in range(1200)]
    oracle = Known([lines[100], lines[900]])
    found = find_conflict(lines, oracle)
    assert found is not None
    assert found.lines == (lines[100], lines[900])
    assert oracle.asked < 60


def test_an_explanation_that_names_them_saves_nearly_all_questions() -> None:
    lines = [line(f"pack{number // 4}", f"some-p{number}", number) for number in range(1200)]
    oracle = Known([lines[100], lines[900]], says="Because some-p100 and some-\n     p900 depend on …")
    found = find_conflict(lines, oracle)
    assert found is not None
    assert found.lines == (lines[100], lines[900])
    assert oracle.asked < 10


def test_an_explanation_that_repeats_them_saves_more_than_one_that_names_their_packages() -> None:
    lines = [line(f"pack{number}", "numpy" if number % 2 else f"numpy!={number}", number) for number in range(1200)]
    oracle = Known([lines[100], lines[900]], says="Because you require numpy!=100 and numpy!=\n    900, …")
    found = find_conflict(lines, oracle)
    assert found is not None
    assert found.lines == (lines[100], lines[900])
    assert oracle.asked < 10


def test_the_same_words_of_several_packs_are_asked_about_once() -> None:
    twins = [line(f"pack{number}", "numpy") for number in range(300)]
    oracle = Known([A, B])
    find_conflict([*twins[:90], A, *twins[90:250], B, *twins[250:]], oracle)
    assert oracle.asked < 12


def test_an_explanation_that_misleads_does_no_harm() -> None:
    oracle = Known([LINES[2], LINES[7]], says="p1 and p5 it is")
    found = find_conflict(LINES, oracle)
    assert found is not None
    assert found.lines == (LINES[2], LINES[7])


OF_ONE = [line("one", f"p{number}", number) for number in range(5)]
A_FEW = {frozenset(OF_ONE[number] for number in each) for each in ((0,), (0, 1), (0, 2), (2,))}


@example(A_FEW, 3)
@given(st.sets(st.sets(st.sampled_from(OF_ONE), min_size=1).map(frozenset), max_size=30), st.just(5))
def test_an_oracle_in_which_more_lines_can_help_is_searched_all_the_same(
    met: set[frozenset[ConflictLine]], number: int
) -> None:
    """A direct requirement on a pre-release, or on an address, allows it for all."""
    lines = OF_ONE[:number]

    def oracle(asked: Sequence[ConflictLine]) -> str | None:
        return "no" if asked and frozenset(asked) not in met else None

    found = find_conflict(lines, oracle)
    assert (found is None) == (frozenset(lines) in met)
    if found is not None:
        assert oracle(found.lines) is not None
        assert all(oracle(rest) is None for rest in combinations(found.lines, len(found.lines) - 1))


def test_what_is_refused_for_want_of_knowledge_is_searched_for_anew() -> None:
    guess, real = Known([LINES[0], LINES[1]], [LINES[4], LINES[5]]), Known([LINES[4], LINES[5]])

    def confirm(lines: Sequence[ConflictLine]) -> str | None:
        told = real(lines)
        if told is None:
            guess.collisions.remove(frozenset(lines))  # Now it knows better.
        return told

    found = find_conflict(LINES, guess, confirm=confirm)
    assert found is not None
    assert found.lines == (LINES[4], LINES[5])


def test_an_oracle_that_never_learns_is_given_up() -> None:
    guess = Known([LINES[0], LINES[1]])
    found = find_conflict(LINES, guess, confirm=Known([LINES[4], LINES[5]]))
    assert found is not None
    assert found.lines == (LINES[4], LINES[5])
    assert find_conflict(LINES, guess, confirm=Known()) is None


A = line("a", "numpy<2", 3)
B = line("b", "numpy>=2.3", 1)
OTHERS = [line("c", "rich"), line(COMFYUI, "einops")]


class Versions:
    """Whether the lines about numpy leave one of its versions."""

    def __call__(self, lines: Sequence[ConflictLine]) -> str | None:
        texts = {each.requirement for each in lines}
        return "numpy" if "numpy<2" in texts and texts & {"numpy>=2.3", "numpy==2.4"} else None


def fixes(lines: list[ConflictLine], versions: dict[str, list[tuple[str, list[ConflictLine]]]], **options: object):
    oracle = Versions()
    found = find_conflict(lines, oracle)
    assert found is not None
    return find_fixes(found, lines, oracle, lambda pack: versions.get(pack, []), **options)  # type: ignore[arg-type]


def test_fixes_were_tried_and_the_first_is_the_hint() -> None:
    versions = {"b": [("3.0", [line("b", "numpy==2.4")]), ("2.0", [line("b", "numpy")]), ("1.0", [])]}
    found = fixes([A, B, *OTHERS], versions)
    assert [(fix.kind, fix.pack, fix.version, fix.requirement, fix.whole) for fix in found.fixes] == [
        ("version", "b", "2.0", None, True),
        ("loosen", "a", None, "numpy", True),
        ("leave-out", "a", None, None, True),
        ("leave-out", "b", None, None, True),
    ]
    error = conflict_error(found, "add the node packs")
    assert isinstance(error, RequirementsConflict)
    assert "\n  a → requirements.txt:3 → numpy<2\n  b → requirements.txt:1 → numpy>=2.3\n" in error.message
    assert error.hint == "take version 2.0 of b: `comfydock node add b@2.0`"


def test_no_more_versions_are_tried_than_asked_for() -> None:
    tried: list[str] = []

    def versions(pack: str) -> list[tuple[str, list[ConflictLine]]]:
        tried.append(pack)
        return [(str(number), [line("b", "numpy==2.4")]) for number in range(9)] + [("old", [])] if pack == "b" else []

    oracle = Versions()
    found = find_conflict([A, B], oracle)
    assert found is not None
    assert "version" not in [fix.kind for fix in find_fixes(found, [A, B], oracle, versions).fixes]
    assert tried == ["a", "b"]


def test_a_version_that_cannot_be_tried_is_no_fix() -> None:
    def oracle(lines: Sequence[ConflictLine]) -> str | None:
        if any(each.requirement == "broken" for each in lines):
            raise UvFailed("it cannot be built")
        return Versions()(lines)

    found = find_conflict([A, B], oracle)
    assert found is not None
    versions = {"b": [("2", [line("b", "broken")]), ("1", [line("b", "numpy")])]}
    fixed = find_fixes(found, [A, B], oracle, lambda pack: versions.get(pack, []))
    assert [fix.version for fix in fixed.fixes if fix.kind == "version"] == ["1"]


def test_an_error_of_the_oracle_is_no_conflict() -> None:
    def oracle(lines: Sequence[ConflictLine]) -> str | None:
        raise UvFailed("no")

    with pytest.raises(UvFailed):
        find_conflict([A, B], oracle)


def test_what_does_not_end_the_conflict_is_not_tried_with_everything() -> None:
    many = [line(f"pack{number}", f"p{number}") for number in range(300)]
    asked: list[int] = []

    def oracle(lines: Sequence[ConflictLine]) -> str | None:
        asked.append(len(lines))
        return Versions()(lines)

    found = Conflict((A, B), "numpy")
    versions = {"b": [(str(number), [line("b", "numpy==2.4")]) for number in range(5)]}
    find_fixes(found, [A, B, *many], oracle, lambda pack: versions.get(pack, []))
    assert sum(number > 10 for number in asked) == 3  # Those of the three fixes.


def test_a_pack_that_is_not_there_yet_is_not_to_be_removed() -> None:
    found = fixes([A, B], {}, adding=["b"])
    assert {fix.pack: fix.command for fix in found.fixes if fix.kind == "leave-out"} == {
        "a": "comfydock node remove a", "b": None
    }  # fmt: skip


def test_what_leaves_another_conflict_is_told_so_and_comes_last() -> None:
    second = [line("d", "x<1"), line("e", "x>1")]

    def oracle(lines: Sequence[ConflictLine]) -> str | None:
        texts = {each.requirement for each in lines}
        return Versions()(lines) or ("x" if {"x<1", "x>1"} <= texts else None)

    lines = [A, B, *second]
    found = find_conflict(lines, oracle)
    assert found is not None
    fixed = find_fixes(found, lines, oracle, lambda pack: [])
    assert fixed.fixes
    assert not any(fix.whole for fix in fixed.fixes)
    assert all(fix.words.endswith("(another conflict is left then)") for fix in fixed.fixes)


@pytest.mark.parametrize("owner", [COMFYUI, PYTORCH])
def test_what_is_not_theirs_to_change_is_not_loosened(owner: str) -> None:
    found = fixes([line(owner, "numpy<2"), B], {})
    assert [(fix.kind, fix.pack) for fix in found.fixes] == [("leave-out", "b")]


def test_your_own_requirement_is_loosened_by_a_command() -> None:
    found = fixes([line(YOU, "numpy<2"), B], {})
    assert found.fixes[0].command == 'comfydock py add "numpy"'


def test_without_any_fix_the_hint_says_what_remains() -> None:
    found = fixes([line(COMFYUI, "numpy<2"), line(PYTORCH, "numpy==2.4")], {})
    assert found.fixes == ()
    assert "none of the changes" in str(conflict_error(found, "lock").hint)


def test_no_login_of_an_address_is_told() -> None:
    lines = (line(YOU, "a @ https://me:secret@h.invalid/a.whl"), B)
    found = Conflict(lines, "a @ https://me:secret@h.invalid/a.whl", (Fix("loosen", YOU, str(lines[0])),))
    error = conflict_error(found, "lock")
    assert "secret" not in f"{error.message}{error.hint}{error.context}"


def test_a_search_without_time_tells_the_smallest_set_so_far_and_that_it_was_given_up() -> None:
    oracle = Known([LINES[2], LINES[7]])
    found = find_conflict(LINES, oracle, seconds=0)
    assert found is not None
    assert (oracle.asked, list(found.lines)) == (1, LINES)
    assert "given up" in found.explanation


def test_no_round_is_added_to_a_search_without_time() -> None:
    guess, confirm = Known([LINES[2]]), Known()
    assert find_conflict(LINES, guess, confirm=confirm, seconds=0) is None
    assert (guess.asked, confirm.asked) == (1, 2)


def test_a_set_that_is_no_small_one_is_told_in_part_and_nothing_is_tried_for_it() -> None:
    many = tuple(line("pack", f"p{number}", number) for number in range(1000))
    oracle = Known(many)
    found = find_fixes(Conflict(many, "they collide"), many, oracle, lambda pack: ())
    assert (oracle.asked, found.fixes) == (0, ())
    message = conflict_error(found, "add it").message
    assert message.count("requirements.txt") == 30
    assert "and 970 more" in message
