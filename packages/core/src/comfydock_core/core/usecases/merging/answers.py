"""What both sides of a merge changed, and which side counts."""

import json
from collections.abc import Mapping

from comfydock_core.models.exceptions import QuestionUnknown
from comfydock_core.models.history.merging import MINE, THEIRS, Question
from comfydock_core.utils.text import nearest

_SHOWN = 60


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

    def given(self, name: str) -> str | None:
        """An answer that somebody gave though nothing asks for it yet: a whole file from one side."""
        self._optional.add(name)
        return self._take.get(name)

    def side_of(self, name: str) -> str | None:
        """The answer to a question that came up; ours counts while it is open. `None` for what was not asked."""
        question = self._asked.get(name)
        return None if question is None else question.answer or MINE

    def takes_theirs(self, name: str, about: str, mine: object, theirs: object) -> bool:
        """Whether theirs counts. Of one name there is one answer, whatever it is asked for."""
        answer = self._take.get(name, self._auto)
        if name not in self._asked:
            self._asked[name] = Question(name, about, shown(mine), shown(theirs), answer)
        return answer == THEIRS

    def refuse_unknown(self) -> None:
        """Raise `QuestionUnknown` for an answer to what was never asked."""
        names = list(dict.fromkeys([*self._asked, *sorted(self._optional)]))
        for name in self._take:
            if name not in names:
                near = nearest(name, names, limit=3)
                raise QuestionUnknown(
                    f"the merge does not ask about `{name}`",
                    hint=f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near
                    else "`--preview` lists what it asks",
                    context={"question": name, "questions": list(self._asked)},
                )  # fmt: skip


def shown(value: object) -> str:
    """A value on one line, cut where it is long; `None` is something that is not there."""
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
