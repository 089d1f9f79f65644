"""One TOML file, changed in style: comments and order of what is not touched survive."""

import tomlkit
from tomlkit.exceptions import TOMLKitError

from comfydock_core.models.exceptions import ManifestDamaged
from comfydock_core.utils.files import atomic


def toml_text(table: dict[str, object]) -> str:
    """Nested tables as TOML. Comments of the file they came from are not in them."""
    return tomlkit.dumps(table)


class PyprojectDocument:
    """Loads, holds and saves one document. Saving is atomic, in UTF-8."""

    def __init__(self, path: str, document: tomlkit.TOMLDocument) -> None:
        self._path = path
        self.document = document

    @classmethod
    def new(cls, path: str) -> "PyprojectDocument":
        return cls(path, tomlkit.document())

    @classmethod
    def load(cls, path: str) -> "PyprojectDocument":
        """Read the file. Raises `ManifestDamaged`, and the file stays as it is."""
        try:
            with open(path, encoding="utf-8", newline="") as file:
                return cls(path, tomlkit.parse(file.read()))
        except (OSError, ValueError, RecursionError, TOMLKitError) as error:
            raise ManifestDamaged(
                f"cannot read the manifest `{path}`: {error}",
                hint="repair the file by hand or restore it from the environment's history; it was left as it is",
                context={"path": path},
            ) from error

    def save(self) -> None:
        """Replace the file. Raises `OSError`."""
        atomic.write_text(self._path, tomlkit.dumps(self.document))
