"""What going through a history is measured in: an environment with packages of ordinary number, and long histories."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from build.programs import Program, plain_environment
from build.workspaces import ACTIVE, make_workspace
from tests.support import miniature
from tests.support.miniature import TORCH, Miniature, commit, git
from tests.support.wheels import add_to_index, write_index

BRANCHES = ("main", "other")
PACK = "Fancy"
_HEAVY, _FILES = 20, 250  # Packages that both branches have, and files of each.
_NEW = ("bench-one", "bench-two")
_START = 1_767_323_045


class SwitchStage:
    """Two environments of one history: ours goes between its branches by the program, theirs by hand.

    The branches differ in the commit of one node pack and in two packages.
    """

    def __init__(self, place: Path, program: Program) -> None:
        """Made anew. Raises `subprocess.CalledProcessError`."""
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        made = miniature.build(place / "miniature")
        _add_packages(made)
        self.workspace = place / "workspace"
        self.environment = {
            **plain_environment(), **program.environment, **made.variables(), "HOME": str(place),
            "COMFYDOCK_HOME": str(self.workspace),
        }  # fmt: skip
        self._program = program
        self._make(place / "packs" / PACK)
        self.theirs = place / "by-hand"
        subprocess.run(["cp", "-a", str(self.ours), str(self.theirs)], check=True)

    @property
    def ours(self) -> Path:
        return self.workspace / "environments/work"

    def run(self, *words: str) -> None:
        """Run the program. Raises `subprocess.CalledProcessError`."""
        command = [*self._program.command, *words]
        subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)

    def by_hand(self, branch: str) -> list[list[str]]:
        """What a person would type to be on a branch, command by command."""
        pack = self.theirs / "ComfyUI/custom_nodes" / PACK
        return [
            ["git", "-C", str(self.theirs / ".cec"), "checkout", "--quiet", branch],
            ["git", "-C", str(pack), "checkout", "--quiet", self.commits[branch]],
            [
                "uv",
                "sync",
                "--quiet",
                "--frozen",
                "--all-groups",
                "--project",
                str(self.theirs / ".cec"),
                *(word for name in TORCH for word in ("--no-install-package", name)),
            ],
        ]

    def hand_environment(self) -> Mapping[str, str]:
        """What those commands run with: the cache of the workspace, the virtual environment in its place."""
        venv, cache = str(self.theirs / ".venv"), str(self.workspace / "uv_cache")
        return {**self.environment, "UV_PROJECT_ENVIRONMENT": venv, "UV_CACHE_DIR": cache}

    def _make(self, pack: Path) -> None:
        pack.mkdir(parents=True)
        git(pack, "init", "--quiet", "--initial-branch=main")
        (pack / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
        first = commit(pack, "One")
        self.run("init")
        self.run("create", "work", "--torch-backend", "none", "--use")
        self.run("py", "add", *(f"bench-heavy-{number}" for number in range(_HEAVY)))
        self.run("node", "add", pack.as_uri())
        self.run("commit", "-m", "one")
        self.run("switch", "-c", BRANCHES[1])
        (pack / "later.py").write_text("later = True\n")
        self.commits = dict(zip(BRANCHES, (first, commit(pack, "Two")), strict=True))
        self.run("node", "update", PACK)
        self.run("py", "add", *_NEW)
        self.run("commit", "-m", "two")


def _add_packages(made: Miniature) -> None:
    for number in range(_HEAVY):
        files = {f"bench_heavy_{number}/part{at % 10}/module_{at}.py": f"value = {at}\n" * 20 for at in range(_FILES)}
        add_to_index(made.index, f"bench-heavy-{number}", "1.0", files=files)
    for name in _NEW:
        add_to_index(made.index, name, "1.0")
    write_index(made.index)


def long_history(place: Path, commits: int, workflows: int, packs: int) -> Path:
    """A workspace whose environment has a history of so many commits; its last has so many workflows and packs."""
    root = place / f"history-{commits}"
    if not (root / "finished").exists():
        shutil.rmtree(root, ignore_errors=True)
        make_workspace(root, 1)
        environment = root / "environments" / ACTIVE
        manifest = (environment / ".cec/pyproject.toml").read_text("utf-8")
        live = environment / "ComfyUI/user/default/workflows"
        live.mkdir(parents=True)
        for number in range(packs):
            (environment / f"ComfyUI/custom_nodes/pack{number}").mkdir(parents=True)
            manifest += (f'\n[tool.comfydock.nodes.pack{number}]\nname = "pack{number}"\nregistry_id = "pack{number}"\n'
                         f'version = "1.0.0"\nsource = "registry"\n')  # fmt: skip
        for number in range(workflows):
            (live / f"workflow {number}.json").write_text(_workflow(number, 0))
        _grow(environment / ".cec", manifest, commits, workflows)
        (live / "workflow 0.json").write_text(_workflow(0, -1))  # Something for `diff` to find.
        (root / "finished").touch()
    return root


def _grow(definition: Path, manifest: str, commits: int, workflows: int) -> None:
    parts = []
    for number in range(commits - 2):  # Beside the first and the last.
        parts.append(f"commit refs/heads/main\ncommitter C <c@localhost> {_START + number} +0000\n")
        parts.append(_data(f"commit {number}"))
        parts.append("from refs/heads/main^0\n" if number == 0 else "")
        if number == 0:
            parts.append(f"M 100644 inline pyproject.toml\n{_data(manifest)}")
            parts += [f"M 100644 inline workflows/workflow {one}.json\n{_data(_workflow(one, 0))}"
                      for one in range(workflows)]  # fmt: skip
        one = number % workflows
        parts.append(f"M 100644 inline workflows/workflow {one}.json\n{_data(_workflow(one, number))}")
    parts += ["commit refs/heads/main\ncommitter C <c@localhost> 1800000000 +0000\n", _data("last")]
    parts += [f"M 100644 inline workflows/workflow {one}.json\n{_data(_workflow(one, 0))}" for one in range(workflows)]
    quiet = {**plain_environment(), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", "-C", str(definition), "fast-import", "--quiet"]
    subprocess.run(command, input="".join(parts), text=True, check=True, env=quiet)
    subprocess.run(["git", "-C", str(definition), "reset", "--quiet", "--hard"], check=True, env=quiet)


def _workflow(number: int, step: int) -> str:
    nodes = [{"id": at, "type": "KSampler", "pos": [0, 0], "widgets_values": [number, "fixed", step + at]}
             for at in range(20)]  # fmt: skip
    return json.dumps({"version": 0.4, "nodes": nodes, "links": []})


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"
