"""Which packs the classes of workflows are from, with everything that this machine knows."""

import contextlib
from collections.abc import Iterator, Mapping

from comfydock_core.analyzers.code.remembered_classes import RememberedClasses
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.nodes.known_lists import lists_if_there
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.models.packs.node_use import NodeUse
from comfydock_core.models.protocols import Reporter
from comfydock_core.models.workflow.candidates import ClassChoices, ResolutionResult
from comfydock_core.models.workflow.dependencies import WorkflowDependencies
from comfydock_core.records import record
from comfydock_core.repositories.node_data.node_index import NodeIndex
from comfydock_core.resolvers.class_candidates import resolve_classes
from comfydock_core.resolvers.class_choices import class_choices
from comfydock_core.resolvers.installed_packs import InstalledPacks, installed_packs


@record
class ClassDecider:
    """Tells where classes are from; what is read of the environment is read once for several workflows."""

    own: frozenset[str]
    installed: InstalledPacks
    index: NodeIndex | None
    manifest: EnvironmentManifest

    def decide(
        self, workflow: str, needs: WorkflowDependencies, decided: Mapping[str, str | bool] | None = None
    ) -> ResolutionResult:
        """Where the classes of one workflow are from; those of nodes that do not run, too.

        What was `decided` just now goes before what the manifest notes.
        """
        noted = class_choices(self.manifest, workflow)
        choices = ClassChoices({**noted.workflow, **(decided or {})}, noted.environment)
        uses = [NodeUse(one.type, one.cnr_id, one.aux_id, one.version, one.signatures) for one in needs.classes]
        return resolve_classes(uses, own=self.own, knowledge=self.index, installed=self.installed, choices=choices)


@contextlib.contextmanager
def class_decider(
    workspace: WorkspaceLayout,
    environment: EnvironmentLayout,
    manifest: dict[str, object],
    reporter: Reporter,
    remembered: RememberedClasses | None = None,
) -> Iterator[ClassDecider]:
    """A decider for one environment. Without the lists of node packs what is here is asked alone.

    `remembered` is what was asked for node classes before, so that their files are not looked at again.
    Raises `ManifestDamaged`, `FileSystemError`.
    """
    with lists_if_there(workspace) as index:
        classes = remembered or RememberedClasses(environment.comfyui, AnswerCache(workspace.answers), reporter)
        packs = installed_packs(environment, manifest, index, classes)
        own = classes.of_comfyui().names
        classes.save()
        yield ClassDecider(own, packs, index, EnvironmentManifest(manifest, environment.manifest))
