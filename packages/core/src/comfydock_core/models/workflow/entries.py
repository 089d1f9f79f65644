"""What a manifest notes of a workflow. Format: `[tool.comfydock.workflows."<name>"]` of ComfyDock 1.x."""

from dataclasses import dataclass, field

from comfydock_core.records import record

REQUIRED = "required"
FLEXIBLE = "flexible"
OPTIONAL = "optional"
IMPORTANCES = (REQUIRED, FLEXIBLE, OPTIONAL)

RESOLVED = "resolved"
UNRESOLVED = "unresolved"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class ModelUse:
    """The widget that names a model. `node_id` is `<definition>:<node>` for a node of a subgraph, as in 1.x."""

    node_id: str
    node_type: str
    widget_index: int
    widget_value: str


@record
class ModelEntry:
    """One model of a workflow.

    `filename` is the base name of a resolved model and the value of the widget otherwise. `hash` is the key of 1.x's
    `models` table. `sources` of an unresolved one are where it is to be had, and `relative_path` where it is to go,
    below the models directory. `is_manual` says that somebody declared it, whatever the nodes ask for.
    """

    filename: str
    category: str
    importance: str
    status: str
    uses: tuple[ModelUse, ...] = ()
    hash: str | None = None
    sources: tuple[str, ...] = ()
    relative_path: str | None = None
    is_manual: bool = False


@record
class KnownModel:
    """A resolved model in the table `[tool.comfydock.models]`; `blake3` and `sha256` are keys of ours."""

    hash: str
    filename: str
    size: int
    relative_path: str
    category: str
    sources: tuple[str, ...] = ()
    blake3: str | None = None
    sha256: str | None = None


@record
class WorkflowEntry:
    """All that is noted of one workflow. `choices` maps node classes to identifiers of packs, or to false for none."""

    name: str
    path: str | None = None
    packs: tuple[str, ...] = ()
    choices: dict[str, str | bool] = field(default_factory=dict)
    models: tuple[ModelEntry, ...] = ()
