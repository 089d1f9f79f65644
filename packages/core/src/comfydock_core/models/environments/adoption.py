"""What `adopt` is going to take over from an installation that was made without ComfyDock."""

from dataclasses import dataclass

from comfydock_core.models.environments.creation import ComfyUISpec
from comfydock_core.models.environments.installation import Installation
from comfydock_core.models.operation import ChangePlan


@dataclass(frozen=True, slots=True)
class AdoptRequest:
    """An installation to be adopted under a name.

    `torch_backend` `auto` takes that of its PyTorch, `python` `None` its version of Python.
    """

    path: str
    name: str
    torch_backend: str = "auto"
    use: bool = False
    python: str | None = None


@dataclass(frozen=True, slots=True)
class AdoptionPlan:
    """An installation with everything that is taken over from it resolved.

    `comfyui` names the commit, in the installation's own checkout where it has one. `notes` say what is taken over in
    another way than one might think, and what stays where it is.
    """

    installation: Installation
    name: str
    directory: str
    comfyui: ComfyUISpec
    default_repository: bool
    python: str
    torch_backend: str
    models_directory: str
    activate: bool
    notes: tuple[str, ...]
    change: ChangePlan
