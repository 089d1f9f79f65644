"""What a picture, video or sound file carries of the workflow that made it."""

from comfydock_core.records import record


@record
class Carried:
    """The JSON texts found inside of a file of some `kind` (`png`, `mp4`, ...), as they were written there.

    `workflow` is what the editor saves, `prompt` what it sent to the server; at least one of them is there.
    """

    kind: str
    workflow: bytes | None = None
    prompt: bytes | None = None
