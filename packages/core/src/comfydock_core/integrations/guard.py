"""Children die with us, also when we are killed and can do nothing more.

A shell outside of our group, one for the whole process, reads from us which groups are at work. When we are gone its
input ends, and it ends what is left of them. Windows has no groups of this kind; children there end by themselves.
"""

import contextlib
import os
import subprocess
import sys
import threading

_SCRIPT = """
groups=" "
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="${groups%% $group *} ${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -KILL "-$group"; done
"""

_lock = threading.Lock()
_guards: dict[int, "subprocess.Popen[bytes]"] = {}  # By our number: a forked child needs one of its own.


def watch(group: int) -> None:
    """From now on the processes of a group are ended when this process ends, in whatever way.

    Without a shell, or when somebody killed it, they are not, and the work goes on.
    """
    _say(f"+ {group}\n")


def forget(group: int) -> None:
    """The group has ended, and its number may come to mean others."""
    _say(f"- {group}\n")


def _say(line: str) -> None:
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError), _lock:
        os.write(_input(), line.encode())


def _input() -> int:
    """Where our guard listens; it is started by the first word. Raises `OSError`."""
    guard = _guards.get(os.getpid())
    if guard is None:
        guard = _guards[os.getpid()] = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT],
            cwd="/",
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    assert guard.stdin is not None
    return guard.stdin.fileno()
