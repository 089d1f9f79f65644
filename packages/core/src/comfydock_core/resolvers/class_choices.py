"""What the user chose for node classes, as the manifest has it: for one workflow, and for all of an environment.

Format: `custom_node_map` of ComfyDock 1.x below a workflow, and ours of the same form below `[tool.comfydock]`, which
holds for every workflow. A class has the identifier of a pack, or a boolean when it needs none.
"""

from collections.abc import Mapping

from comfydock_core.models.manifest import CLASS_CHOICES, EnvironmentManifest
from comfydock_core.models.workflow.candidates import ClassChoices


def class_choices(manifest: EnvironmentManifest, workflow: str) -> ClassChoices:
    """What was chosen for a workflow, which is named by its path without `.json`. Raises `ManifestDamaged`."""
    return ClassChoices(choices_of(manifest.workflows, workflow), choices_in(manifest.tool))


def choices_of(workflows: Mapping[str, object], workflow: str) -> dict[str, str | bool]:
    """What the table of workflows has for one of them; 1.x knows the names of files alone."""
    for name in (workflow, workflow.rpartition("/")[2]):
        entry = workflows.get(name)
        if isinstance(entry, dict):
            return choices_in(entry)
    return {}


def choices_in(table: Mapping[str, object]) -> dict[str, str | bool]:
    """The choices below one table. Entries that are neither text nor a boolean are passed over."""
    chosen = table.get(CLASS_CHOICES)
    return {
        node_type: choice
        for node_type, choice in (chosen.items() if isinstance(chosen, dict) else ())
        if isinstance(choice, bool) or (isinstance(choice, str) and choice)
    }
