"""Running git, and its failures as errors of the library."""

import contextlib
import functools
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO
from urllib.parse import unquote

from comfydock_core.integrations import git_options, process
from comfydock_core.integrations.process import Completed, FellSilent, Silence
from comfydock_core.integrations.quick_process import GIT_PLACES
from comfydock_core.models.addresses import login_of, without_credentials, without_credentials_in
from comfydock_core.models.exceptions import (
    AuthenticationFailed,
    ComfyDockError,
    GitFailed,
    HostKeyRefused,
    NetworkUnavailable,
    RepositoryNotFound,
)
from comfydock_core.utils.child_environment import child_environment
from comfydock_core.utils.files.program_errors import reported_by_program

_HINT_MISSING = "install git (https://git-scm.com) and make sure that it is on PATH"

# Words of git (in the C locale), ssh and curl, most telling first.
_AUTHENTICATION = (
    "authentication failed",
    "could not read username",
    "could not read password",
    "permission denied (publickey",
    "terminal prompts disabled",
    "the requested url returned error: 401",
)
# Who is asking is known then, and may not.
_FORBIDDEN = (
    "the requested url returned error: 403",
    " denied to ",
    "not allowed to push",
    "marked as read only",
    "write access to repository not granted",
)
_KEY_CHANGED = ("remote host identification has changed", "host key for")
_HOST_KEY = ("host key verification failed", *_KEY_CHANGED)
_NO_REPOSITORY = (
    "does not appear to be a git repository",
    "not a git repository",
    "repository not found",
    "' not found",
    "does not exist",
    "the requested url returned error: 404",
    "not valid: is this a git repository",
    "info/refs not valid",
    "strange pathname",
)
_DAMAGED = (
    "did not send all necessary objects",
    "possible repository corruption",
    "unable to read sha1 file",
    "unable to read tree",
    "missing blob",
    "missing tree",
    "bad object",
    "is corrupt",
    "packfile is invalid",
    "inflate: data stream error",
)
_NETWORK = (
    "could not resolve host",
    "could not resolve hostname",
    "connection refused",
    "connection timed out",
    "connection reset",
    "network is unreachable",
    "no route to host",
    "failed to connect",
    "couldn't connect",
    "ssl certificate",
    "gnutls",
    "unable to access",
    "the remote end hung up",
    "early eof",
    "operation too slow",
    "less than 1 bytes/sec",
)

# What somebody wants to see of differences; it would weigh more than our options.
_HABITS = ("GIT_DIFF_OPTS",)

# Hundreds of such lines stand between those that tell of a failure.
_PROGRESS = re.compile(r": +\d+% \(\d+/\d+\)")


# What talks with other machines. Over https git itself gives a server up that stalls; over ssh, and while a server only
# thinks, nothing ends it but this. Git's own extension for LFS keeps its own time, and tells nothing meanwhile.
_TALKING = frozenset({"clone", "fetch", "ls-remote", "push", "submodule"})
_SILENCES = 10  # So many times the seconds after which a stalled answer is given up.


# Git asks it for a login, once the server wants to know who is asking. The login comes by the environment, which other
# users of the machine cannot read, and stays out of command lines and files, which they often can.
_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$COMFYDOCK_LOGIN" "$COMFYDOCK_PASSWORD"; }; f'
)


def git_environment(repository: str | None = None) -> dict[str, str]:
    """Ours, in English, never asking at the terminal, and without what would lead git to another repository or habit.

    With the login of `repository`, for that server alone.
    """
    variables = child_environment()
    for name in (*GIT_PLACES, *_HABITS):
        variables.pop(name, None)
    allowed = variables.get("GIT_ALLOW_PROTOCOL")
    if allowed is not None:  # It would weigh more than our setting.
        variables["GIT_ALLOW_PROTOCOL"] = ":".join(word for word in allowed.split(":") if word != "ext")
    return {**variables, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **_login(repository or "", variables)}


def _login(repository: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Variables that give git the login of an address that it only gets without; none for ssh, which has its keys."""
    login = login_of(repository)
    scheme, _, rest = without_credentials(repository).partition("://")
    if login is None or scheme.lower() not in ("http", "https"):
        return {}
    server = f"credential.{scheme}://{re.split('[/?#]', rest)[0]}"
    name, password = unquote(login[0]), login[1]
    if password is None:  # Who has the password to a name is a helper of the user's.
        return git_options.as_variables([(f"{server}.username", name)], variables)
    # The helpers of the user's are asked no more: they would keep what was typed for this once.
    settings = git_options.as_variables([(f"{server}.helper", ""), (f"{server}.helper", _HELPER)], variables)
    return {**settings, "COMFYDOCK_LOGIN": name, "COMFYDOCK_PASSWORD": unquote(password)}


def ask(
    arguments: Sequence[str],
    *,
    cwd: str,
    repository: str | None = None,
    variables: Mapping[str, str] | None = None,
    given: bytes | None = None,
) -> Completed:
    """Run a short git command; the exit code is the caller's to judge.

    The address of `repository` among the arguments is given to git without its login, which git asks us for.
    `variables` are added to its environment, `given` is what it reads. Raises `ToolMissing`, and `NetworkUnavailable`
    when `repository` leads to a server that gives no answer.
    """
    return _done(functools.partial(process.capture, given=given), arguments, cwd, repository, variables)


def run(
    arguments: Sequence[str],
    *,
    cwd: str,
    doing: str,
    repository: str | None = None,
    variables: Mapping[str, str] | None = None,
    given: bytes | None = None,
) -> str:
    """Run a git command and return its output. Raises the error that its failure means; `doing` words it."""
    completed = ask(arguments, cwd=cwd, repository=repository, variables=variables, given=given)
    if completed.returncode != 0:
        raise failure(completed, arguments, cwd=cwd, doing=doing, repository=repository)
    return completed.output


def ask_live(
    arguments: Sequence[str], *, cwd: str, repository: str | None = None, on_line: Callable[[str], None]
) -> Completed:
    """Like `ask` for a long command, whose lines are passed on."""
    return _done(functools.partial(process.stream, on_line=on_line), arguments, cwd, repository)


def ask_apart(
    arguments: Sequence[str], *, cwd: str, repository: str | None = None, on_line: Callable[[str], None]
) -> Completed:
    """Like `ask_live`, with both streams apart: only the lines of errors and progress are passed on."""
    return _done(functools.partial(process.stream_errors, on_line=on_line), arguments, cwd, repository)


def run_live(
    arguments: Sequence[str], *, cwd: str, doing: str, repository: str | None, on_line: Callable[[str], None]
) -> None:
    """Run a long git command, passing its lines on. Raises the error that its failure means."""
    completed = ask_live(arguments, cwd=cwd, repository=repository, on_line=on_line)
    if completed.returncode != 0:
        raise failure(completed, arguments, cwd=cwd, doing=doing, repository=repository)


@contextlib.contextmanager
def read_output(
    arguments: Sequence[str],
    *,
    cwd: str,
    doing: str,
    variables: Mapping[str, str] | None = None,
    given: bytes = b"",
) -> Iterator[IO[bytes]]:
    """The output of a git command that reads what is `given`, as it comes, of any size.

    `variables` are added to its environment. Raises at the end the error that its failure means.
    """

    def judge(completed: Completed) -> None:
        if completed.returncode != 0:
            raise failure(completed, arguments, cwd=cwd, doing=doing, repository=None)

    command, environment = _command(arguments, cwd, None), {**git_environment(), **(variables or {})}
    with process.piped(command, cwd=cwd, env=environment, judge=judge, hint=_HINT_MISSING, given=given) as output:
        yield output


def _done(
    start: Callable[..., Completed],
    arguments: Sequence[str],
    cwd: str,
    repository: str | None,
    variables: Mapping[str, str] | None = None,
) -> Completed:
    with _silence_told(repository, arguments):
        return start(
            _command(arguments, cwd, repository),
            cwd=cwd,
            env={**git_environment(repository), **(variables or {})},
            hint=_HINT_MISSING,
            silence=_silence(arguments, repository),
        )


def _silence(arguments: Sequence[str], repository: str | None) -> Silence | None:
    """How long git may say nothing, when it talks with another machine."""
    if repository is None or not _TALKING.intersection(arguments):
        return None
    return Silence(_SILENCES * git_options.stalled_seconds(), f"git to hear from {_host(repository)}")


@contextlib.contextmanager
def _silence_told(repository: str | None, arguments: Sequence[str]) -> Iterator[None]:
    try:
        yield
    except FellSilent as error:
        shown = without_credentials(repository or "")
        raise NetworkUnavailable(
            f"`{shown}` gave no answer: git heard nothing for {error.seconds:g} seconds and was stopped",
            hint="check the address and the network; COMFYDOCK_STALL_SECONDS gives slow servers more time",
            context={"repository": shown, "command": ["git", *map(without_credentials, arguments)]},
        ) from error


def _host(repository: str) -> str:
    """The server of an address, for a sentence."""
    named = re.match(r"(?:[a-z+]+://)?(?:[^@/]*@)?(\[[^\]]*\]|[^:/]+)", without_credentials(repository), re.IGNORECASE)
    return f"`{named[1]}`" if named else "the server"


def _command(arguments: Sequence[str], cwd: str, repository: str | None) -> list[str]:
    cleaned = [without_credentials(word) if word == repository else word for word in arguments]
    return git_options.command(cwd, cleaned)


def failure(
    completed: Completed, arguments: Sequence[str], *, cwd: str, doing: str, repository: str | None
) -> ComfyDockError:
    """What git's failure means, in the library's terms. Credentials in addresses are left out of it."""
    shown = None if repository is None else without_credentials(repository)
    said = "\n".join(line for line in completed.text.split("\n") if not _PROGRESS.search(line))
    output = without_credentials_in(said.replace(repository, shown or "") if repository else said)
    context: dict[str, object] = {
        "command": ["git", *(without_credentials(argument) for argument in arguments)],
        "exit_code": completed.returncode,
        "output": output,
        "repository": shown,
    }
    disk = reported_by_program(output, doing, completed.returncode, cwd)
    if disk is not None:
        disk.context.update(context)
        return disk
    ending = completed.ending("git") if completed.returncode != 0 else "git reported errors"
    return _remote_failure(output, doing, shown, context) or GitFailed(
        f"cannot {doing}: {ending}\n{output}".rstrip(), context=context
    )


def _remote_failure(
    output: str, doing: str, repository: str | None, context: dict[str, object]
) -> ComfyDockError | None:
    low = output.lower()
    if repository is None:
        return None
    if any(words in low for words in _DAMAGED):
        return GitFailed(
            f"cannot {doing}: `{repository}` itself is damaged: parts of its history are missing there\n{output}",
            hint="report it to its maintainer; another copy of the repository may be complete",
            context=context,
        )
    if any(words in low for words in _HOST_KEY):
        return _host_key_failure(output, doing, repository, context)
    if any(words in low for words in _AUTHENTICATION):
        return AuthenticationFailed(
            f"cannot {doing}: `{repository}` asks for a login\n{output}",
            hint="check the address; for a private repository set up a git credential helper or an ssh key",
            context=context,
        )
    if any(words in low for words in _FORBIDDEN):
        return AuthenticationFailed(
            f"cannot {doing}: `{repository}` refuses whoever git logs in as\n{output}",
            hint="ask its owner for access, or check which login or key git uses for it",
            context=context,
        )
    if any(words in low for words in _NO_REPOSITORY) or _is_other_file(repository):
        return RepositoryNotFound(
            f"cannot {doing}: `{repository}` is not a git repository\n{output}",
            hint="check the address or the path of the repository",
            context=context,
        )
    if any(words in low for words in _NETWORK):
        return NetworkUnavailable(
            f"cannot {doing}: `{repository}` cannot be reached\n{output}",
            hint="check the network, or name a repository on this machine",
            context=context,
        )
    return None


def _host_key_failure(output: str, doing: str, repository: str, context: dict[str, object]) -> HostKeyRefused:
    host = _host(repository)
    if any(words in output.lower() for words in _KEY_CHANGED):
        return HostKeyRefused(
            f"cannot {doing}: the key of {host} is not the one that ssh knows, and nothing was sent\n{output}",
            hint=f"ask the owner of {host} for its new key; only if it is that one, `ssh-keygen -R HOST` forgets the"
            " old one",
            context=context,
        )
    return HostKeyRefused(
        f"cannot {doing}: ssh does not know {host} yet, and cannot ask here whether its key is the right one\n{output}",
        hint=f"connect once by ssh to {host}, compare the key with the published one, and run the command again",
        context=context,
    )


def _is_other_file(repository: str) -> bool:
    return os.path.isfile(repository)
