"""The release of this tree, made once for all tests that look at it."""

import pytest

from build.locking import locked
from build.paths import Layout
from build.release.making import Release, release_of


@pytest.fixture(scope="session")
def release() -> Release:
    """As `just release` makes it; made anew only when something changed."""
    made = release_of(Layout().root)
    with locked(Layout().work / "release.lock"):
        made.make(dirty=True)
    return made
