"""The least an artifact must do, wherever it lies: start, load every part of itself, keep a workspace, give the
programs that it starts the user's environment. `python -m build smoke` runs it; the tests do so in awkward places."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from build.programs import Program
from build.settings import Artifact

# Calls that need what lies beside the executable: libraries, certificates, data.
_CALLS = (
    "bz2:BZ2Compressor",
    "ctypes:get_errno",
    "hashlib:sha256",
    "lzma:LZMACompressor",
    "rich.console:Console",
    "ssl:create_default_context",
    "tomlkit:document",
    "truststore:inject_into_ssl",
    "urllib3:PoolManager",
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that an artifact should do and does not."""

    what: str
    output: str

    def __str__(self) -> str:
        return f"{self.what}:\n{self.output}"


def smoke(program: Program, version: str, artifact: Artifact, stage: Path, scratch: Path) -> list[Failure]:
    """Try everything in an empty directory, also after a failure; returns what failed."""
    home = {"COMFYDOCK_HOME": str(scratch / "workspace"), "HOME": str(scratch), "XDG_CACHE_HOME": str(scratch)}
    tries = (
        ("says its version", ("--version",), 0, f"comfydock {version}\n"),
        ("shows help", ("--help",), 0, "usage: comfydock"),
        ("refuses what it does not know", ("frobnicate",), 2, ""),
        ("loads every part", ("__check", *parts(artifact, stage)), 0, "parts work"),
        ("makes a workspace", ("init",), 0, ""),
        ("lists it", ("list", "--json"), 0, '"environments"'),
    )
    failures = [_try(program, home, *one) for one in tries]
    failures.append(_try(program, {**home, "EAGER_IMPORT": "1"}, "loads every face", ("list",), 0, ""))
    return [failure for failure in failures if failure is not None]


def _try(
    program: Program, environment: Mapping[str, str], what: str, words: tuple[str, ...], code: int, text: str
) -> Failure | None:
    done = program.run(words, environment)
    if done.returncode == code and text in done.stdout:
        return None
    return Failure(what, f"exit code {done.returncode}\n{done.stdout}{done.stderr}")


def parts(artifact: Artifact, stage: Path) -> Iterator[str]:
    """Every module of ours, every third-party package, the standard library's that are promised, and calls."""
    for package in artifact.packages:
        for path in sorted((stage / package).rglob("*.py")):
            names = path.relative_to(stage).with_suffix("").parts
            yield ".".join(names[:-1] if names[-1] == "__init__" else names)
    yield from artifact.third_party
    yield from artifact.standard_library
    yield from _CALLS
