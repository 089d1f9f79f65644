"""Names of wheel files, and versions in the one spelling that compares."""

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

Build = tuple[()] | tuple[int, str]


def build_and_tags(name: str) -> tuple[Build, frozenset[str]] | None:
    """The build and the tags that the name of a file says; `None` where it is no name of a wheel."""
    try:
        _, _, build, tags = parse_wheel_filename(name)
    except (InvalidWheelFilename, InvalidVersion):
        return None
    return build, frozenset(str(tag) for tag in tags)


def normal_version(text: object) -> str | None:
    """A version as it is compared, `None` for what is none."""
    try:
        return str(Version(str(text)))
    except InvalidVersion:
        return None
