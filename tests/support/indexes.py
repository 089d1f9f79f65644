"""Package indexes over real HTTP: a general one and one for each PyTorch back end, each with its own defect."""

import base64
import contextlib
import functools
import hashlib
import http.server
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.wheels import add_to_index, write_index

LINUX = "sys_platform == 'linux'"
ACCELERATOR = f"nvidia-cublas==12.8 ; {LINUX} and platform_machine == 'x86_64'"
RELEASE = {"torch": "2.9.1", "torchvision": "0.24.1", "torchaudio": "2.9.1"}
OLD_RELEASE = {"torch": "2.6.0", "torchvision": "0.21.0", "torchaudio": "2.6.0"}

# The page of a project that says when each file came, served instead of the plain one.
DATED = "dated.json"

# What is special about each back end.
ORDINARY = "cu128"
WITHOUT_HASHES = "cu126"
OLD = "cu118"
OWN_PACKAGES = "rocm6.4"
TORCH_ALONE = "xpu"
LINUX_ALONE = "cu130"


@dataclass(slots=True)
class Indexes:
    """The directories, and where they are served. `requests` are the paths that were asked for."""

    root: Path
    url: str
    requests: list[str] = field(default_factory=list)

    @property
    def general(self) -> str:
        return f"{self.url}/pypi"

    @property
    def pytorch(self) -> str:
        return f"{self.url}/pytorch"

    def variables(self) -> dict[str, str]:
        """What makes ComfyDock and uv use these, and nothing from elsewhere."""
        return {
            "COMFYDOCK_PYTORCH_INDEX_URL": self.pytorch,
            "UV_DEFAULT_INDEX": self.general,
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_CONFIG": "1",
        }


def build_indexes(root: Path) -> None:
    """Write all wheels and index pages."""
    general, pytorch = root / "pypi", root / "pytorch"
    _general(general)
    for backend, needs in (("cpu", []), (ORDINARY, [ACCELERATOR, f"triton==3.5.1 ; {LINUX}"]), (WITHOUT_HASHES, [])):
        _family(pytorch / backend, f"+{backend}", RELEASE, needs)
    _family(pytorch / LINUX_ALONE, f"+{LINUX_ALONE}", RELEASE, [], tag="cp311-cp311-manylinux_2_28_x86_64")
    _family(pytorch / OLD, f"+{OLD}", OLD_RELEASE, [])
    _family(pytorch / OWN_PACKAGES, f"+{OWN_PACKAGES}", RELEASE, [f"pytorch-triton-rocm==3.5.1 ; {LINUX}"])
    add_to_index(pytorch / OWN_PACKAGES, "pytorch-triton-rocm", "3.5.1")
    add_to_index(pytorch / TORCH_ALONE, "torch", f"2.9.1+{TORCH_ALONE}", requires=["sympy>=1"])
    add_to_index(pytorch / "cpu", "sympy", "1.0")  # Real ones have old copies of general packages, too.
    for place in (general, *(path for path in sorted(pytorch.iterdir()))):
        write_index(place)
    for page in (pytorch / WITHOUT_HASHES).rglob("index.html"):
        page.write_text(re.sub(r"#sha256=\w+", "", page.read_text()))


def _general(index: Path) -> None:
    _family(index, "", RELEASE, [ACCELERATOR, f"triton==3.5.1 ; {LINUX}"])
    _family(index, "", {**RELEASE, "torch": "2.10.0", "torchvision": "0.25.0", "torchaudio": "2.10.0"},
            [f"nvidia-cublas==13.0 ; {LINUX}", f"triton==3.6.0 ; {LINUX}"])  # fmt: skip
    _family(index, "", OLD_RELEASE, [])
    for name, versions in (("sympy", ["1.12", "1.13"]), ("numpy", ["1.26", "2.3"]), ("einops", ["0.8"]),
                           ("triton", ["3.5.1", "3.6.0"]), ("nvidia-cublas", ["12.8", "13.0"])):  # fmt: skip
        for version in versions:
            add_to_index(index, name, version)
    for version in ("0.8.1", "0.8.2"):
        add_to_index(index, "kornia", version, requires=["torch>=2"])
    add_to_index(index, "modern", "1.0", requires=["torch>=2.8"])
    add_to_index(index, "kernels", "1.0", requires=["triton"])
    add_to_index(index, "older-numpy", "1.0", requires=["numpy<2"])


def _family(index: Path, local: str, release: dict[str, str], needs: list[str], tag: str = "py3-none-any") -> None:
    torch = release["torch"]
    requirements = {"torch": ["sympy>=1", *needs], "torchvision": [f"torch=={torch}", "numpy"],
                    "torchaudio": [f"torch=={torch}"]}  # fmt: skip
    for name, requires in requirements.items():
        add_to_index(index, name, f"{release[name]}{local}", requires=requires, tag=tag)


def date_index(directory: Path, usual: str, others: Mapping[str, str]) -> None:
    """Let an index say when it got its files: `usual`, but for those whose names begin with one of the `others`."""
    for project in (path for path in sorted(directory.iterdir()) if path.is_dir()):
        files = [
            {
                "filename": wheel.name,
                "url": wheel.name,
                "hashes": {"sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()},
                "upload-time": next((at for begin, at in others.items() if wheel.name.startswith(begin)), usual),
            }
            for wheel in sorted(project.glob("*.whl"))
        ]
        page = {"meta": {"api-version": "1.1"}, "name": project.name, "files": files}
        (project / DATED).write_text(json.dumps(page))


@contextlib.contextmanager
def serving_directory(root: Path, login: tuple[str, str] | None = None) -> Iterator[Indexes]:
    """Serve a directory while the block runs; with `login` to nobody else."""
    wanted = None if login is None else "Basic " + base64.b64encode(":".join(login).encode()).decode()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            indexes.requests.append(self.path)
            if wanted is not None and self.headers.get("Authorization") != wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="packages"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            page = Path(self.translate_path(self.path)) / DATED
            if page.is_file():
                self._answer(page.read_bytes())
                return
            super().do_GET()

        def _answer(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    handler = functools.partial(Handler, directory=str(root))
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    indexes = Indexes(root, f"http://127.0.0.1:{listener.server_address[1]}")
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield indexes
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
