"""Environments with a history, made by git alone: what ComfyDock 1.x and people leave, without creating anything."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.workspace import Workspace

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Alice", "GIT_AUTHOR_EMAIL": "alice@example.org",
    "GIT_COMMITTER_NAME": "Alice", "GIT_COMMITTER_EMAIL": "alice@example.org",
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
}  # fmt: skip
MANIFEST = """\
[project]
name = "comfydock-env-work"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["numpy<2"]

[tool.comfydock]
comfyui_version = "v0.3.60"
comfyui_version_type = "release"
python_version = "3.11"
"""
# A node pack as 1.x wrote it.
PACK = """
[tool.comfydock.nodes.{name}]
name = "{name}"
registry_id = "{name}"
repository = "https://github.com/alice/{name}"
version = "{version}"
source = "registry"
"""


@dataclass(slots=True)
class PastEnvironment:
    """One environment `work`, active in a workspace of its own."""

    workspace: Path

    @property
    def root(self) -> Path:
        return self.workspace / "environments/work"

    @property
    def definition(self) -> Path:
        return self.root / ".cec"

    @property
    def live(self) -> Path:
        return self.root / "ComfyUI/user/default/workflows"

    @property
    def layout(self) -> EnvironmentLayout:
        return EnvironmentLayout(str(self.root))

    def opened(self) -> Workspace:
        os.environ["COMFYDOCK_HOME"] = str(self.workspace)
        return Workspace.find()

    def git(self, *words: str, **variables: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.definition), *words],
            capture_output=True, text=True, env={**os.environ, **_IDENTITY, **variables}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, **files: str | dict[str, object] | None) -> None:
        """Write or remove files of the definition; names have `__` for `/`, and graphs are written as JSON."""
        for name, content in files.items():
            self.put(name.replace("__", "/"), content)

    def put(self, name: str, content: str | dict[str, object] | None) -> None:
        path = self.definition / name
        if content is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")

    def commit(self, subject: str, /, files: dict[str, str | dict[str, object] | None] | None = None) -> str:
        """Commit everything, as 1.x did; returns the commit."""
        for name, content in (files or {}).items():
            self.put(name, content)
        self.git("add", "--all", ".")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def grow(self, commits: int) -> None:
        """Add commits that each set the steps of the workflow `portrait`, and some a pack, quickly."""
        parts = []
        for number in range(commits):
            manifest = MANIFEST + "".join(PACK.format(name=f"pack{one}", version="1") for one in range(number % 7))
            workflow = json.dumps(graph(sampler(steps=number + 1)))
            parts.append(f"commit refs/heads/main\ncommitter Alice <alice@example.org> {1767323045 + number} +0000\n")
            parts.append(_data(f"commit {number}\n"))
            parts.append("from refs/heads/main^0\n" if number == 0 else "")
            parts.append(f"M 100644 inline pyproject.toml\n{_data(manifest)}")
            parts.append(f"M 100644 inline workflows/portrait.json\n{_data(workflow)}\n")
        environment = {**os.environ, **_IDENTITY}
        command = ["git", "-C", str(self.definition), "fast-import", "--quiet"]
        subprocess.run(command, input="".join(parts), text=True, check=True, env=environment)
        self.git("reset", "--quiet", "--hard")

    def save(self, name: str, graph: dict[str, object]) -> None:
        """Save a workflow as the editor does."""
        path = self.live / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(graph), encoding="utf-8")


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def past_environment(place: Path) -> PastEnvironment:
    """An environment whose repository has no commit yet."""
    made = PastEnvironment(place / "workspace")
    made.definition.mkdir(parents=True)
    (made.workspace / ".metadata").mkdir()
    settings = {"version": 1, "active_environment": "work", "created_at": "2026-01-02T03:04:05"}
    (made.workspace / ".metadata/workspace.json").write_text(json.dumps(settings))
    made.live.mkdir(parents=True)
    made.git("init", "--quiet", "--initial-branch=main")
    (made.definition / ".gitignore").write_text(".complete\n")
    (made.definition / ".complete").touch()
    return made


def sampler(seed: int = 1, steps: int = 20, *, control: str = "randomize", title: str | None = None,
            node: int = 3, at: tuple[int, int] = (0, 0)) -> dict[str, object]:  # fmt: skip
    """A sampler as the editor saves it."""
    return {
        "id": node, "type": "KSampler", "pos": list(at),
        "inputs": [{"name": "latent_image", "type": "LATENT", "link": None}],
        "outputs": [], "widgets_values": [seed, control, steps, 8.0, "euler", "normal", 1.0],
        **({"title": title} if title else {}),
    }  # fmt: skip


def loader(name: str, node: int = 4) -> dict[str, object]:
    """A loader of a checkpoint."""
    return {"id": node, "type": "CheckpointLoaderSimple", "pos": [0, 0], "widgets_values": [name]}


def graph(*nodes: dict[str, object]) -> dict[str, object]:
    return {"version": 0.4, "last_node_id": 9, "last_link_id": 0, "nodes": list(nodes), "links": []}
