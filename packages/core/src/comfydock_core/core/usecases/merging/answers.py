"""What both sides of a merge changed, and which side counts."""

import json
from collections.abc import Mapping

from comfydock_core.models.exceptions import QuestionUnknown
from comfydock_core.models.history.merging import THEIRS, Question
from comfydock_core.utils.text import did_you_mean, nearest

_SHOWN = 60
_LONGEST = 200
_BEFORE = 20  # How much of what is the same is shown before what is different.


class Answers:
    """Answers to questions as they come up, by their names. What nobody answered stays open, and ours counts so far."""

    def __init__(self, take: Mapping[str, str], auto: str | None) -> None:
        self._take = take
        self._auto = auto
        self._asked: dict[str, Question] = {}
        self._optional: set[str] = set()

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question that came up, in that order."""
        return tuple(self._asked.values())

    def trial(self) -> "Answers":
        """The same answers for questions that may turn out not to be asked."""
        made = Answers(self._take, self._auto)
        made._asked = dict(self._asked)
        return made

    def add(self, trial: "Answers") -> None:
        """Ask what came up in a trial."""
        self._asked = trial._asked

    def know_of(self, trial: "Answers") -> None:
        """Allow answers to what came up in a trial that came to nothing."""
        self._optional |= trial._asked.keys()

    def given(self, name: str, about: str) -> str | None:
        """An answer that somebody gave though nothing asks for it yet: a whole file from one side."""
        known = self._known(name, about)
        self._optional.add(known)
        return self._take.get(known)

    def takes_theirs(self, name: str, about: str, mine: object, theirs: object) -> bool:
        """Whether theirs counts. Of one thing there is one answer; what has the name of another gets a number."""
        known = self._known(name, about)
        answer = self._take.get(known, self._auto)
        if known not in self._asked:
            self._asked[known] = Question(known, _one_line(about), *shown_apart(mine, theirs), answer)
        return answer == THEIRS

    def _known(self, name: str, about: str) -> str:
        name, about = _one_line(name), _one_line(about)
        known, count = name, 1
        while known in self._asked and self._asked[known].about != about:
            count += 1
            known = f"{name}~{count}"
        return known

    def refuse_unknown(self) -> None:
        """Raise `QuestionUnknown` for an answer to what was never asked."""
        names = list(dict.fromkeys([*self._asked, *sorted(self._optional)]))
        for name in self._take:
            if name not in names:
                near = nearest(name, names, limit=3)
                raise QuestionUnknown(
                    f"the merge does not ask about `{name}`",
                    hint=did_you_mean(near) if near
                    else "`--preview` lists the questions",
                    context={"question": name, "questions": list(self._asked)},
                )  # fmt: skip


def _one_line(text: str) -> str:
    """A name on one line, not too long to be typed: strangers choose those of workflows and inputs."""
    shown = text if text.isprintable() else "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def shown_apart(mine: object, theirs: object) -> tuple[str, str]:
    """Two values, each on one line, cut where they are long but not where they differ; `None` is what is not there."""
    texts = [_on_one_line(value) for value in (mine, theirs)]
    start = next((at for at, (one, other) in enumerate(zip(*texts, strict=False)) if one != other), 0)
    skipped = 0 if all(len(text) <= _SHOWN for text in texts) else max(0, start - _BEFORE)
    cut = [f"…{text[skipped:]}" if skipped else text for text in texts]
    first, second = (text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…" for text in cut)
    return first, second


def _on_one_line(value: object) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return " ".join(text.split()) if text.split() else json.dumps(text)
