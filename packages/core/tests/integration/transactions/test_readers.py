"""Readers take no lock, wait for nobody, and see the old state or the new one."""

import os
from pathlib import Path

from comfydock_core.models.exceptions import ScopeBusy
from comfydock_core.repositories.operation_marks import consistent, is_being_swapped, read_mark
from comfydock_core.services.transaction import locked, make_plan, operation
from comfydock_core.services.transaction.planning import swap
from tests.support.children import Child, Side

from .conftest import INITIATOR, SILENT, fill, killed_in_child

NAMES = ("first", "second/inner", "third", "fourth")


def replace_all(scope: Path, text: str) -> None:
    """Give every name the same new content; the third is there in even states only."""
    is_there = (scope / "third").exists()
    swaps = [swap(str(scope), name, has_new=name != "third" or not is_there) for name in NAMES]
    with operation(make_plan(str(scope), "replace", swaps), INITIATOR, SILENT) as under_way:
        for step in swaps:
            if step.has_new:
                Path(under_way.place(step.path)).write_text(text)
        under_way.commit()


def read_all(scope: Path) -> tuple[str, ...]:
    found = [(scope / name).read_text() for name in NAMES if name != "third"]
    return (*found, "third" if os.path.lexists(scope / "third") else "")


def prepare(scope: Path) -> None:
    (scope / "second").mkdir(parents=True)
    for name in NAMES:
        (scope / name).write_text("0")


def is_whole(found: tuple[str, ...]) -> bool:
    first, second, fourth, third = found
    return first == second == fourth and bool(third) == (int(first) % 2 == 0)


def test_through_five_hundred_changes_a_reader_sees_old_or_new_only(fast_directory: Path) -> None:
    scope, changes = fast_directory / "scope", 500
    prepare(scope)

    def write(side: Side) -> None:
        for number in range(1, changes + 1):
            replace_all(scope, str(number))
        side.say("done")

    reads = in_progress = torn_without = 0
    seen: set[str] = set()
    with Child(write) as writer:
        while "500" not in seen:
            try:
                torn_without += not is_whole(read_all(scope))
            except FileNotFoundError:
                torn_without += 1
            try:
                found, open_still = consistent(str(scope), lambda: read_all(scope))
            except FileNotFoundError:  # Four times in a row in the middle of a change.
                in_progress += 1
                continue
            reads += 1
            in_progress += open_still
            assert open_still or is_whole(found), found
            if not open_still:
                seen.add(found[0])
        assert writer.hear() == "done"
    print(
        f"\n{changes} changes, {reads} reads, {len(seen)} states seen, {in_progress} told as in progress;"
        f" without marks {torn_without} were torn"
    )
    assert len(seen) > 10
    assert in_progress < reads / 10


def test_a_reader_does_not_wait_for_who_holds_the_lock(fast_directory: Path) -> None:
    scope = fast_directory / "scope"
    prepare(scope)

    def hold(side: Side) -> None:
        with locked(str(scope), INITIATOR, SILENT):
            side.say("held")
            side.hear()

    with Child(hold) as holder:
        holder.hear()
        assert consistent(str(scope), lambda: read_all(scope)) == (("0", "0", "0", "third"), False)
        try:
            replace_all(scope, "1")
        except ScopeBusy:
            holder.say("end")


def test_a_killed_change_is_told_as_in_progress_until_it_is_settled(fast_directory: Path) -> None:
    scope = fast_directory / "scope"
    prepare(scope)
    fill(scope)
    at = 1
    while not is_being_swapped(read_mark(str(scope))):
        at += 1
        assert killed_in_child(lambda: replace_all(scope, "1"), at)
    assert consistent(str(scope), lambda: read_mark(str(scope)))[1]
    with locked(str(scope), INITIATOR, SILENT):
        pass
    assert consistent(str(scope), lambda: read_all(scope)) == (("1", "1", "1", ""), False)
