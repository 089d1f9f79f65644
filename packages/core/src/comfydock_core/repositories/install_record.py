"""What was installed into a virtual environment: read on the fast path, written after an installation.

The record is a directory inside the virtual environment, so that it lives and dies with it: copies of the `uv.lock`
and `pyproject.toml` installed from, and the names of the installed distributions, one to a line.
"""

from comfydock_core.utils import native

_DIST_INFO = ".dist-info"


class InstallRecord:
    """The record of one virtual environment, as it was written. A plain class: it is read on the fast path."""

    __slots__ = ("distributions", "lock", "manifest")

    def __init__(self, lock: bytes, manifest: bytes, distributions: list[str]) -> None:
        self.lock = lock
        self.manifest = manifest
        self.distributions = distributions


def record_directory(venv: str) -> str:
    return f"{venv}/.comfydock"


def read_record(venv: str) -> InstallRecord | None:
    """The record, or `None` when the environment has none or only a part. Raises `OSError`."""
    directory = record_directory(venv)
    lock = native.read_bytes(f"{directory}/uv.lock")
    manifest = native.read_bytes(f"{directory}/pyproject.toml")
    distributions = native.read_bytes(f"{directory}/distributions")
    if lock is None or manifest is None or distributions is None:
        return None
    return InstallRecord(lock, manifest, distributions.decode("utf-8").split())


def site_packages(venv: str) -> str | None:
    """The directory that holds the installed packages, or `None` without one."""
    if native.WINDOWS:
        place = f"{venv}/Lib/site-packages"
        return place if native.is_directory(place) else None
    library = f"{venv}/lib"
    names = native.list_names(library) if native.is_directory(library) else []
    places = (f"{library}/{name}/site-packages" for name in names if name.startswith("python"))
    return next((place for place in places if native.is_directory(place)), None)


def installed_distributions(directory: str) -> list[str]:
    """The distributions in a `site-packages`, as `name-version`, sorted. Raises `OSError`."""
    names = native.list_names(directory)
    return [name[: -len(_DIST_INFO)] for name in names if name.endswith(_DIST_INFO)]


def split_distribution(distribution: str) -> tuple[str, str]:
    """`name-version` in its parts; neither holds a hyphen in the names of `dist-info` directories."""
    name, _, version = distribution.partition("-")
    return name, version
