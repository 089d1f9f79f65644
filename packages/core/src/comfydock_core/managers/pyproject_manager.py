"""`PyprojectManager`: the manifest of one environment."""

from comfydock_core.managers.pyproject.creation import fill_manifest
from comfydock_core.models.creation import CreationPlan
from comfydock_core.repositories.manifest_reader import read_manifest
from comfydock_core.repositories.pyproject_document import PyprojectDocument
from comfydock_core.utils.requirements import RequirementsFile


class PyprojectManager:
    """Reads and writes `.cec/pyproject.toml`."""

    def __init__(self, path: str) -> None:
        self._path = path

    def create(self, plan: CreationPlan, *, commit: str, requirements: RequirementsFile) -> None:
        """Write the first manifest. Raises `OSError`."""
        document = PyprojectDocument.new(self._path)
        fill_manifest(document.document, plan, commit, requirements)
        document.save()

    def read(self) -> dict[str, object]:
        """The manifest as nested tables. Raises `ManifestDamaged`."""
        return read_manifest(self._path)
