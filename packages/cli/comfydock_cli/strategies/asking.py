"""Asking the user what a workflow means: which pack a class is from, which file a model is.

Keys are those of ComfyDock 1.x: a number, `0` to see more, `r` to search by other words, `m` to type an identifier, `d`
to type an address to download from, `o` for optional, `s` to skip.
"""

import re
import sys
from collections.abc import Callable, Sequence

from comfydock_cli.ui.console import clean
from comfydock_cli.ui.prompts import ask
from comfydock_core.models.workflow.candidates import CandidatePack, ClassResolution
from comfydock_core.utils.text import counted

_PACKS_SHOWN = 5
_MODELS_SHOWN = 10


# The packs that fit some words: an identifier, and words that describe it.
Search = Callable[[str], Sequence[tuple[str, str]]]


class Questions:
    """The questions of one command. After the end of input there is nobody to ask, and `have_ended` is true."""

    def __init__(self, pause: Callable[[], None]) -> None:
        """`pause` ends what is drawn, before a question is asked."""
        self.have_ended = False
        self._pause = pause

    def choose(
        self, title: str, choices: Sequence[str], shown: int, others: Sequence[tuple[str, str]]
    ) -> int | str | None:
        """The place of one of the choices, one of the letters of `others`, or `None` at the end of input.

        An empty line means the first choice.
        """
        self._pause()
        _say(title)
        _list(choices[:shown], choices)
        while not self.have_ended:
            answer = self.line(_keys(choices, others))
            if answer is None:
                break
            letter = answer.lower()
            if letter == "0" and len(choices) > shown:
                _list(choices, choices)
            elif letter in (letters for letters, _ in others):
                return letter
            elif (place := _place(letter or "1", len(choices))) is not None:
                return place
            else:
                _say("please answer with one of these")
        return None

    def confirm(self, question: str) -> bool:
        """Yes or no, no by default."""
        self._pause()
        while (answer := self.line(f"{question} [y/N]")) is not None:
            if answer.lower() in ("y", "yes"):
                return True
            if answer.lower() in ("", "n", "no"):
                break
            _say("please answer y or n")
        return False

    def line(self, question: str) -> str | None:
        """What is typed, `None` at the end of input."""
        answer = ask(question)
        self.have_ended = answer is None
        return answer


class AskingNodeStrategy:
    """Asks for every class that the evidence leaves open."""

    def __init__(self, questions: Questions, search: Search) -> None:
        self._questions = questions
        self._search = search

    def choose_pack(self, found: ClassResolution) -> str | bool | None:
        """The answer; the end of input skips what is left."""
        if self._questions.have_ended:
            return None
        if not found.candidates:
            return self._searched(found.type)
        title = f"which node pack is `{found.type}` from?"
        choices = [_described(one) for one in found.candidates]
        others = (("m", "[m] type one"), ("o", "[o]ptional"), ("s", "[s]kip"))
        answer = self._questions.choose(title, choices, _PACKS_SHOWN, others)
        if answer == "m":
            return self._typed()
        if isinstance(answer, int):
            return found.candidates[answer].identifier
        return False if answer == "o" else None

    def _searched(self, node_type: str) -> str | bool | None:
        """Of a class that nothing knows: packs that are named alike, and others by words."""
        words = _words_of(node_type)
        title = f"no list has the node class `{node_type}`; packs that may have it:"
        others = (("r", "[r] other words"), ("m", "[m] type one"), ("o", "[o]ptional"), ("s", "[s]kip"))
        while True:
            hits = list(self._search(words))
            answer = self._questions.choose(title, [words for _, words in hits], _PACKS_SHOWN, others)
            if answer == "r":
                words = self._questions.line("search for:") or words
                title = f"packs for `{words}`:"
                continue
            if answer == "m":
                return self._typed()
            if isinstance(answer, int):
                return hits[answer][0]
            return False if answer == "o" else None

    def _typed(self) -> str | None:
        while (typed := self._questions.line("identifier or address of the pack:")) == "":
            _say("type one, or end the input with Ctrl-D")
        return typed


class AskingModelStrategy:
    """Asks which of several files a name means."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions

    def choose_model(self, name: str, found: Sequence[str]) -> str | None:
        """The answer; the end of input skips what is left."""
        if len(found) == 1 or self._questions.have_ended:
            return found[0] if len(found) == 1 else None
        title = f"`{name}`: {counted(len(found), 'file')} may be meant"
        answer = self._questions.choose(title, found, _MODELS_SHOWN, (("s", "[s]kip"),))
        return found[answer] if isinstance(answer, int) else None

    def choose_missing(self, name: str, near: Callable[[str], Sequence[str]]) -> str | bool | None:
        """What becomes of a model that is not here; files with names like it are only offered."""
        words, title = name, f"`{name}` is missing, and no source for it is known"
        others = (("r", "[r] other words"), ("d", "[d]ownload"), ("o", "[o]ptional"), ("s", "[s]kip"))
        while not self._questions.have_ended:
            found = near(words)
            answer = self._questions.choose(title, found, _MODELS_SHOWN, others)
            if answer == "r":
                words = self._questions.line("search for:") or words
                title = f"files for `{words}`:"
            elif answer == "d":
                return self._address()
            else:
                return found[answer] if isinstance(answer, int) else False if answer == "o" else None
        return None

    def _address(self) -> str | None:
        """An address that can be fetched from; the end of input leaves it open."""
        while (typed := self._questions.line("address to download from:")) is not None:
            if typed.startswith(("https://", "http://")):
                return typed
            _say("an address begins with https://")
        return None


def _words_of(node_type: str) -> str:
    """The words that the name of a class is made of: `FaceDetailer (pipe)` are three."""
    return " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", node_type)) or node_type


def _keys(choices: Sequence[str], others: Sequence[tuple[str, str]]) -> str:
    numbers = ["number"] if choices else []
    return ", ".join((*numbers, *(words for _, words in others))) + (" [1]:" if choices else ":")


def _list(shown: Sequence[str], choices: Sequence[str]) -> None:
    for number, one in enumerate(shown, start=1):
        _say(f"  {number}  {one}")
    if len(choices) > len(shown):
        _say(f"  0  show all {len(choices)}")


def _described(one: CandidatePack) -> str:
    reasons = "; ".join(reason.words for reason in one.reasons[:2])
    here = ", installed" if one.installed else ""
    return f"{one.identifier}{here}" + (f" ({reasons})" if reasons else "")


def _place(answer: str, most: int) -> int | None:
    if not answer.isascii() or not answer.isdecimal() or len(answer) > 4:
        return None
    number = int(answer)
    return number - 1 if 1 <= number <= most else None


def _say(line: str) -> None:
    sys.stderr.write(f"{clean(line)}\n")
    sys.stderr.flush()
