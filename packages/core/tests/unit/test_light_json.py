"""What is written without the `json` package is what that would write, to the letter."""

import json
import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.utils import light_json

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
    max_leaves=30,
)


@given(VALUES)
def test_the_text_is_that_of_json(value: object) -> None:
    assert light_json.dumps(value) == json.dumps(value, indent=2)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 1e400, 10**400, "\ud800", {True: 1}, {None: 2}])
def test_rare_values_are_written_as_json_writes_them(value: object) -> None:
    assert light_json.dumps(value) == json.dumps(value, indent=2)


@pytest.mark.parametrize("value", [{1, 2}, {"a": object()}, {(1, 2): 3}])
def test_what_json_cannot_write_is_refused_by_its_own_error(value: object) -> None:
    with pytest.raises(TypeError, match=r"not JSON serializable|keys must be str"):
        light_json.dumps(value)


def test_a_circle_is_refused() -> None:
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(ValueError, match="Circular"):
        light_json.dumps(circle)


def test_writing_loads_no_json() -> None:
    code = (
        "import sys; from comfydock_core.utils import light_json;"
        "light_json.dumps({'a': [1, 2.5, None, True, 'x']}); sys.exit('json' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
