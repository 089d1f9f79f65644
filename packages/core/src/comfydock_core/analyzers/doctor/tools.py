"""The programs that ComfyDock calls."""

import os
import re
from collections.abc import Iterator

from comfydock_core.integrations import process
from comfydock_core.integrations.git import runner
from comfydock_core.integrations.uv_command import find_uv
from comfydock_core.models.doctor import NOTE, OK, PROBLEM, Finding
from comfydock_core.models.exceptions import ToolMissing
from comfydock_core.utils.child_environment import child_environment

# `git init --initial-branch` and `git fetch` of a commit into a mirror need it.
_OLDEST_GIT = (2, 28)
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.\d+)*", re.ASCII)
_SECONDS = 30


def check_tools() -> Iterator[Finding]:
    """git with its identity, and uv."""
    yield from _check_git()
    yield _check_uv()


def _check_git() -> Iterator[Finding]:
    neutral = os.path.abspath(os.sep)
    try:
        answer = runner.ask(["--version"], cwd=neutral)
    except ToolMissing as error:
        yield Finding("git-missing", PROBLEM, error.message, fix=error.hint or "")
        return
    version = _VERSION.search(answer.output)
    if answer.returncode != 0 or version is None:
        yield Finding("git-broken", PROBLEM, f"`git --version` does not answer: {answer.text}", fix="reinstall git")
        return
    if (int(version[1]), int(version[2])) < _OLDEST_GIT:
        oldest = ".".join(map(str, _OLDEST_GIT))
        yield Finding("git-old", PROBLEM, f"git {version[0]} is too old", fix=f"install git {oldest} or later")
    else:
        yield Finding("git", OK, f"git {version[0]}")
    names = [key for key in ("user.name", "user.email") if not _configured(key, neutral)]
    if names:
        yield Finding(
            "git-identity",
            NOTE,
            f"git has no identity for you ({' and '.join(names)}); commits get the name of your account",
            fix="`git config --global user.name NAME` and `git config --global user.email ADDRESS`",
        )


def _configured(key: str, directory: str) -> bool:
    variables = {"user.name": "GIT_AUTHOR_NAME", "user.email": "GIT_AUTHOR_EMAIL"}
    return bool(os.environ.get(variables[key])) or runner.ask(["config", "--get", key], cwd=directory).returncode == 0


def _check_uv() -> Finding:
    try:
        program = find_uv()
        answer = process.capture_within(_SECONDS, [program, "--version"], cwd=os.path.sep, env=child_environment())
    except ToolMissing as error:
        return Finding("uv-missing", PROBLEM, error.message, fix=error.hint or "")
    version = _VERSION.search(answer.output) if answer is not None and answer.returncode == 0 else None
    if version is None:
        told = answer.text if answer is not None else f"no answer within {_SECONDS} s"
        return Finding("uv-broken", PROBLEM, f"`{program}` does not answer: {told}", fix="reinstall uv")
    return Finding("uv", OK, f"uv {version[0]} (`{program}`)")
