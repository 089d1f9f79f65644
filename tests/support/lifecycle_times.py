"""How long `create` and `clone` take beside what a person would type: `git clone`, a project file, `uv sync`.

    python -m tests.support.lifecycle_times COMFYUI [--rounds 5] [--torch-index URL] [--program comfydock]
                                            [--later] [--offline]

Each round does all of them, one after the other, with the same warm caches; what is compared are the ratios within a
round. The plain project asks for the same requirements from the same index, and is locked and installed anew each time,
while an environment begins with what was resolved shortly before; with `--later` that was an hour ago, so that
everything is resolved anew as well. With `--offline` nobody waits for servers, whose moods are larger than what is
compared.

Nothing is deleted before the end: an ext4 without a journal looks at everything that was deleted in the last minutes
whenever it makes a directory, which costs more than all the rest.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_HOUR = 3600

PROJECT = """\
[project]
name = "plain"
version = "0"
requires-python = ">=3.11,<3.12"
dependencies = [
{dependencies}]

[tool.uv]
package = false
{index}"""

INDEX = """\
[[tool.uv.index]]
name = "torch"
url = "{url}"
explicit = true

[tool.uv.sources]
torch = {{ index = "torch" }}
torchvision = {{ index = "torch" }}
torchaudio = {{ index = "torch" }}
"""


def main(words: list[str]) -> int:
    """Measure, and print a line a round and the medians."""
    options = _options(words)
    with tempfile.TemporaryDirectory(prefix="comfydock-times-", dir=options.directory) as directory:
        place = Path(directory)
        surroundings = _surroundings(place, options)
        program = [options.program] if options.program else [sys.executable, "-m", "comfydock_cli"]
        _run([*program, "init"], surroundings)
        _run([*program, "create", "first", "--torch-backend", "cpu"], surroundings)
        _plain(place, options, surroundings)
        if options.offline:
            surroundings |= {"UV_OFFLINE": "1"}
            program.append("--offline")
        rounds = [_round(place, at, program, options, surroundings) for at in range(options.rounds)]
    for name, of in (("create", "plain"), ("clone", "create"), ("clone", "plain")):
        ratio = statistics.median(times[name] / times[of] for times in rounds)
        print(f"{name} / {of}: median {ratio:.2f}")
    return 0


def _round(
    place: Path, at: int, program: list[str], options: argparse.Namespace, surroundings: dict[str, str]
) -> dict[str, float]:
    name = f"round{at}"
    if options.later:
        for answer in (place / "workspace" / "comfydock_cache" / "answers").iterdir():
            os.utime(answer, (answer.stat().st_mtime - _HOUR,) * 2)
    times = {
        "plain": _timed(lambda: _plain(place, options, surroundings)),
        "create": _timed(lambda: _run([*program, "create", name, "--torch-backend", "cpu"], surroundings)),
        "clone": _timed(lambda: _run([*program, "clone", name, f"{name}-clone"], surroundings)),
    }
    print("  ".join(f"{subject} {seconds:.2f} s" for subject, seconds in times.items()), flush=True)
    return times


def _plain(place: Path, options: argparse.Namespace, surroundings: dict[str, str]) -> None:
    """What a person would do by hand."""
    directory = Path(tempfile.mkdtemp(prefix="plain-", dir=place))
    _run(["git", "clone", "--quiet", options.comfyui, str(directory / "ComfyUI")], surroundings)
    lines = (directory / "ComfyUI" / "requirements.txt").read_text().splitlines()
    wanted = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    index = INDEX.format(url=f"{options.torch_index}/cpu") if options.torch_index else ""
    dependencies = "".join(f"    {line.split('#')[0].strip()!r},\n" for line in wanted)
    (directory / "pyproject.toml").write_text(PROJECT.format(dependencies=dependencies, index=index))
    uv = surroundings.get("COMFYDOCK_UV") or shutil.which("uv") or "uv"
    _run([uv, "sync", "--quiet", "--python", "3.11", "--project", str(directory)], surroundings)


def _surroundings(place: Path, options: argparse.Namespace) -> dict[str, str]:
    own = {
        "COMFYDOCK_HOME": str(place / "workspace"),
        "COMFYDOCK_COMFYUI_REPOSITORY": options.comfyui,
        "UV_CACHE_DIR": str(place / "workspace" / "uv_cache"),
        "UV_LINK_MODE": "hardlink",
    }
    if options.torch_index:
        own["COMFYDOCK_PYTORCH_INDEX_URL"] = options.torch_index
    return {**os.environ, **own}


def _timed(work: Callable[[], None]) -> float:
    os.sync()  # Whoever makes sure of their own writes shall not wait for those of others.
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _run(command: list[str], surroundings: dict[str, str]) -> None:
    done = subprocess.run(command, env=surroundings, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{command} ended with exit code {done.returncode}:\n{done.stdout}{done.stderr}")


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comfyui", help="a local git repository of ComfyUI")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--torch-index", default="", help="address of PyTorch indexes without the back end's name")
    parser.add_argument("--program", default="", help="the program to measure [default: from source]")
    parser.add_argument("--later", action="store_true", help="let an hour pass before each `create`")
    parser.add_argument("--offline", action="store_true", help="let nobody ask the network once everything is cached")
    parser.add_argument("--directory", default=None, help="where to work [default: the system's temporary directory]")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
