"""The Containerfile of an environment: one stage installs the lock, the last has nothing to build packages with.

Docker, Podman and Buildah read it. Nothing that a stranger named stands in it: node packs are copied as a directory.
"""

import json
from collections.abc import Sequence

from comfydock_core.models.containers import ContainerImage

HOME = "/opt/comfyui"
PORT = 8188
USER = 1000
# Filled at run time, by what is mounted there or by ComfyUI.
VOLUMES = ("models", "input", "output")
_VENV = "/opt/venv"
_DEBIAN = "bookworm"
_UV_IMAGE = "ghcr.io/astral-sh/uv"
_IGNORED = ("Containerfile", "kubernetes.yaml", "**/__pycache__", "**/.git")


def containerfile(image: ContainerImage) -> str:
    """The text. It takes the base image by its tag; `--build-arg BASE=IMAGE@sha256:…` pins it."""
    return "\n\n".join([_head(image), _build_stage(image), _last_stage(image)]) + "\n"


def ignored() -> str:
    """What of the context is sent to no builder: the text of a `.dockerignore`."""
    return "".join(f"{name}\n" for name in _IGNORED)


def _head(image: ContainerImage) -> str:
    tag = f"comfyui-{image.name.lower()}"
    gpu = {"cu": " --gpus all", "ro": " --device /dev/kfd --device /dev/dri"}.get(image.backend[:2], "")
    return f"""\
# {image.comfyui} with the packages and node packs of commit {image.revision[:10]}, for PyTorch {image.backend}.
#   docker build --tag {tag} .
#   docker run --rm{gpu} --publish {PORT}:{PORT} --volume /path/to/models:{HOME}/models {tag}
ARG BASE=docker.io/library/python:{image.python}-slim-{_DEBIAN}
ARG UV={_UV_IMAGE}:{image.uv}"""


def _build_stage(image: ContainerImage) -> str:
    lines = [
        # Names of images in `COPY --from` cannot be arguments, so each has a stage.
        "FROM ${UV} AS uv",
        "",
        "FROM ${BASE} AS build",
        *_installed(image.builders),
        "COPY --from=uv /uv /usr/local/bin/uv",
        "ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1",
        "WORKDIR /build",
        "COPY pylock.toml ./",
        *(["COPY wheels ./wheels"] if image.has_wheels else []),
        "# Every file is checked against the hash that is locked.",
        f"RUN uv venv --no-project --python /usr/local/bin/python {_VENV} \\",
        f" && uv pip sync --python {_VENV}/bin/python pylock.toml",
    ]
    return "\n".join(lines)


def _last_stage(image: ContainerImage) -> str:
    start = ["python", "main.py", "--listen", "0.0.0.0", "--port", str(PORT)]
    probe = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{PORT}/system_stats', timeout=4)"
    mine = f"--chown={USER}:{USER}"
    lines = [
        "FROM ${BASE}",
        *_installed(image.libraries),
        f"RUN groupadd --gid {USER} comfyui \\",
        f" && useradd --no-log-init --create-home --uid {USER} --gid {USER} comfyui \\",
        f" && install --directory --owner {USER} --group {USER} {HOME}",
        f"COPY --from=build {_VENV} {_VENV}",
        f"COPY {mine} comfyui {HOME}",
        f"COPY {mine} custom_nodes {HOME}/custom_nodes",
        *([f"COPY {mine} workflows {HOME}/user/default/workflows"] if image.has_workflows else []),
        f"ENV PATH={_VENV}/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1",
        *(["ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility"] if _is_cuda(image) else []),
        f"USER {USER}:{USER}",
        f"WORKDIR {HOME}",
        f"RUN mkdir -p {' '.join(VOLUMES)} temp user",
        f"VOLUME {json.dumps([f'{HOME}/{name}' for name in VOLUMES])}",
        f"EXPOSE {PORT}",
        "HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \\",
        f"    CMD {json.dumps(['python', '-c', probe])}",
        f"ENTRYPOINT {json.dumps(start)}",
        f"CMD {json.dumps(['--cpu'] if image.backend in ('cpu', 'none') else [])}",
    ]
    return "\n".join(lines)


def _installed(packages: Sequence[str]) -> list[str]:
    if not packages:
        return []
    return [
        "# hadolint ignore=DL3008",
        "RUN apt-get update \\",
        f" && apt-get install --yes --no-install-recommends {' '.join(packages)} \\",
        " && rm -rf /var/lib/apt/lists/*",
    ]


def _is_cuda(image: ContainerImage) -> bool:
    return image.backend.startswith("cu")
