"""A miniature ComfyUI: a git repository with releases, and package indexes that hold what it requires.

Everything is made locally from the standard library, git and nothing else, so that real git and real uv can work on
it without a network. `python -m tests.support.miniature DIRECTORY` makes one and prints the variables to use it with.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.wheels import add_to_index, write_index

_FILES = Path(__file__).parent / "files"
_IDENTITY = ["-c", "user.name=Miniature", "-c", "user.email=miniature@example.invalid"]
_DATE = "2026-01-02T03:04:05+00:00"

RELEASES = ("v0.1.0", "v0.2.0", "v0.10.0")
NEWEST = "v0.10.0"
BRANCH = "experiment"
TORCH = {"torch": "2.9.1", "torchvision": "0.24.1", "torchaudio": "2.9.1"}
BACKENDS = ("cpu", "cu128")
# What the builds for graphics cards need on Linux, those of the general index too.
ACCELERATOR = "mini-accelerator==12.8 ; platform_system == 'Linux'"


# Where no server is, for whatever a test does not serve itself.
NOWHERE = "http://127.0.0.1:9"
SERVICES = (
    "COMFYDOCK_REGISTRY_URL",
    "COMFYDOCK_GITHUB_API_URL",
    "COMFYDOCK_NODE_DATA_URL",
    "COMFYDOCK_MANAGER_DATA_URL",
)


@dataclass(frozen=True, slots=True)
class Miniature:
    """Where everything is. `commits` has the releases, `main` (one commit after the newest) and `experiment`."""

    directory: Path
    repository: Path
    index: Path
    pytorch: Path
    commits: dict[str, str]

    def variables(self) -> dict[str, str]:
        """What makes ComfyDock and uv use these, and nothing from elsewhere."""
        return {
            "COMFYDOCK_COMFYUI_REPOSITORY": str(self.repository),
            "COMFYDOCK_PYTORCH_INDEX_URL": self.pytorch.as_uri(),
            "UV_DEFAULT_INDEX": self.index.as_uri(),
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_CONFIG": "1",
            **dict.fromkeys(SERVICES, NOWHERE),
        }


def build(directory: Path) -> Miniature:
    """Make the repository and the indexes in `directory`, which is created."""
    directory.mkdir(parents=True, exist_ok=True)
    repository = directory / "ComfyUI"
    commits = build_repository(repository)
    index, pytorch = build_indexes(directory)
    return Miniature(directory, repository, index, pytorch, commits)


def build_repository(directory: Path) -> dict[str, str]:
    """Make the git repository; returns the commit of each release and branch."""
    directory.mkdir(parents=True)
    git(directory, "init", "--quiet", "--initial-branch=main")
    commits = {}
    for release in RELEASES:
        _write_sources(directory, release)
        commits[release] = commit(directory, f"ComfyUI {release}")
        git(directory, *_IDENTITY, "tag", "-a", release, "-m", release)
    git(directory, "tag", "not-a-version")
    git(directory, "checkout", "--quiet", "-b", BRANCH, RELEASES[1])
    (directory / "comfy" / "experiment.py").write_text("tried = True\n")
    commits[BRANCH] = commit(directory, "An experiment")
    git(directory, "checkout", "--quiet", "main")
    (directory / "comfy" / "later.py").write_text("later = True\n")
    commits["main"] = commit(directory, "Work after the newest release")
    return commits


def build_indexes(directory: Path) -> tuple[Path, Path]:
    """Make the general index, and one index for each PyTorch back end."""
    index, pytorch = directory / "index", directory / "pytorch"
    add_to_index(index, "mini-imaging", "1.0", scripts={"mini-imaging": "mini_imaging:main"})
    add_to_index(index, "mini-imaging", "1.1", scripts={"mini-imaging": "mini_imaging:main"})
    add_to_index(index, "mini-math", "2.0", requires=["mini-base>=1"])
    add_to_index(index, "mini-math", "3.0")  # Newer than ComfyUI allows.
    add_to_index(index, "mini-base", "1.5")
    add_to_index(index, "mini-windows", "1.0")
    add_to_index(index, "mini-sampling", "0.3", requires=["torch"])
    add_to_index(index, "mini-accelerator", "12.8")
    for version in ("1.0", "2.0"):  # Only node packs ask for these.
        add_to_index(index, "mini-masks", version)
    for version in ("1.0", "2.0", "3.0"):
        add_to_index(index, "mini-choice", version)
    add_to_index(index, "mini-blend", "1.0", requires=["mini-masks<2"])
    for name, version in TORCH.items():
        requires = [] if name == "torch" else ["torch"]
        add_to_index(index, name, version, requires=requires or [ACCELERATOR])
        for backend in BACKENDS:
            needed = requires or ([] if backend == "cpu" else [ACCELERATOR])
            add_to_index(pytorch / backend, name, f"{version}+{backend}", requires=needed)
    for place in (index, *(pytorch / backend for backend in BACKENDS)):
        write_index(place)
    return index, pytorch


def commit(repository: Path, message: str) -> str:
    """Commit everything in a repository, with a fixed identity and date; returns the commit."""
    git(repository, "add", "--all", "--force", ".")
    git(repository, *_IDENTITY, "commit", "--quiet", "--no-gpg-sign", "-m", message)
    return git(repository, "rev-parse", "HEAD").strip()


def git(directory: Path, *arguments: str) -> str:
    """Run git there, untouched by the user's settings and by the repository the tests live in."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_DATE": _DATE,
        "GIT_COMMITTER_DATE": _DATE,
    }
    command = ["git", "-C", str(directory), *arguments]
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
    return done.stdout


def _write_sources(directory: Path, release: str) -> None:
    shutil.copytree(_FILES, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    (directory / "gitignore").replace(directory / ".gitignore")
    (directory / "comfyui_version.py").write_text(f'__version__ = "{release.removeprefix("v")}"\n')
    (directory / "requirements.txt").write_text(requirements(release))


def requirements(release: str) -> str:
    """What a release requires: later ones more than earlier ones."""
    lines = ["# What ComfyUI needs", "torch", "torchvision", "torchaudio", "mini-imaging>=1.0  # pictures", ""]
    if release != "v0.1.0":
        lines.append('mini-math>=2.0,<3 ; python_version >= "3.9"')
    if release == NEWEST:
        lines += ["mini-sampling", "mini-windows ; sys_platform == 'win32'"]
    return "\n".join(lines) + "\n"
