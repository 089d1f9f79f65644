"""Two people with one environment, whose histories meet in a bare repository.

Git alone makes both, so nothing is installed: workflows are all that they change.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support import programs
from tests.support.histories import MANIFEST, PastEnvironment, graph, past_environment, sampler
from tests.support.miniature import git
from tests.support.sessions import Session


@dataclass(slots=True)
class Person:
    """One of them: the environment, and the program that works with it."""

    made: PastEnvironment
    session: Session

    def head(self, name: str = "HEAD") -> str:
        return self.made.git("rev-parse", name)

    def save(self, name: str = "flow", *, seed: int = 1, steps: int = 20) -> None:
        """Save a workflow as the editor does."""
        self.made.save(name, graph(sampler(seed, steps)))

    def commit(self, name: str = "flow", *, seed: int = 1, steps: int = 20) -> str:
        """Save a workflow and commit it; the commit."""
        self.save(name, seed=seed, steps=steps)
        self.session.ok("commit")
        return self.head()

    def steps(self, name: str = "flow") -> int:
        """What the saved workflow has."""
        found: int = json.loads((self.made.live / f"{name}.json").read_text())["nodes"][0]["widgets_values"][2]
        return found

    def seed(self, name: str = "flow") -> int:
        """The same for the seed."""
        found: int = json.loads((self.made.live / f"{name}.json").read_text())["nodes"][0]["widgets_values"][0]
        return found


@dataclass(slots=True)
class Two:
    """Both, and the repository that they share as `origin`, to which neither has pushed."""

    mine: Person
    yours: Person
    shared: Path

    def pushed(self) -> "Two":
        """The same after both know what is there."""
        self.mine.session.ok("push")
        self.yours.session.ok("fetch")
        self.yours.made.git("branch", "--quiet", "--set-upstream-to=origin/main")
        return self


def two_people(place: Path) -> Two:
    """Make both in a place, with a first commit that they have in common."""
    made = past_environment(place / "mine")
    flow = graph(sampler())
    made.save("flow", flow)
    made.commit("first", {"pyproject.toml": MANIFEST, "workflows/flow.json": json.dumps(flow)})
    shutil.copytree(place / "mine", place / "yours", symlinks=True)
    shared = place / "shared.git"
    bare(shared)
    two = Two(_person(place / "mine"), _person(place / "yours"), shared)
    for one in (two.mine, two.yours):
        one.made.git("remote", "add", "origin", str(shared))
    return two


def bare(place: Path) -> Path:
    """An empty repository to push to."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(place)], check=True)
    return place


def hook(repository: Path, name: str, text: str) -> None:
    """A hook of a repository."""
    path = repository / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def branches(repository: Path) -> dict[str, str]:
    """What a repository has, by full names."""
    lines = git(repository, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(line.split(" ") for line in lines)


def _person(place: Path) -> Person:
    (place / "home").mkdir()
    session = Session(programs.program("source"), place / "workspace", {"HOME": str(place / "home")})
    return Person(PastEnvironment(place / "workspace"), session)
