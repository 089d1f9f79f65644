"""What is wrong with a virtual environment."""

from comfydock_core.records import record


@record
class VenvFault:
    """One fault by name.

    `kind` is one of `python-missing`, `python-broken`, `packages-missing`, `packages-unreadable` (about all), and
    `distribution-missing`, `distribution-twice`, `metadata-missing`, `metadata-empty`, `record-missing`,
    `record-empty`, `record-unreadable`, `file-missing`, `file-size`, `file-content`, `file-unreadable` (about one
    `distribution`, written `name-version`). `path` is the file in question, `detail` what else is known.
    """

    kind: str
    path: str
    distribution: str | None = None
    detail: str = ""

    def __str__(self) -> str:
        told = _WORDS[self.kind].format(path=self.path, distribution=self.distribution)
        return f"{told}: {self.detail}" if self.detail else told


@record
class VenvCheck:
    """The answer of a quick check. `relocatable` says whether its scripts go on working when it is moved or copied."""

    relocatable: bool
    distributions: int
    faults: tuple[VenvFault, ...]

    @property
    def can_be_copied(self) -> bool:
        """Whether a linked copy is a sound start for the next state; otherwise it has to be built anew."""
        return self.relocatable and not self.faults


_WORDS = {
    "python-missing": "there is no Python at `{path}`",
    "python-broken": "`{path}` does not run",
    "packages-missing": "`{path}` has no `site-packages`",
    "packages-unreadable": "`{path}` cannot be read",
    "distribution-missing": "{distribution} is not installed",
    "distribution-twice": "{distribution} is installed beside another version",
    "metadata-missing": "{distribution} has no `METADATA`",
    "metadata-empty": "the `METADATA` of {distribution} is empty",
    "record-missing": "{distribution} has no `RECORD`",
    "record-empty": "the `RECORD` of {distribution} is empty",
    "record-unreadable": "the `RECORD` of {distribution} cannot be read",
    "file-missing": "{distribution} lacks `{path}`",
    "file-size": "`{path}` of {distribution} has another size",
    "file-content": "`{path}` of {distribution} was changed",
    "file-unreadable": "`{path}` of {distribution} cannot be read",
}
