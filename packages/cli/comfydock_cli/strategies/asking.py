"""Asking the user what a workflow means: which pack a class is from, which file a model is.

Keys are those of ComfyDock 1.x: a number, `m` to type an identifier, `o` for optional, `s` to skip.
"""

import sys
from collections.abc import Callable, Sequence

from comfydock_cli.ui.console import clean
from comfydock_cli.ui.prompts import ask
from comfydock_core.models.workflow.candidates import CandidatePack, ClassResolution
from comfydock_core.utils.text import counted

_SHOWN = 5
_MODELS_SHOWN = 10


class AskingNodeStrategy:
    """Asks for every class that the evidence leaves open."""

    def __init__(self, pause: Callable[[], None]) -> None:
        """`pause` ends what is drawn, before a question is asked."""
        self._pause = pause

    def choose_pack(self, found: ClassResolution) -> str | bool | None:
        """The answer; the end of input skips what is left."""
        self._pause()
        shown = found.candidates[:_SHOWN]
        _say(f"which node pack is `{found.type}` from?")
        for at, one in enumerate(shown, start=1):
            _say(f"  {at}  {_described(one)}")
        if len(found.candidates) > len(shown):
            _say(f"  0  show all {len(found.candidates)}")
        while True:
            answer = ask(_keys(found, bool(shown)))
            if answer is None or answer == "s":
                return None
            if answer == "o":
                return False
            if answer == "0":
                for at, one in enumerate(found.candidates, start=1):
                    _say(f"  {at}  {_described(one)}")
                continue
            if answer == "m":
                typed = ask("identifier or address of the pack:")
                return typed or None
            number = _number(answer or "1", len(found.candidates))
            if number is not None:
                return found.candidates[number - 1].identifier
            _say("please answer with one of these")


class AskingModelStrategy:
    """Asks which of several files a name means."""

    def __init__(self, pause: Callable[[], None]) -> None:
        self._pause = pause

    def choose_model(self, name: str, found: Sequence[str]) -> str | None:
        """The answer; the end of input skips what is left."""
        if len(found) == 1:
            return found[0]
        self._pause()
        _say(f"`{name}`: {counted(len(found), 'file')} may be meant")
        for at, path in enumerate(found[:_MODELS_SHOWN], start=1):
            _say(f"  {at}  {path}")
        while True:
            answer = ask("number, or [s]kip [1]:")
            if answer is None or answer == "s":
                return None
            number = _number(answer or "1", len(found))
            if number is not None:
                return found[number - 1]
            _say("please answer with one of these")


def _keys(found: ClassResolution, has_some: bool) -> str:
    numbers = "number, " if has_some else ""
    return f"{numbers}[m] type one, [o]ptional, [s]kip{' [1]' if has_some else ''}:"


def _described(one: CandidatePack) -> str:
    reasons = "; ".join(reason.words for reason in one.reasons[:2])
    here = ", installed" if one.installed else ""
    return f"{one.identifier}{here}" + (f" ({reasons})" if reasons else "")


def _number(answer: str, most: int) -> int | None:
    if not answer.isascii() or not answer.isdecimal() or len(answer) > 4:
        return None
    number = int(answer)
    return number if 1 <= number <= most else None


def _say(line: str) -> None:
    sys.stderr.write(f"{clean(line)}\n")
    sys.stderr.flush()
