"""Real data of others, which lies beside the repository and is never part of it. Tests without it are skipped."""

from pathlib import Path

import pytest

_DATA = Path(__file__).parents[3] / "shared" / "data"


def shared_data(*parts: str) -> Path:
    """A file or directory of that data; skips the test where there is none."""
    found = _DATA.joinpath(*parts)
    if not found.exists():
        pytest.skip(f"the real data `{'/'.join(parts)}` is not beside the repository")
    return found
