"""Answers that are expensive to get, kept for as long as the question's subject may be taken to stand still."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable

from comfydock_core.caching.base import CacheBase
from comfydock_core.utils.light_digest import digest

# No answer that may be had again is taken for true when it is older.
OLDEST = 90 * 24 * 3600.0
_VERSION = "1"


class AnswerCache(CacheBase):
    """Answers by the question that was asked."""

    def remember(
        self, subject: str, question: Iterable[str], max_age: float, ask: Callable[[], dict[str, object]]
    ) -> dict[str, object]:
        """The answer to a question, at most `max_age` seconds old, else that of `ask`, whose errors are passed on.

        `question` must hold everything that the answer depends on. Answers are what JSON can hold.
        """
        asked = list(question)
        known = self.recall(subject, asked, max_age)
        if known is None:
            known = ask()
            self.keep(subject, asked, known)
        return known

    def recall(self, subject: str, question: Iterable[str], max_age: float) -> dict[str, object] | None:
        """The answer that was kept, at most `max_age` seconds ago."""
        return self._read(self._path(subject, question), max_age)

    def keep(self, subject: str, question: Iterable[str], answer: dict[str, object]) -> None:
        """Keep an answer; an older one is replaced."""
        self._keep(self._path(subject, question), json.dumps(answer).encode())

    def drop(self, subject: str, question: Iterable[str]) -> None:
        """Forget an answer. One that cannot be removed is replaced by the next."""
        with contextlib.suppress(OSError):
            os.unlink(self._path(subject, question))

    def outdated(self) -> list[str]:
        """The files of answers that nobody takes for true any more, by their age. Raises `OSError`."""
        return [path for path in self._older_than(OLDEST) if path.endswith(".json")]

    def _path(self, subject: str, question: Iterable[str]) -> str:
        return f"{self._directory}/{subject}-{digest([_VERSION, *question])}.json"

    def _read(self, path: str, max_age: float) -> dict[str, object] | None:
        try:
            age = time.time() - os.stat(path).st_mtime
            if not 0 <= age < max_age:
                return None
            with open(path, "rb") as file:
                answer = json.loads(file.read())
        except (OSError, ValueError, RecursionError):
            return None
        return answer if isinstance(answer, dict) else None
