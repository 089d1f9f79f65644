"""One line of what a change prepares, for people."""

from comfydock_core.records import record


@record
class PlanStep:
    """`action` is a verb ("clone", "write"), `target` what it acts on, `detail` the rest worth knowing.

    `deferred` says that the result is determined but is built by the real run only, such as an installation of a lock.
    """

    action: str
    target: str
    detail: str = ""
    deferred: bool = False
