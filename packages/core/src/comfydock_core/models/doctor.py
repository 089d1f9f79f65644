"""What `doctor` found."""

from comfydock_core.records import record

OK = "ok"
NOTE = "note"
PROBLEM = "problem"


@record
class Mending:
    """What can be put right at once: `action` is `make-directory`, `link-models`, `forget-active`, `remove-mirror`,
    `remove-left-place`, `remove-start-report` or `relink-workspace`.

    `target` is a path, or the name of an environment for `link-models`.
    """

    action: str
    target: str


@record
class Finding:
    """One thing that was looked at.

    `code` is stable; `severity` is `ok`, `note` (worth knowing) or `problem`. `subject` is the environment, empty for
    what concerns all. `fix` says what to do, commands in backticks; `mending` is what `--fix` does.
    """

    code: str
    severity: str
    message: str
    subject: str = ""
    fix: str = ""
    details: tuple[str, ...] = ()
    mending: Mending | None = None

    def as_dict(self) -> dict[str, object]:
        return {
            "code": self.code,
            "severity": self.severity,
            "environment": self.subject or None,
            "message": self.message,
            "details": list(self.details),
            "fix": self.fix or None,
            "fixable": self.mending is not None,
        }
