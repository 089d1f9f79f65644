"""What the system tells of running processes and of ports. Linux tells it in `/proc`; elsewhere there is less to know.

A process is named by its number and its start: numbers are given again, both together are not.
"""

import errno
import os
import select
import socket
import time
from collections.abc import Iterator

from comfydock_core.utils.processes import start_of

_LISTENING = "0A"
_POLL_SECONDS = 0.05


def parent_of(pid: int) -> int | None:
    """The process that a process belongs to, as far as the system tells."""
    stat = _stat(pid)
    return int(stat[1]) if stat is not None else None


def words_of(pid: int) -> list[str]:
    """The command line of a process; empty where it is not told."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            content = file.read()
    except OSError:
        return []
    return [os.fsdecode(word) for word in content.split(b"\0")[:-1]]


def directory_of(pid: int) -> str | None:
    """The working directory of a process, as far as the system tells."""
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return None


def all_pids() -> list[int]:
    """Every process that is told of."""
    try:
        return sorted(int(name) for name in os.listdir("/proc") if name.isdecimal())
    except OSError:
        return []


def having_open(path: str) -> list[int]:
    """The processes that have a file open, ours left out."""
    try:
        known = os.stat(path)
    except OSError:
        return []
    return [pid for pid in all_pids() if pid != os.getpid() and _has_open(pid, known)]


def port_holder(port: int) -> int | None:
    """The process that listens on a TCP port, if the system tells."""
    sockets = {inode for number, inode in _listening() if number == port}
    if not sockets:
        return None
    return next((pid for pid in all_pids() if not sockets.isdisjoint(_sockets(pid))), None)


def listened_ports(pid: int) -> list[int]:
    """The TCP ports that a process listens on."""
    own = _sockets(pid)
    return sorted({port for port, inode in _listening() if inode in own}) if own else []


def is_taken(host: str, port: int) -> bool:
    """Whether listening there is impossible because somebody else listens. Other hindrances are none of this."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":
                # As servers do it: connections that are over do not count, listening sockets do.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind((host, port))
    except OSError as error:
        return error.errno == errno.EADDRINUSE
    except (OverflowError, UnicodeError):
        return False
    return False


def answers(host: str, port: int) -> bool:
    """Whether a web server answers there: any byte will do, so that one with encryption counts too."""
    try:
        with socket.create_connection((host, port), timeout=5) as connection:
            connection.sendall(f"HEAD /system_stats HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            return bool(connection.recv(1))
    except (OSError, UnicodeError):
        return False


def send(pid: int, number: int, *, group: bool = False) -> bool:
    """Send a signal to a process, or to its whole group. `False` when it is gone or belongs to somebody else."""
    try:
        os.killpg(pid, number) if group else os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def wait_gone(pid: int, start: str, seconds: float) -> bool:
    """Wait for the end of a process that need not be a child; whether it has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    except (AttributeError, OSError):
        return _wait_by_looking(pid, start, seconds)
    try:
        if start_of(pid) != start:
            return True  # The number was given to another one.
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1000))
    finally:
        os.close(descriptor)


def _wait_by_looking(pid: int, start: str, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while start_of(pid) == start:
        if time.monotonic() >= end:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _stat(pid: int) -> list[str] | None:
    """The fields after the name, which may hold anything: state first."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().decode("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None


def _descriptors(pid: int) -> Iterator[str]:
    directory = f"/proc/{pid}/fd"
    try:
        names = os.listdir(directory)
    except OSError:
        return
    yield from (f"{directory}/{name}" for name in names)


def _has_open(pid: int, known: os.stat_result) -> bool:
    for descriptor in _descriptors(pid):
        try:
            if os.path.samestat(os.stat(descriptor), known):
                return True
        except OSError:
            continue
    return False


def _sockets(pid: int) -> set[str]:
    """The numbers of a process's sockets."""
    found = set()
    for descriptor in _descriptors(pid):
        try:
            target = os.readlink(descriptor)
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def _listening() -> Iterator[tuple[int, str]]:
    """Each port that is listened on, and the number of its socket."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii", errors="replace") as file:
                lines = file.read().splitlines()[1:]
        except OSError:
            continue
        yield from parse_listening(lines)


def parse_listening(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Read the lines of `/proc/net/tcp`: port and socket of those that listen; other lines are passed over."""
    for line in lines:
        fields = line.split()
        if len(fields) < 10 or fields[3] != _LISTENING:
            continue
        try:
            yield int(fields[1].rpartition(":")[2], 16), fields[9]
        except ValueError:
            continue
