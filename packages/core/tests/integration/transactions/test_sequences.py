"""Any sequence of operations: the scope is what a model says, and every kept state comes back by undoing."""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from comfydock_core.models.exceptions import ChangedMeanwhile, NotUndoable
from comfydock_core.models.operation import OperationRecord, Swap
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal
from comfydock_core.services.transaction import keeping, locked, make_plan, operation, plan_undo
from comfydock_core.services.transaction.planning import swap
from comfydock_core.services.transaction.settling import unfinished

from .conftest import INITIATOR, SILENT, killed_in_child, snapshot

NAMES = ("a", "b", "c", "d/e", "f g")
State = dict[str, str]

KINDS = st.sampled_from(["file", "directory", "link"])
CHANGES = st.dictionaries(st.sampled_from(NAMES), KINDS | st.just("remove"), min_size=1, max_size=4)


def build(path: str, kind: str, mark: str) -> None:
    if kind == "file":
        Path(path).write_text(mark)
    elif kind == "link":
        os.symlink(mark, path)
    else:
        os.mkdir(path)
        Path(path, "content").write_text(mark)


class Operations(RuleBasedStateMachine):
    """`befores` holds the states before and after each operation, by when that was started."""

    counts: dict[str, int] = {}  # noqa: RUF012 - over all runs, to be printed

    def __init__(self) -> None:
        super().__init__()
        place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.directory = Path(tempfile.mkdtemp(prefix="comfydock-tests-", dir=place))
        self.scope = self.directory / "scope"
        (self.scope / "d").mkdir(parents=True)
        self.model: State = snapshot(self.scope)
        self.befores: dict[str, tuple[State, State]] = {}
        self.made = 0

    def teardown(self) -> None:
        shutil.rmtree(self.directory)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def steps(self, changes: dict[str, str]) -> list[Swap]:
        """What can be done of the wish: nothing is removed that is not there."""
        wanted = {
            name: kind for name, kind in changes.items() if kind != "remove" or os.path.lexists(self.scope / name)
        }
        return [swap(str(self.scope), name, has_new=kind != "remove") for name, kind in wanted.items()]

    def carry_out(self, changes: dict[str, str]) -> str:
        self.made += 1
        steps = self.steps(changes)
        with operation(make_plan(str(self.scope), "change", steps), INITIATOR, SILENT) as under_way:
            for step in steps:
                if step.has_new:
                    build(under_way.place(step.path), changes[step.path], f"{self.made}")
            under_way.commit()
        return under_way.id

    def expect(self, changes: dict[str, str]) -> State:
        after = dict(self.model)
        for step in self.steps(changes):
            for name in [name for name in after if name == step.path or name.startswith(f"{step.path}/")]:
                del after[name]
            kind, mark = changes[step.path], f"{self.made + 1}"
            if kind == "file":
                after[step.path] = f"file {mark}"
            elif kind == "link":
                after[step.path] = f"link {mark}"
            elif kind == "directory":
                after |= {step.path: "directory", f"{step.path}/content": f"file {mark}"}
        return after

    @rule(changes=CHANGES)
    def change(self, changes: dict[str, str]) -> None:
        if not self.steps(changes):
            return
        before, after = self.model, self.expect(changes)
        self.carry_out(changes)
        self.befores[self.records()[-1].started] = before, after
        self.model = after
        large = [record.id for record in self.records() if self._is_large(record.id)]
        assert len(large) <= keeping.KEPT
        self.count("changes")

    @rule(changes=CHANGES, at=st.integers(1, 45))
    def change_killed(self, changes: dict[str, str], at: int) -> None:
        if not self.steps(changes):
            return
        after = self.expect(changes)
        killed = killed_in_child(lambda: self.carry_out(changes) and None, at)
        self.made += 1
        with locked(str(self.scope), INITIATOR, SILENT):
            assert unfinished(str(self.scope)) is None
        found = snapshot(self.scope)
        assert found == after or (killed and found == self.model)
        for record in self.records():
            if record.started not in self.befores:
                assert found == after
                self.befores[record.started] = self.model, after
        self.model = found
        self.count("killed changes")

    @precondition(lambda self: operation_log.operation_ids(str(self.scope)))
    @rule(back=st.sampled_from([0, 0, 0, 1, 2]))
    def undo(self, back: int) -> None:
        """Undo one of the last operations: it comes back exactly, or the engine refuses and nothing happens."""
        known = self.records()
        wanted = known[max(0, len(known) - 1 - back)]
        before, after = self.befores[wanted.started]
        try:
            with operation(plan_undo(wanted), INITIATOR, SILENT) as under_way:
                under_way.commit()
        except (NotUndoable, ChangedMeanwhile):
            assert (
                wanted != known[-1]
                or after != self.model
                or any(os.path.lexists(self.scope / ".ops" / wanted) is False for _ in (1,))
            )
            self.count("refused undos")
            return
        expected = {**self.model}
        for name in {*before, *after}:
            if before.get(name) != after.get(name):
                expected.pop(name, None)
                if name in before:
                    expected[name] = before[name]
        self.befores[self.records()[-1].started] = self.model, expected
        self.model = expected
        self.count("undos" if wanted == known[-1] else "undos of earlier ones")

    @precondition(lambda self: operation_log.operation_ids(str(self.scope)))
    @rule()
    def undo_the_last(self) -> None:
        self.undo(0)

    @rule(keep=st.integers(0, 3))
    def prune(self, keep: int) -> None:
        with locked(str(self.scope), INITIATOR, SILENT):
            keeping.drop_old(str(self.scope), SILENT, keep)
        assert keeping.beyond(str(self.scope), keep) == []
        self.count("prunings")

    @invariant()
    def the_scope_is_the_model(self) -> None:
        assert snapshot(self.scope) == self.model
        assert unfinished(str(self.scope)) is None

    def records(self) -> list[OperationRecord]:
        scope = str(self.scope)
        return [Journal(scope, identifier).read() for identifier in operation_log.operation_ids(scope)]

    def _is_large(self, identifier: str) -> bool:
        old = self.scope / ".ops" / identifier / "old"
        return any(path.is_dir() and not path.is_symlink() for path in old.iterdir())


def test_any_sequence_of_changes_kills_undos_and_prunings_matches_the_model() -> None:
    from hypothesis.stateful import run_state_machine_as_test

    Operations.counts.clear()
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    options = settings(max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(Operations, settings=options)
    print(f"\n{Operations.counts}")
    assert {"changes", "killed changes", "undos", "prunings"} <= set(Operations.counts)


def test_every_kept_state_comes_back_by_undoing_one_after_the_other_and_forward_again(fast_directory: Path) -> None:
    machine = Operations()
    try:
        states = [snapshot(machine.scope)]
        kinds = ("file", "link", "remove", "file", "link")
        for number in range(12):
            machine.carry_out({name: kinds[(number + at) % len(kinds)] for at, name in enumerate(NAMES)})
            states.append(snapshot(machine.scope))
        made = [record.id for record in machine.records()]
        assert len(made) == 12
        undos = undo_all(machine.scope, made, states[:-1])
        redone = undo_all(machine.scope, undos, states[:0:-1])
        undo_all(machine.scope, redone, states[:-1])
    finally:
        machine.teardown()


def undo_all(scope: Path, made: list[str], states: list[State]) -> list[str]:
    """Undo those operations, the last first; each must bring its state back. Returns the new operations."""
    undos = []
    for wanted, state in zip(reversed(made), reversed(states), strict=True):
        with operation(plan_undo(Journal(str(scope), wanted).read()), INITIATOR, SILENT) as under_way:
            under_way.commit()
        assert snapshot(scope) == state
        undos.append(under_way.id)
    return undos


def test_the_last_large_operations_can_all_be_undone(fast_directory: Path) -> None:
    machine = Operations()
    try:
        states = [snapshot(machine.scope)]
        for _ in range(keeping.KEPT + 3):
            machine.carry_out({"a": "directory", "b": "file"})
            states.append(snapshot(machine.scope))
        made = [record.id for record in machine.records()][-keeping.KEPT :]
        undo_all(machine.scope, made, states[-1 - keeping.KEPT : -1])
    finally:
        machine.teardown()
