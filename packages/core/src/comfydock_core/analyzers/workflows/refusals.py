"""Why something is not read as a workflow. The messages continue a sentence: "…: it is not JSON"."""


class NoWorkflow(ValueError):
    """The content is not a workflow."""


class NotACarrier(NoWorkflow):
    """The file is of no kind that ComfyUI or its packs save workflows in."""


class NothingCarried(NoWorkflow):
    """The file is of such a kind, but there is no workflow in it."""


class DamagedCarrier(NoWorkflow):
    """The file is of such a kind, but broken; `offset` is the byte at which that shows."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message}, at byte {offset}")
        self.offset = offset


class TooMuchCarried(NoWorkflow):
    """What the file says about itself is larger, or in more pieces, than anyone reads into memory."""


class TooLargeToDraw(NoWorkflow):
    """The graph has so many nodes or links that no picture of it would be looked at."""
