"""Which node classes some code defines."""

from comfydock_core.records import record


@record
class DefinedClasses:
    """The node classes that some code defines, as far as reading it tells.

    `doubts` say where more may be defined than could be read, as `file:line: reason`; none means that `names` is all.
    Those of `names` that are `editor_only` are defined by scripts of the editor, and by nothing that the server runs.
    """

    names: frozenset[str] = frozenset()
    doubts: tuple[str, ...] = ()
    editor_only: frozenset[str] = frozenset()

    @property
    def complete(self) -> bool:
        return not self.doubts
