"""Servers that stall, drip or never begin: each costs a limited time, and is named while it is waited for."""

import io
import socket
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from comfydock_core.clients.transport import Transport
from comfydock_core.clients.watching import Limits
from comfydock_core.models.exceptions import (
    ComfyDockError,
    NetworkUnavailable,
    RateLimited,
    RemoteError,
    UnusableAnswer,
)
from tests.support.http_server import Reply, serving
from tests.support.lying_server import LyingServer, Talk, lying, over_and_over, silence
from tests.support.waiting import heard

LONG = 600.0  # No test waits as long; the runner would give up first.
PATIENT = Limits(1 << 20, LONG, LONG, 1)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

Ask = Callable[[Limits, str, Path], object]


def ask(limits: Limits, url: str, path: Path) -> object:
    return Transport(answers=limits).get(url)


def fetch_list(limits: Limits, url: str, path: Path) -> object:
    return Transport(lists=limits).get_into(url, io.BytesIO(), most=1 << 20)


def fetch_archive(limits: Limits, url: str, path: Path) -> object:
    return Transport(archives=limits).download(url, str(path / "archive"))


every_kind = pytest.mark.parametrize("ask", [ask, fetch_list, fetch_archive])


@every_kind
def test_a_server_that_drips_is_given_up_for_its_speed(tmp_path: Path, ask: Ask) -> None:
    slow = replace(PATIENT, stalled=0.3, speed=1000)
    with lying(over_and_over(b" ", after=HEAD)) as server, pytest.raises(NetworkUnavailable) as raised:
        ask(slow, server.url, tmp_path)
    assert "sends less than 1.0 kB a second" in raised.value.message
    assert server.connections == 1


@every_kind
@pytest.mark.parametrize(
    "talk",
    [
        over_and_over(b"X-More: more\r\n", after=b"HTTP/1.1 200 OK\r\n"),
        over_and_over(b"HTTP/1.1 100 Continue\r\n\r\n"),
        over_and_over(b"H"),
    ],
    ids=["headers", "continue", "no line"],
)
def test_an_answer_that_never_begins_is_given_up(tmp_path: Path, ask: Ask, talk: Talk) -> None:
    hasty = replace(PATIENT, stalled=0.2, speed=0)
    with lying(talk) as server, pytest.raises(NetworkUnavailable) as raised:
        ask(hasty, server.url, tmp_path)
    assert "did not begin to answer within 0.4 seconds" in raised.value.message


@every_kind
@pytest.mark.parametrize("after", [HEAD, CHUNKED], ids=["length", "chunks"])
def test_an_answer_that_never_ends_is_given_up(tmp_path: Path, ask: Ask, after: bytes) -> None:
    with lying(over_and_over(b"1", after=after)) as server, pytest.raises(NetworkUnavailable) as raised:
        ask(replace(PATIENT, seconds=0.5), server.url, tmp_path)
    assert "gave no whole answer within 0.5 seconds" in raised.value.message


@every_kind
def test_trying_a_stalled_server_again_ends_with_the_time_of_the_question(tmp_path: Path, ask: Ask) -> None:
    with lying(silence) as server, pytest.raises(NetworkUnavailable):
        ask(replace(PATIENT, seconds=0.9, stalled=0.3), server.url, tmp_path)
    assert server.connections == 2  # The pause before a third would be longer than what is left.


@every_kind
def test_a_server_that_stalls_once_is_asked_again(tmp_path: Path, ask: Ask) -> None:
    def answer(server: LyingServer, line: socket.socket) -> None:
        if server.connections == 1:
            silence(server, line)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with lying(answer) as server:
        ask(replace(PATIENT, stalled=0.2), server.url, tmp_path)
    assert server.connections == 2


def test_the_host_that_is_waited_for_is_named_once(tmp_path: Path) -> None:
    with lying(silence) as server, heard() as told, pytest.raises(NetworkUnavailable):
        Transport(answers=replace(PATIENT, seconds=0.9, stalled=0.3)).get(server.url)
    assert told == ["waiting for `127.0.0.1` to answer"]


def test_a_server_that_thinks_before_it_answers_is_not_slow() -> None:
    """Speed is measured from the first byte on."""

    def answer(server: LyingServer, line: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 9001\r\n\r\n"
        for pause, piece in ((0.6, head), (0.5, b"x"), (0.05, b"x" * 9000)):
            server.over.wait(pause)
            line.sendall(piece)

    with lying(answer) as server:
        assert len(Transport(answers=Limits(1 << 20, LONG, 1.0, 5000)).get(server.url).body) == 9001


def test_a_wish_to_wait_longer_than_the_question_may_last_is_its_answer() -> None:
    with serving({"/a": Reply("later", 429, {"Retry-After": "30"})}) as server:
        with pytest.raises(RateLimited):
            Transport(answers=replace(PATIENT, seconds=20)).get(f"{server.url}/a")
        assert len(server.requests) == 1


@pytest.mark.parametrize("ask", [ask, fetch_archive])  # That of a list is an argument.
def test_what_is_larger_than_its_kind_may_be_is_not_taken(tmp_path: Path, ask: Ask) -> None:
    with serving({"/a": Reply(b"x" * 2000)}) as server, pytest.raises(UnusableAnswer):
        ask(replace(PATIENT, most=1999), f"{server.url}/a", tmp_path)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"HTTP/1.1 99999999999 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"\xff\xfe\x00" * 100,
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://a\x01b/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://" + b"a" * 300 + b"/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 429 Slow\r\nRetry-After: Mon, 01 Jan 99999 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 429 Slow\r\nRetry-After: " + b"9" * 4000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + zlib.compress(b"x" * 100)[:20],
    ],
    ids=str,
)  # fmt: skip
@every_kind
def test_what_is_no_http_is_an_answer_that_cannot_be_used(tmp_path: Path, ask: Ask, answer: bytes) -> None:
    """Whatever a library makes of it, it ends as one of our errors, or is taken as it is."""

    def talk(server: LyingServer, line: socket.socket) -> None:
        line.sendall(answer)
        line.shutdown(socket.SHUT_RDWR)

    with lying(talk) as server:
        try:
            ask(replace(PATIENT, seconds=0.4, stalled=0.2), server.url, tmp_path)
        except ComfyDockError as error:
            assert isinstance(error, RemoteError)


@pytest.mark.parametrize(
    "address", ["http://a\x00b/", "http://\udcff/", "http://a..b/", "http://1:99999/", "http://[/"]
)
def test_an_address_that_is_none_is_a_refusal(address: str) -> None:
    with pytest.raises(RemoteError):
        Transport(answers=replace(PATIENT, seconds=0.4, stalled=0.2)).get(address)
