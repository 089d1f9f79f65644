"""`run`: on the terminal, in the background, stopped, and what it wrote."""

import os
import shlex
import sys

from comfydock_cli.cli_utils import Context, Result
from comfydock_cli.table.parser import Arguments
from comfydock_cli.table.refusals import UsageError, nothing_to_change_there
from comfydock_cli.table.spec import OF_CHANGES
from comfydock_cli.ui.progress import PlainReporter
from comfydock_core.models.exceptions import PortInUse

_LINES = 50


def run(context: Context, arguments: Arguments) -> Result:
    """Start ComfyUI with the words given, or do with a running one what the options say."""
    chosen = [name for name in ("background", "stop", "logs") if arguments.flag(name)]
    if len(chosen) > 1:
        raise UsageError(f"`--{chosen[0]}` and `--{chosen[1]}` cannot be combined")
    _refuse_without(arguments, "no_wait", "background")
    _refuse_without(arguments, "follow", "logs")
    _refuse_without(arguments, "lines", "logs")
    mode = {"background": _background, "stop": _stop, "logs": _logs}
    return mode[chosen[0]](context, arguments) if chosen else _foreground(context, arguments)


def supervise(context: Context, arguments: Arguments) -> Result:
    """The hidden `__run LOG ARGUMENTS`: what `run --background` starts."""
    log, *words = arguments.rest
    return Result(exit_code=context.environment.run(words, PlainReporter(context.console), log=log))


def _foreground(context: Context, arguments: Arguments) -> Result:
    if context.json:
        raise UsageError(
            "`comfydock run` hands the terminal to ComfyUI, so it has no `--json`",
            hint="it has one with `--background`, `--stop` and `--logs`",
        )
    try:
        return Result(exit_code=context.environment.run(_for_comfyui(arguments), PlainReporter(context.console)))
    except PortInUse as error:
        raise _with_own_words(context, error) from None


def _background(context: Context, arguments: Arguments) -> Result:
    environment = context.environment
    reporter = PlainReporter(context.console)
    try:
        running = environment.start(_for_comfyui(arguments), reporter, wait=not arguments.flag("no_wait"))
    except PortInUse as error:
        raise _with_own_words(context, error) from None
    where = running.address or "a port of its choice"
    verb = "starts" if arguments.flag("no_wait") else "runs"
    text = f"ComfyUI of {environment.name} {verb} at {where} (process {running.pid})\n"
    note = "`comfydock run --logs` shows its output, `comfydock run --stop` stops it"
    return Result({"environment": environment.name, **running.as_dict()}, text, note=note)


def _with_own_words(context: Context, error: PortInUse) -> PortInUse:
    """The error with a command that keeps everything else that was asked for."""
    free = error.context.get("free_port")
    if free is not None and error.hint is not None:
        words = shlex.join(["comfydock", *_without_port(context.words), "--port", str(free)])
        error.hint = error.hint.replace(f"comfydock run --port {free}", words)
    return error


def _without_port(words: list[str]) -> list[str]:
    kept: list[str] = []
    for word, before in zip(words, ["", *words[:-1]], strict=True):
        if word != "--port" and before != "--port" and not word.startswith("--port="):
            kept.append(word)
    return kept


def _stop(context: Context, arguments: Arguments) -> Result:
    environment = context.environment
    stopped = environment.stop(PlainReporter(context.console), port=_port(arguments))
    data = {"environment": environment.name, "stopped": [one.as_dict() for one in stopped]}
    text = "".join(f"stopped ComfyUI of {environment.name} ({one})\n" for one in stopped)
    return Result(data, text or f"no ComfyUI of {environment.name} is running\n")


def _logs(context: Context, arguments: Arguments) -> Result:
    follow = arguments.flag("follow")
    if follow and context.json:
        raise UsageError("`--follow` never ends, so it has no `--json`", hint="leave one of them out")
    environment = context.environment
    log = environment.run_log(_port(arguments))
    lines = log.tail(_LINES if arguments.text("lines") is None else arguments.number("lines"))
    if not lines and not os.path.exists(log.path):
        note = "nothing has run in the background yet; `comfydock run --background` starts it"
        return Result({"path": log.path, "lines": []}, note=note)
    text = "".join(f"{line}\n" for line in lines)
    if not follow:
        return Result({"path": log.path, "lines": lines}, text, verbatim=True)
    _say(context, text)
    for more in environment.follow_run_log(log):
        _say(context, more)
    return Result()


def _for_comfyui(arguments: Arguments) -> list[str]:
    """The words for ComfyUI. A `--` among them only ends ours: ComfyUI has options alone, and would refuse it.

    After a `--` everything is as it was typed. Before one, an option of changes is taken for ours, and refused.
    """
    words = list(arguments.rest)
    if arguments.separated:
        return words
    end = words.index("--") if "--" in words else len(words)
    for word in words[:end]:
        name = word.partition("=")[0]
        if any(name in option.flags for option in OF_CHANGES):
            raise nothing_to_change_there(("run",), name, "ComfyUI")
    return words[:end] + words[end + 1 :]


def _say(context: Context, text: str) -> None:
    """Say it at once, to a pipe too."""
    context.console.data(text, verbatim=True)
    if sys.stdout is not None:
        sys.stdout.flush()


def _refuse_without(arguments: Arguments, name: str, needed: str) -> None:
    given = dict(arguments.items())[name]
    if given not in (False, None) and not arguments.flag(needed):
        raise UsageError(f"`--{name.replace('_', '-')}` belongs to `--{needed}`")


def _port(arguments: Arguments) -> int | None:
    """Which one is meant, where several run: `--port N` after our own options, as ComfyUI is given it."""
    words = [part for word in arguments.rest for part in word.split("=", 1)]
    if not words:
        return None
    if len(words) == 2 and words[0] == "--port" and words[1].isascii() and words[1].isdecimal():
        return int(words[1])
    shown = " ".join(arguments.rest)
    raise UsageError(
        f"`comfydock run` cannot use `{shown}` here",
        hint="`comfydock run --stop --port 8190` shows how to name one by its port",
    )
