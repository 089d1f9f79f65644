"""Journals, read whatever became of them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.models.exceptions import OperationDamaged
from comfydock_core.models.operation import OperationRecord, RefChange, Swap
from comfydock_core.repositories import operation_log
from comfydock_core.repositories.operation_log import Journal, read_lines

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
STEPS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["swap", "ref"]) | VALUES},
    optional=dict.fromkeys(
        ("path", "name", "repository", "old", "new", "has_new", "before", "source", "after"), VALUES
    ),
)
LINES = st.fixed_dictionaries(
    {"line": st.sampled_from(["begin", "plan", "apply", "done", "undone"]) | VALUES},
    optional={"v": VALUES, "words": VALUES, "finished": VALUES, "steps": st.lists(STEPS, max_size=3) | VALUES},
)


def journal(directory: Path, content: bytes) -> Journal:
    (directory / ".ops" / "000001-x").mkdir(parents=True)
    (directory / ".ops" / "000001-x" / "journal").write_bytes(content)
    return Journal(str(directory), "000001-x")


def read(content: bytes, directory: Path) -> OperationRecord | None:
    try:
        return journal(directory, content).read()
    except OperationDamaged:
        return None


@given(st.binary(max_size=200))
def test_any_bytes_are_an_operation_that_was_never_applied(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    record = read(content, tmp_path_factory.mktemp("scope"))
    assert record is not None
    assert record.state == "staging"


@given(st.lists(LINES, max_size=6))
def test_any_lines_are_an_operation_or_told_as_damaged(
    tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, object]]
) -> None:
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    record = read(content, tmp_path_factory.mktemp("scope"))
    if record is not None:
        assert record.state in ("staging", "applying", "done", "undone")
        assert len(record.steps) == len(record.after)
        assert all(isinstance(step, Swap | RefChange) for step in record.steps)


@given(
    st.lists(LINES, max_size=4), st.integers(0, 400), st.binary(max_size=20).map(lambda torn: torn.replace(b"\n", b""))
)
def test_a_torn_end_costs_the_last_line_only(
    tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, object]], cut: int, torn: bytes
) -> None:
    content = "".join(json.dumps(line) + "\n" for line in lines).encode()
    path = tmp_path_factory.mktemp("scope") / "journal"
    path.write_bytes(content[:cut] + torn)
    assert read_lines(str(path)) == lines[: content[:cut].count(b"\n")]


@given(st.text(max_size=200))
def test_any_words_make_an_identifier_that_is_found_again(tmp_path_factory: pytest.TempPathFactory, words: str) -> None:
    scope = tmp_path_factory.mktemp("scope")
    operation_log.make_directory(str(scope))
    identifier = operation_log.new_id(str(scope), words)
    (scope / ".ops" / identifier).mkdir()
    assert operation_log.operation_ids(str(scope)) == [identifier]
