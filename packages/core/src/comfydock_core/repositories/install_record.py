"""What was installed into a virtual environment: read on the fast path, written after an installation.

The record is a directory inside the virtual environment, so that it lives and dies with it: the PyTorch back end,
copies of the `uv.lock`, the `pyproject.toml` and the back end's part installed from, the manifest as JSON too, what uv
was told to install, the files that several distributions brought differently, and the names of the installed
distributions, one to a line. While the manifest is still the copy,
its JSON spares the fast path the TOML parser, half of its time.
"""

from comfydock_core.utils import light_json, native

_DIST_INFO = ".dist-info"

BACKEND = "backend"
PART = "part.toml"
PYLOCK = "pylock.toml"
DISTRIBUTIONS = "distributions"
CONTESTED = "contested"


class InstallRecord:
    """The record of one virtual environment, as it was written. A plain class: it is read on the fast path."""

    __slots__ = ("backend", "distributions", "lock", "manifest", "parsed", "part")

    def __init__(
        self,
        backend: str,
        part: bytes,
        lock: bytes,
        manifest: bytes,
        parsed: dict[str, object],
        distributions: list[str],
    ) -> None:
        self.backend = backend
        self.part = part
        self.lock = lock
        self.manifest = manifest
        self.parsed = parsed
        self.distributions = distributions


def record_directory(venv: str) -> str:
    return f"{venv}/.comfydock"


def read_record(venv: str) -> InstallRecord | None:
    """The record, or `None` when the environment has none or only a part. Raises `OSError`, `ValueError`."""
    directory = record_directory(venv)
    lock = native.read_bytes(f"{directory}/uv.lock")
    manifest = native.read_bytes(f"{directory}/pyproject.toml")
    parsed = native.read_bytes(f"{directory}/pyproject.json")
    distributions = native.read_bytes(f"{directory}/{DISTRIBUTIONS}")
    backend = native.read_bytes(f"{directory}/{BACKEND}")
    part = native.read_bytes(f"{directory}/{PART}")
    if lock is None or manifest is None or parsed is None or distributions is None or backend is None or part is None:
        return None
    names = distributions.decode("utf-8").split()
    return InstallRecord(backend.decode("utf-8").strip(), part, lock, manifest, _tables(parsed), names)


def contested_files(venv: str) -> list[str]:
    """What was noted of files that several distributions brought differently, one line each. Raises `OSError`."""
    content = native.read_bytes(f"{record_directory(venv)}/{CONTESTED}")
    return content.decode("utf-8", "replace").splitlines() if content else []


def recorded_manifest(venv: str, manifest: str) -> dict[str, object] | None:
    """What the manifest file says, if it is still what was installed from; otherwise it has to be parsed."""
    directory = record_directory(venv)
    try:
        content = native.read_bytes(manifest)
        if content is None or content != native.read_bytes(f"{directory}/pyproject.toml"):
            return None
        parsed = native.read_bytes(f"{directory}/pyproject.json")
        return None if parsed is None else _tables(parsed)
    except (OSError, ValueError):
        return None  # Reading the manifest itself will tell what is wrong, if it concerns the manifest.


def _tables(content: bytes) -> dict[str, object]:
    value = light_json.loads(content.decode("utf-8"))
    if not isinstance(value, dict):
        raise ValueError("`pyproject.json` holds no tables")
    return value


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
