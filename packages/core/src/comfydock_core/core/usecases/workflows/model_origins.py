"""Where models that are missing here can be had, as far as it is known without asking anyone.

Asked in turn: the workflow itself, the manifest, the index by a digest that is known, the list of models by the whole
name of a file in a folder that fits. The last proves nothing: where it leaves a choice, people make it.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

# The index of models is loaded when it is asked.
from comfydock_core import repositories
from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.configs.workspace_layout import WorkspaceLayout
from comfydock_core.core.usecases.models.remembered_folders import remembered_folders
from comfydock_core.managers.pyproject.workflow_entries import read_entry, read_known_models
from comfydock_core.models.exceptions import ManifestDamaged, NodeDataMissing
from comfydock_core.models.model_files.folders import ModelFolders
from comfydock_core.models.model_files.model_list import ModelListEntry
from comfydock_core.models.workflow.dependencies import ModelReference
from comfydock_core.models.workflow.entries import KnownModel, ModelEntry, WorkflowEntry
from comfydock_core.models.workflow.model_origin import FROM_INDEX, FROM_LIST, FROM_MANIFEST, FROM_WORKFLOW, ModelOrigin
from comfydock_core.models.workflow.prompt_view import NamedModel
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.node_data.node_index import open_index
from comfydock_core.resolvers.listed_models import folders_of, tells_content

_DIGITS = 64
_HEXADECIMAL = frozenset("0123456789abcdef")


class ModelOrigins:
    """What one environment and its workspace know. Nothing is read before it is asked."""

    def __init__(
        self, workspace: WorkspaceLayout, environment: EnvironmentLayout, folders: ModelFolders | None = None
    ) -> None:
        """`folders` are those of the environment, where somebody has them."""
        self._workspace = workspace
        self._environment = environment
        self._given = folders

    def of(self, reference: ModelReference, workflow: str) -> ModelOrigin:
        """Where a model of a workflow can be had. What names its content goes before what names it.

        Raises `ModelIndexDamaged`, `ModelPathsInvalid`, `EnvironmentBroken`, `OSError`.
        """
        named = reference.named
        before = self._entry(workflow)
        earlier = next((one for one in before.models if _is_of(one, reference.value)), None)
        known = self._known_models.get(earlier.hash) if earlier is not None and earlier.hash else None
        places = [(url, FROM_WORKFLOW) for url in ([named.url] if named is not None and named.url else [])]
        places += [(url, FROM_MANIFEST) for url in _noted(earlier, known)]
        places = places or [(url, FROM_INDEX) for url in self._of_content(named, known)]
        if places:
            known_from = places[0][1]
            sha256 = known.sha256 if known is not None and known_from != FROM_WORKFLOW else None
            return ModelOrigin(tuple(dict.fromkeys(url for url, _ in places)), known_from, sha256)
        return self._listed(reference)

    def _of_content(self, named: NamedModel | None, known: KnownModel | None) -> Iterator[str]:
        digests = [known.blake3, known.sha256] if known is not None else []
        wanted = [digest for digest in (*digests, digest_named(named)) if digest is not None]
        if not wanted:
            return
        with repositories.model_index.open_model_index(self._workspace.model_index, to_write=False) as index:
            for digest in wanted:
                yield from (source.url for source in index.sources_of_digest(digest))

    def _listed(self, reference: ModelReference) -> ModelOrigin:
        """What the list has in the folders that are asked for: certain when it is one address and a telling name."""
        wanted = {self._folders.legacy.get(name, name) for name in reference.folders}
        fitting = [one for one in self._called(reference) if wanted.intersection(folders_of(one, self._folders))]
        if not fitting:
            return ModelOrigin()
        exact = [one for one in fitting if one.file_name == reference.file_name]
        entries = tuple({one.url: one for one in reversed(exact or fitting)}.values())[::-1]
        certain = len(entries) == 1 and tells_content(reference.file_name)
        return ModelOrigin((entries[0].url,) if certain else (), FROM_LIST, entries=entries)

    def _called(self, reference: ModelReference) -> list[ModelListEntry]:
        if not reference.folders:
            return []  # Nothing tells then what the node would do with it.
        try:
            with open_index(self._workspace.node_data) as index:
                return index.models_called(reference.file_name)
        except NodeDataMissing:
            return []

    def _entry(self, workflow: str) -> WorkflowEntry:
        return read_entry(self._manifest, workflow)

    @cached_property
    def _manifest(self) -> Mapping[str, object]:
        try:
            return read_manifest(self._environment.manifest)
        except ManifestDamaged:
            return {}  # Whoever needs it says so; here it only knows of no source.

    @cached_property
    def _known_models(self) -> dict[str, KnownModel]:
        return read_known_models(self._manifest)

    @cached_property
    def _folders(self) -> ModelFolders:
        return self._given or remembered_folders(self._environment, AnswerCache(self._workspace.answers))


def digest_named(named: NamedModel | None) -> str | None:
    """The SHA-256 or BLAKE3 that a workflow names, `None` for what cannot be one."""
    digest = (named.hash or "").strip().lower() if named is not None else ""
    return digest if len(digest) == _DIGITS and _HEXADECIMAL.issuperset(digest) else None


def _is_of(entry: ModelEntry, value: str) -> bool:
    return entry.filename == value or any(use.widget_value == value for use in entry.uses)


def _noted(earlier: ModelEntry | None, known: KnownModel | None) -> Iterator[str]:
    yield from earlier.sources if earlier is not None else ()
    yield from known.sources if known is not None else ()
