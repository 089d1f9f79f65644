"""What literal words in a text lead to: a command to its section, a topic, an error code."""

from build.documentation.blocks import Heading
from build.documentation.contents import PROGRAM
from comfydock_cli.generate.explanations import explanations
from comfydock_cli.generate.topics import TOPICS
from comfydock_cli.table import resolve


class Links:
    """The anchors of one page, by what is quoted."""

    def __init__(self) -> None:
        self._codes = frozenset(explanations())

    def target(self, quoted: str) -> str | None:
        """The anchor that the quoted words lead to, if they lead anywhere."""
        words = quoted.split()
        if words == [PROGRAM]:
            return PROGRAM
        if words[:2] == [PROGRAM, "help"] and len(words) == 3 and words[2] in TOPICS:
            return Heading(3, TOPICS[words[2]].title).anchor
        if words[:1] == [PROGRAM]:
            return self._command(words[1:])
        if quoted in self._codes and "-" in quoted:
            return quoted
        whole = resolve.find(tuple(words)) if words else None
        return None if whole is None or whole.hidden else self._command(words)

    def _command(self, words: list[str]) -> str | None:
        """The section of the longest command that the words begin with."""
        for length in range(len(words), 0, -1):
            found = resolve.find(tuple(words[:length]))
            if found is not None and not found.hidden:
                return "-".join((PROGRAM, *found.path))
        return None
