"""Whether what is locked is installed already. For commands that read the manifest anyway, unlike `status`."""

from comfydock_core.analyzers.packages.package_state import compare_with_record
from comfydock_core.repositories.definition.manifest_reader import read_manifest


def is_installed(definition: str, venv: str, backend: str) -> bool:
    """Whether there is nothing to do: the record of the last installation fits all files and what is installed.

    Raises `ManifestDamaged`, `OSError`.
    """
    try:
        state = compare_with_record(definition, venv, read_manifest(f"{definition}/pyproject.toml"), backend)
    except ValueError:
        return False  # A damaged record is as good as none.
    return state is not None and state.state == "in-sync"
