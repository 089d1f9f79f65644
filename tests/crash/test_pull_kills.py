"""`pull` killed at the points that it passes: what was fetched may stay, the environment is old or new, whole.

With `COMFYDOCK_TEST_NIGHTLY=1` at every point, with both ways of recovery; else at every sixth, as what follows the
fetching is what `merge` does, and is killed in `test_merge_kills`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.conftest import Field
from tests.crash.recovering import NIGHTLY, WAYS, Trial, both_seen, recovered
from tests.crash.test_merge_kills import FIXED, WORK, save, whole
from tests.support.miniature import git
from tests.support.pack_host import PackHost, pack_files, pack_host
from tests.support.sessions import Session
from tests.support.two_people import bare

PULL = ("pull", *WORK)
STEP = 6


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackHost]:
    with pack_host(tmp_path_factory.mktemp("host")) as served:
        served.add("sharp", files=pack_files("Sharp", requirements="mini-choice\n"))
        yield served


@pytest.fixture(scope="module")
def behind(prepared: Session, host: PackHost, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The prepared workspace, whose remote has a pack, packages and a workflow more, and values of another."""
    variables = {**prepared.variables, **host.variables(), **FIXED}
    place = tmp_path_factory.mktemp("behind")
    session = Field(Session(prepared.program, prepared.workspace, variables), place).session
    shared = bare(place / "shared.git")
    session.ok("remote", "add", "origin", str(shared), *WORK)
    save(session, 20, 7.5)
    session.ok("commit", *WORK)
    session.ok("push", *WORK)
    session.ok("node", "add", "sharp", *WORK)
    save(session, 30, 7.5)
    save(session, 1, 1, "new/deep")
    session.ok("commit", *WORK)
    session.ok("push", *WORK)
    session.ok("reset", "--hard", "HEAD~1", *WORK)
    save(session, 20, 5)
    session.ok("commit", *WORK)
    # What is needed is in the caches from then on; what is known of the remote is not.
    session.ok(*PULL)
    session.ok("undo", *WORK)
    session.ok("operation", "prune", *WORK)
    git(session.environments / "work/.cec", "update-ref", "-d", "refs/remotes/origin/main")
    return session


def state(field: Field) -> dict[str, object]:
    """Everything that lasts, without what is known of the remote."""
    return {path: one for path, one in whole(field).items() if "/refs/remotes/" not in f"{path}/"}


def chosen(points: list[str]) -> list[Trial]:
    every = range(1, len(points) + 1, 1 if NIGHTLY else STEP)
    return [
        Trial(at, recover, kills_recovery=False)
        for number, at in enumerate(every)
        for recover in (WAYS if NIGHTLY else (WAYS[number % 2],))
    ]


def test_a_pull_killed_at_any_point_ends_old_or_new(behind: Session, tmp_path: Path) -> None:
    field = Field(behind, tmp_path)
    old = state(field)
    points = field.points(*PULL)
    new = state(field)
    assert new != old
    assert points[0] == "remote fetched"
    ended = {"old": 0, "new": 0}
    for place in recovered(field, PULL, points, chosen(points)):
        found = state(field)
        assert found in (old, new), place
        ended["old" if found == old else "new"] += 1
    both_seen("pull", points, ended)
    assert field.run(*PULL) == 0
    assert state(field) == new
