"""`PyprojectManager`: the manifest of one environment."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from comfydock_core.managers.pyproject.class_choices import drop_choice, put_choice
from comfydock_core.managers.pyproject.creation import Wanted, fill_manifest, pin_comfyui
from comfydock_core.managers.pyproject.packs import put_packs, remove_packs
from comfydock_core.managers.pyproject.requirements import (
    drop_sources,
    remove_group,
    replace_constraints,
    replace_requirements,
)
from comfydock_core.managers.pyproject.substitutes import asked_twins, reopen_choices, settle_substitutes
from comfydock_core.managers.pyproject.workflows import put_entry, put_known_models
from comfydock_core.models.environments.creation import ComfyUISpec
from comfydock_core.models.shared import NodePackage
from comfydock_core.models.workflow.entries import KnownModel, WorkflowEntry
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.pyproject_document import PyprojectDocument
from comfydock_core.validation.requirements import RequirementsFile


class PyprojectManager:
    """Reads and writes `.cec/pyproject.toml`."""

    def __init__(self, path: str) -> None:
        self._path = path

    def create(
        self, plan: Wanted, *, commit: str, requirements: RequirementsFile, exclude_newer: str | None = None
    ) -> None:
        """Write the first manifest; `exclude_newer` is the moment that no package may be newer than.

        Raises `OSError`.
        """
        document = PyprojectDocument.new(self._path)
        fill_manifest(document.document, plan, commit, requirements, exclude_newer)
        document.save()

    def set_comfyui(self, version: ComfyUISpec, commit: str, *, default_repository: bool) -> None:
        """Pin ComfyUI to a commit. Raises `ManifestDamaged`, `OSError`."""
        document = PyprojectDocument.load(self._path)
        pin_comfyui(document.document, version, commit, default_repository=default_repository)
        document.save()

    def use_comfyui(
        self,
        version: ComfyUISpec,
        commit: str,
        *,
        default_repository: bool,
        gone: Collection[str],
        requirements: Mapping[str, str],
    ) -> None:
        """Pin ComfyUI to a commit and ask for what that one requires, instead of the packages `gone`.

        Raises `ManifestDamaged`, `OSError`.
        """
        document = PyprojectDocument.load(self._path)
        pin_comfyui(document.document, version, commit, default_repository=default_repository)
        replace_requirements(document.document, gone, requirements)
        settle_substitutes(document.document)
        document.save()

    def put_packs(self, packs: Iterable[NodePackage]) -> None:
        """Write node packs and what they require, in place of those they are named like.

        Raises `ManifestDamaged`, `OSError`.
        """
        document = PyprojectDocument.load(self._path)
        put_packs(document.document, packs, self._path)
        settle_substitutes(document.document)
        document.save()

    def remove_packs(self, identifiers: Iterable[str]) -> None:
        """Take node packs out, with what they require. Raises `KeyError`, `ManifestDamaged`, `OSError`."""
        document = PyprojectDocument.load(self._path)
        remove_packs(document.document, identifiers, self._path)
        settle_substitutes(document.document)
        document.save()

    def choose_class(self, node_type: str, choice: str | bool, *, workflow: str | None = None) -> None:
        """Remember the identifier of a pack for a node class, or false when it needs none.

        It holds for one workflow, or without one for all of the environment. Raises `ManifestDamaged`, `OSError`.
        """
        document = PyprojectDocument.load(self._path)
        put_choice(document.document, node_type, choice, workflow, self._path)
        document.save()

    def forget_choice(self, node_type: str, *, workflow: str | None = None) -> None:
        """Take a choice back. Raises `KeyError` without one, `ManifestDamaged`, `OSError`."""
        document = PyprojectDocument.load(self._path)
        drop_choice(document.document, node_type, workflow, self._path)
        document.save()

    def remove_group(self, name: str) -> None:
        """Take a dependency group out. Raises `KeyError`, `ManifestDamaged`, `OSError`."""
        document = PyprojectDocument.load(self._path)
        remove_group(document.document, name)
        document.save()

    def settle_substitutes(self) -> None:
        """Exclude packages that others stand in for, as far as what is asked for now says so.

        Raises `ManifestDamaged`, `OSError`.
        """
        document = PyprojectDocument.load(self._path)
        settle_substitutes(document.document)
        document.save()

    def reopen_choices(self, before: Mapping[str, object]) -> None:
        """Let the next lock choose anew among packages that hold the same files, where others are asked for now.

        `before` is the manifest as it was. Raises `ManifestDamaged`, `OSError`.
        """
        document = PyprojectDocument.load(self._path)
        if reopen_choices(document.document, asked_twins(dict(before))):
            settle_substitutes(document.document)
            document.save()

    def drop_sources(self, names: Collection[str]) -> None:
        """Forget where some packages come from. Raises `ManifestDamaged`, `OSError`."""
        document = PyprojectDocument.load(self._path)
        drop_sources(document.document, names)
        document.save()

    def replace_constraints(self, gone: Collection[str], new: Mapping[str, Sequence[str]]) -> None:
        """Take some constraints out by their texts, and put others, by name, in.

        Raises `ManifestDamaged`, `OSError`.
        """
        document = PyprojectDocument.load(self._path)
        replace_constraints(document.document, gone, new)
        document.save()

    def put_workflow(self, entry: WorkflowEntry, models: Iterable[KnownModel]) -> None:
        """Write what a workflow needs, and the models that it has. Raises `ManifestDamaged`, `OSError`."""
        document = PyprojectDocument.load(self._path)
        put_entry(document.document, entry)
        put_known_models(document.document, models)
        document.save()

    def read(self) -> dict[str, object]:
        """The manifest as nested tables. Raises `ManifestDamaged`."""
        return read_manifest(self._path)
