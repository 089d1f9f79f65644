"""What `create` is asked for, and what it is going to do."""

from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.environments.template import Template
from comfydock_core.models.operation import ChangePlan
from comfydock_core.models.plan import PlanStep
from comfydock_core.records import record


@record
class CreateRequest:
    """A new environment as the user words it. `None` means the default: newest release, default repository, 3.11.

    `as_of` is a day (`2025-10-08`) or `release`, the day of ComfyUI's version: no package is newer than that day.
    `template` is a file with the definition of another environment; with `keep_going` its node packs that cannot be had
    are left out.
    """

    name: str
    python: str | None = None
    comfyui: str | None = None
    repository: str | None = None
    torch_backend: str = "auto"
    use: bool = False
    template: str | None = None
    keep_going: bool = False
    as_of: str | None = None


@record
class ComfyUISpec:
    """One version of ComfyUI in one repository. `kind` is `release`, `branch` or `commit`.

    `commit` is `None` only for an abbreviated commit that the server cannot look up: the clone completes it.
    """

    repository: str
    ref: str
    kind: str
    commit: str | None

    @property
    def public_repository(self) -> str:
        """The repository as it may be shown and stored: without credentials."""
        return without_credentials(self.repository)

    @property
    def short_commit(self) -> str:
        return (self.commit or self.ref)[:10]

    @property
    def described(self) -> str:
        """`release v0.3.60 at 0123456789`, `commit 0123456789`."""
        return f"commit {self}" if self.kind == "commit" else f"{self.kind} {self} at {self.short_commit}"

    def __str__(self) -> str:
        return self.ref[:10] if self.kind == "commit" else self.ref


@record
class CreationPlan:
    """A new environment with everything resolved. `create` executes exactly this.

    `missing_packs` are node packs of the template that will be left out; with `keep_going` others are left out, too,
    when they prove not to be there.
    """

    name: str
    directory: str
    comfyui: ComfyUISpec
    default_repository: bool
    python: str
    torch_backend: str
    models_directory: str
    activate: bool
    template: Template | None
    missing_packs: tuple[str, ...]
    keep_going: bool
    as_of: str | None
    change: ChangePlan


@record
class CreatedEnvironment:
    """A new environment. `missing_packs` are the node packs of its template that were left out."""

    directory: str
    missing_packs: tuple[str, ...]


def creation_work(
    directory: str,
    comfyui: ComfyUISpec,
    python: str,
    torch_backend: str,
    models_directory: str,
    template: Template | None = None,
    as_of: str | None = None,
) -> list[PlanStep]:
    """What making an environment prepares, in order."""
    torch = _TORCH_DETAILS.get(torch_backend, f"PyTorch for {torch_backend}")
    locked = template is not None and "uv.lock" in template.files
    if as_of is not None:
        torch += f"; no package newer than {'the version of ComfyUI' if as_of == 'release' else as_of}"
    return [
        PlanStep("clone", comfyui.public_repository, comfyui.described, True),
        PlanStep(
            "write",
            f"{directory}/.cec/pyproject.toml",
            f"the definition in {template.path}" if template is not None else "ComfyUI's requirements",
            True,
        ),
        PlanStep("lock", f"{directory}/.cec/uv.lock", f"as the definition has it; {torch}" if locked else torch, True),
        PlanStep("install", f"{directory}/.venv", f"Python {python}", True),
        stock_files(models_directory),
        PlanStep("link", f"{directory}/ComfyUI/models", models_directory, True),
        _history(directory, template),
    ]


def _history(directory: str, template: Template | None) -> PlanStep:
    if template is None or template.history is None:
        return PlanStep("commit", f"{directory}/.cec", "first version", True)
    return PlanStep("copy", f"{directory}/.cec/.git", f"the history up to {template.history.commit[:10]}", True)


def stock_files(models_directory: str) -> PlanStep:
    """What ComfyUI tracks below `models` and reads at work, which a link in that place would hide."""
    return PlanStep("copy", models_directory, "ComfyUI's own files of `models`, where nothing is in their place", True)


_TORCH_DETAILS = {"none": "without PyTorch", "pypi": "PyTorch from PyPI", "cpu": "PyTorch for the CPU"}
