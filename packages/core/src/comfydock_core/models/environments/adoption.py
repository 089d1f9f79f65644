"""What `adopt` is going to take over from an installation that was made without ComfyDock, and what became of it."""

from comfydock_core.models.environments.creation import ComfyUISpec
from comfydock_core.models.environments.installation import Installation
from comfydock_core.models.operation import ChangePlan
from comfydock_core.models.shared import NodePackage
from comfydock_core.records import record

# What becomes of something among the custom nodes.
TRACKED, LINKED, COPIED, COMFYUI, LEFT_OUT = "tracked", "linked", "copied", "comfyui", "left-out"
# What becomes of an installed package, beside `left-out`.
REQUIRED, OWN = "required", "own"


@record
class AdoptRequest:
    """An installation to be adopted under a name.

    `torch_backend` `auto` takes that of its PyTorch, `python` `None` its version of Python.
    """

    path: str
    name: str
    torch_backend: str = "auto"
    use: bool = False
    python: str | None = None


@record
class PackFate:
    """What becomes of one name among the custom nodes.

    `place` is its path below `custom_nodes`, `source` where its content really lies, `kind` what it was found to be.
    `fate` is `tracked` (copied, and in the manifest), `linked` (in the manifest, and a link to where it lies), `copied`
    (there, and not in the manifest), `comfyui` (part of ComfyUI's checkout), or `left-out`. `target` is its name in the
    new environment, `pack` what the manifest is to have. `notes` say what is not as one might think,
    `about_requirements` what of its requirements is not followed as it is written.
    """

    place: str
    source: str
    kind: str
    fate: str
    enabled: bool = True
    target: str | None = None
    pack: NodePackage | None = None
    notes: tuple[str, ...] = ()
    about_requirements: tuple[str, ...] = ()


@record
class PackageFate:
    """What becomes of one installed package.

    `fate` is `required` (ComfyUI, a node pack or a package that is kept asks for it), `own` (a requirement of the
    user's own, `requirement`), or `left-out`. `now` is the version in the new environment, `None` as long as nothing is
    resolved. `reason` says why it is left out, or what is not as it was; `advice` what to do about that.
    """

    name: str
    version: str
    fate: str
    requirement: str | None = None
    now: str | None = None
    reason: str | None = None
    advice: str | None = None


@record
class RootFate:
    """What becomes of a directory of models, which always stays where it is.

    `told_by` is `ComfyUI` for its own, or the file that names the directory; `seen` says whether the new environment
    sees what is in it. `reason` says why not, or what is not as one might think; `advice` what to do.
    """

    path: str
    told_by: str
    folders: tuple[str, ...]
    files: int
    bytes: int
    there: bool
    seen: bool
    reason: str | None = None
    advice: str | None = None


@record
class AdoptionAccount:
    """What becomes of everything that was found. Without `settled`, packages are still to be resolved."""

    packs: tuple[PackFate, ...] = ()
    packages: tuple[PackageFate, ...] = ()
    models: tuple[RootFate, ...] = ()
    settled: bool = False


@record
class AdoptionPlan:
    """An installation with everything that is taken over from it resolved.

    `comfyui` names the commit, in the installation's own checkout where it has one. `notes` say what is taken over in
    another way than one might think, and what stays where it is; `about_installation` are those that no account has.
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
    account: AdoptionAccount
    about_installation: tuple[str, ...]
    notes: tuple[str, ...]
    change: ChangePlan


@record
class AdoptedEnvironment:
    """A new environment, what became of everything, and what of that is worth a line, as in the plan."""

    directory: str
    account: AdoptionAccount
    notes: tuple[str, ...]
