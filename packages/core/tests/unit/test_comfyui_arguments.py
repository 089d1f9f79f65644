"""What ComfyUI's arguments say, held to the parser that ComfyUI uses."""

import argparse
import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.core.usecases.running import comfyui_arguments
from comfydock_core.integrations.process_table import parse_listening

WORDS = st.sampled_from(
    ["--port", "--listen", "--cpu", "8190", "0", "0.0.0.0", "::1", "--port=1", "--listen=a,b", "--x"]
)


def by_argparse(words: list[str]) -> argparse.Namespace | None:
    """As ComfyUI reads them; `None` where it would refuse."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--listen", nargs="?", const="0.0.0.0,::", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8188)
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--x", action="store_true")
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return parser.parse_args(words)
    except SystemExit:
        return None


@given(st.lists(WORDS, max_size=6))
def test_port_and_addresses_are_those_that_comfyui_reads(words: list[str]) -> None:
    known = by_argparse(words)
    if known is not None:
        assert comfyui_arguments.port(words) == (known.port or None)
        assert comfyui_arguments.hosts(words) == known.listen.split(",")
        assert comfyui_arguments.names_device(words) is known.cpu


@given(st.lists(st.text(max_size=8) | WORDS, max_size=6))
def test_any_words_are_read(words: list[str]) -> None:
    number = comfyui_arguments.port(words)
    assert number is None or 0 < number < 65536
    assert comfyui_arguments.hosts(words)


@pytest.mark.parametrize(
    ("words", "names"),
    [(["--cpu"], True), (["--cuda-device", "1"], True), (["--cuda-device=1"], True), (["--directml"], True),
     (["--port", "1"], False), ([], False)],
)  # fmt: skip
def test_a_device_is_recognised(words: list[str], names: bool) -> None:
    assert comfyui_arguments.names_device(words) is names


def test_listening_sockets_are_read_and_others_passed_over() -> None:
    lines = [
        "   0: 0100007F:1FFC 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100",
        "   1: 0100007F:1FFD 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100",
        "   2: 00000000000000000000000000000000:0016 00:0 0A 0:0 00:0 0 0 0 4713 1",
        "nonsense",
        "   3: x:y z:w 0A 0:0 00:0 0 0 0 4714 1",
    ]
    assert list(parse_listening(lines)) == [(8188, "4711"), (22, "4713")]


@given(st.lists(st.text(max_size=60)))
def test_any_table_of_sockets_is_survived(lines: list[str]) -> None:
    list(parse_listening(lines))
