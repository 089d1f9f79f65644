"""A random life of an environment: wherever it goes in its history, everything is what was recorded there.

Small each time; with `COMFYDOCK_TEST_NIGHTLY=1` many lives, and longer ones. A life that fails is named by its seed.
"""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.moves import branch, comfyui, contents, definition, head, live, packs, save
from tests.support.miniature import RELEASES, git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session, envelope_of

NIGHTLY = bool(os.environ.get("COMFYDOCK_TEST_NIGHTLY"))
SEEDS, STEPS = (range(1, 9), 40) if NIGHTLY else (range(1, 3), 12)
FANCY = "https://github.com/alice/Fancy"
PACKAGES = ("mini-choice<2", "mini-choice<3", "mini-choice", "mini-blend", "mini-masks")
WORKFLOWS = ("a.json", "sub/b.json", "sub/deeper/c.json", "größe/d e.json")


class Life:
    """One environment, what it was at each commit, and what happened to it."""

    def __init__(self, session: Session, host: PackHost, seed: int) -> None:
        self.session = session
        self.host = host
        self.random = random.Random(seed)
        self.recorded: dict[str, dict[str, object]] = {}
        self.happened: list[str] = []
        self.moves = 0
        self.count = 0

    def live(self, steps: int) -> None:
        self.commit()
        for _ in range(steps):
            for _ in range(self.random.randint(1, 3)):
                self.change()
            self.settle_work()
            self.move()
        print(f"\n{self.moves} moves among {len(self.recorded)} commits, {len(self.happened)} commands")

    # What changes

    def change(self) -> None:
        ways: list[Callable[[], None]] = [self.workflow, self.workflow, self.pack, self.pack, self.package,
                                          self.constraint, self.comfyui, self.back_end]  # fmt: skip
        self.random.choice(ways)()

    def workflow(self) -> None:
        name = self.random.choice(WORKFLOWS)
        self.happened.append(f"workflow {name}")
        path = live(self.session) / name
        if path.exists() and self.random.random() < 0.4:
            path.unlink()
        else:
            self.count += 1
            save(self.session, name, f'{{"nodes": [], "version": {self.count}}}')

    def pack(self) -> None:
        name, reference = self.random.choice([("blur", "blur@1.0.0"), ("blur", "blur"), ("sharp", "sharp"),
                                              ("Fancy", FANCY)])  # fmt: skip
        if (packs(self.session) / name).exists():
            self.maybe("node", self.random.choice(["remove", "disable", "update"]), name)
        elif (packs(self.session) / f"{name}.disabled").exists():
            self.maybe("node", self.random.choice(["enable", "remove"]), name)
        else:
            self.maybe("node", "add", reference)

    def package(self) -> None:
        name = self.random.choice(PACKAGES)
        self.maybe("py", *self.random.choice([("add", name), ("remove", name.partition("<")[0])]))

    def constraint(self) -> None:
        self.maybe("constraint", *self.random.choice([("add", "mini-imaging<1.1"), ("remove", "mini-imaging")]))

    def comfyui(self) -> None:
        self.maybe("comfyui", "use", self.random.choice(RELEASES))

    def back_end(self) -> None:
        if self.random.random() < 0.3:
            self.maybe("backend", "use", self.random.choice(["cpu", "cu128"]))

    # What is done with it

    def settle_work(self) -> None:
        """Nothing uncommitted stays: it is committed, or put aside first and brought back."""
        if self.random.random() < 0.3:
            dirty = contents(self.session)
            data = self.done("stash")
            if data["stash"] is not None:
                self.compare(head(self.session), "stash")
                self.done("stash", "pop")
                assert contents(self.session) == dirty, self.told("stash pop")
                self.moves += 2
        self.commit()

    def commit(self) -> None:
        self.done("commit", "-m", f"commit {len(self.happened)}")
        found = {**contents(self.session), "back end": self.backend()}
        self.recorded[head(self.session)] = found
        git_status = git(comfyui(self.session), "status", "--porcelain", "--untracked-files=no", "--", ":!models")
        assert git_status == "", self.told("commit")

    def move(self) -> None:
        where, before, place = head(self.session), contents(self.session), branch(self.session)
        target = self.random.choice(list(self.recorded))
        branches = git(definition(self.session), "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
        words = self.random.choice([
            ("checkout", target), ("checkout", target), ("switch", self.random.choice(branches)),
            ("switch", "-c", f"branch{len(self.happened)}", target), ("reset", "--hard", target),
            ("rollback", target), ("checkout", target, "-b", f"branch{len(self.happened)}"),
        ])  # fmt: skip
        data = self.done(*words)
        self.moves += 1
        at = head(self.session)
        if words[0] == "rollback":
            self.recorded.setdefault(at, self.recorded[target])
        self.compare(at, " ".join(words))
        if data["operation"] is not None and self.random.random() < 0.4:
            after = contents(self.session)
            self.done("undo")
            found = (head(self.session), contents(self.session), branch(self.session))
            assert found == (where, before, place), self.told("undo")
            self.done("undo")
            assert (head(self.session), contents(self.session)) == (at, after), self.told("undo of undo")
            self.moves += 2

    def compare(self, commit: str, doing: str) -> None:
        """Everything is as recorded; where another back end is in use now, but for what it has of its own."""
        expected, found = dict(self.recorded[commit]), {**contents(self.session), "back end": self.backend()}
        status = self.session.data("status", "-e", "work")
        assert status["packages"]["state"] == "in-sync", self.told(doing)
        if found["back end"] != expected["back end"]:
            own = (".venv/", ".cec/", "back end")
            found, expected = ({path: one for path, one in side.items() if not path.startswith(own)}
                               for side in (found, expected))  # fmt: skip
        else:
            assert status["definition"]["clean"] is True, self.told(doing)
            assert git(definition(self.session), "status", "--porcelain") == "", self.told(doing)
        different = sorted(path for path in found.keys() | expected.keys() if found.get(path) != expected.get(path))
        assert different == [], self.told(doing)

    def backend(self) -> str:
        return str(self.session.data("status", "-e", "work")["torch_backend"])

    def maybe(self, *words: str) -> None:
        """What may be refused, with a proper error."""
        self.happened.append(" ".join(words))
        ran = self.session.run(*words, "-e", "work", "--json")
        envelope = envelope_of(ran)
        if envelope["status"] != "ok":
            assert all(error["hint"] for error in envelope["errors"]), (self.told(words[0]), ran)

    def done(self, *words: str) -> dict[str, object]:
        self.happened.append(" ".join(words))
        ran = self.session.run(*words, "-e", "work", "--json")
        assert ran.code == 0, (self.told(words[0]), ran)
        data: dict[str, object] = envelope_of(ran)["data"]
        return data

    def told(self, doing: str) -> str:
        return f"{doing} after:\n" + "\n".join(self.happened)


@pytest.mark.parametrize("seed", SEEDS)
def test_wherever_an_environment_goes_everything_is_what_was_recorded_there(
    work: Session, host: PackHost, seed: int, tmp_path: Path
) -> None:
    host.add("blur", "1.0.0", files=pack_files("Blur", requirements="mini-masks<2\n"))
    host.add("blur", "2.0.0", files=pack_files("Blur", requirements="mini-masks>=2\n"))
    host.add("sharp", files={**pack_files("Sharp"), "sub/folder/data.txt": "data"})
    host.add_repository("alice", "Fancy", pack_files("Fancy"))
    work.ok("backend", "lock", "cu128")
    Life(work, host, seed).live(STEPS)
    shutil.rmtree(work.workspace)
