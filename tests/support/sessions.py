"""A person or a script at work with one workspace: the program in one form, run as they run it."""

import json
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from build.programs import Program, plain_environment
from tests.support.miniature import Miniature
from tests.support.source import Ran

KEYS = ["version", "command", "status", "exit_code", "data", "errors"]


@dataclass(slots=True)
class Session:
    """One program, one workspace, and the variables that both are used with."""

    program: Program
    workspace: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environments(self) -> Path:
        return self.workspace / "environments"

    def environment(self, **changes: str | None) -> dict[str, str]:
        """What the program is started with; `None` takes a variable away."""
        own = {"COMFYDOCK_HOME": str(self.workspace), **self.variables, **changes}
        everything = {**plain_environment(), **self.program.environment, **own}
        return {name: value for name, value in everything.items() if value is not None}

    def run(self, *words: str, input: str | None = None, **changes: str | None) -> Ran:
        """Run it to its end."""
        done = subprocess.run(
            [*self.program.command, *words],
            input=(input or "").encode(),
            capture_output=True,
            env=self.environment(**changes),
        )
        # Names of files are written as they are, whatever their bytes.
        out, err = (stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr))
        return Ran(done.returncode, out, err)

    def ok(self, *words: str, **changes: str | None) -> Ran:
        """Run what must succeed."""
        ran = self.run(*words, **changes)
        assert ran.code == 0, ran
        return ran

    def data(self, *words: str, **changes: str | None) -> Any:
        """What a command answers with `--json`, after checking the envelope."""
        ran = self.run(*words, "--json", **changes)
        envelope = envelope_of(ran)
        assert (envelope["status"], envelope["exit_code"], envelope["errors"]) == ("ok", 0, []), ran
        command = envelope["command"].split()
        assert tuple(command) == words[: len(command)]
        return envelope["data"]

    def error(self, *words: str, **changes: str | None) -> dict[str, Any]:
        """The one error of a command with `--json`, after checking the envelope."""
        ran = self.run(*words, "--json", **changes)
        envelope = envelope_of(ran)
        assert (envelope["status"], envelope["data"], len(envelope["errors"])) == ("error", None, 1), ran
        error: dict[str, Any] = envelope["errors"][0]
        assert list(error) == ["code", "message", "hint", "context"]
        return {**error, "exit_code": envelope["exit_code"]}

    def start(self, *words: str, **changes: str | None) -> "subprocess.Popen[str]":
        """Start it with all streams connected."""
        return subprocess.Popen(
            [*self.program.command, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=self.environment(**changes),
        )


def envelope_of(ran: Ran) -> dict[str, Any]:
    """The JSON on standard output, which must be all there is, and must tell the exit code that was given."""
    envelope = ran.envelope()
    assert list(envelope) == KEYS, ran
    assert (envelope["version"], envelope["exit_code"]) == (1, ran.code), ran
    return envelope


def wait_for_line(process: "subprocess.Popen[str]", words: str, *, errors: bool = False) -> str:
    """Read what the process prints up to the line that has `words`."""
    stream = process.stderr if errors else process.stdout
    assert stream is not None
    heard = []
    for line in stream:
        heard.append(line)
        if words in line:
            return line
    raise AssertionError(f"it never said {words!r} but:\n{''.join(heard)}{process.communicate()}")


def stop(process: "subprocess.Popen[str]", number: signal.Signals) -> Ran:
    """Send a signal and wait for the end."""
    process.send_signal(number)
    out, err = process.communicate()
    return Ran(process.returncode, out, err)


def new_session(program: Program, place: Path, miniature: Miniature) -> Session:
    """A session that uses the miniature and nothing else, with a home of its own and a workspace yet to be made."""
    (place / "home").mkdir(parents=True)
    return Session(program, place / "workspace", {**miniature.variables(), "HOME": str(place / "home")})


def copy_workspace(first: Path, place: Path) -> None:
    """A workspace with all that is in it at another place, links and times kept; it works there by itself."""
    # Identity of directories counts for undo only within a run.
    subprocess.run(["cp", "-a", str(first), str(place)], check=True)
    for link in place.glob("environments/*/ComfyUI/models"):
        link.unlink()
        link.symlink_to(place / "models")
    settings = place / ".metadata" / "workspace.json"
    settings.write_text(settings.read_text().replace(str(first), str(place)))


def tree(root: Path, *, whole: bool = False) -> dict[str, object]:
    """Everything below a directory: bytes of files, targets of links, `None` for directories.

    What operations keep is left out unless the `whole` is wanted, after seeing that none was left in the middle.
    """
    refuse_unfinished(root)
    paths = [path.relative_to(root) for path in sorted(root.rglob("*"))]
    return {str(path): _content(root / path) for path in paths if whole or ".ops" not in path.parts}


def names_in(directory: Path) -> list[str]:
    """The names in a directory of environments, without the operations, none of which may be left in the middle."""
    refuse_unfinished(directory)
    return sorted(path.name for path in directory.iterdir() if path.name != ".ops")


def refuse_unfinished(root: Path) -> None:
    """Every operation below is done, and nothing waits to be removed."""
    for journal in root.rglob(".ops/*/journal"):
        last = json.loads(journal.read_text().splitlines()[-1])
        assert last["line"] in ("done", "undone"), journal
    assert list(root.rglob(".ops/.trash/*")) == []


def _content(path: Path) -> object:
    if path.is_symlink():
        return ("link", str(path.readlink()))
    return path.read_bytes() if path.is_file() else None
