"""What is done about findings in the code of node packs."""

from collections.abc import Iterator, Sequence

from comfydock_core.models.exceptions import PackRefused
from comfydock_core.models.packs.pack_changes import PackChange
from comfydock_core.utils.text import some

WARN = "warn"
REFUSE = "refuse"
_SHOWN = 3


class CodePolicy:
    """`warn` leaves it to the user, to whom findings are reported in any case; `refuse` does not take such code."""

    def __init__(self, policy: str) -> None:
        self._policy = policy

    def check(self, changes: Sequence[PackChange], *, force: bool) -> None:
        """Raise `PackRefused` for code with findings where such is refused; `force` takes it all the same."""
        found = list(_described(changes))
        if self._policy != REFUSE or force or not found:
            return
        raise PackRefused(
            f"the policy of this workspace refuses what the code does: {some(found, _SHOWN, '; ')}",
            hint="look at the code; `--force` takes it all the same",
            context={"findings": found},
        )


def _described(changes: Sequence[PackChange]) -> Iterator[str]:
    for change in changes:
        for finding in change.findings:
            yield f"{change.pack.identifier}: {finding.file}:{finding.line}: {finding.message}"
