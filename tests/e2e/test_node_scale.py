"""Three hundred node packs: reading them takes at most twice the time of ten, changing them grows with their number.

Ratios of one run, taken in turn; whatever else the machine does can spoil one attempt, a slow program spoils all.
"""

import time
from pathlib import Path

import pytest
import tomlkit

from build.measure import Start, in_turn
from comfydock_core.managers.pyproject.packs import put_packs, remove_packs
from comfydock_core.models.shared import NodeInfo, NodePackage
from tests.support.sessions import Session, copy_workspace

FEW, MANY = 10, 300
TWICE = 2.0
READING = (("node", "list"), ("status",), ("__complete", "bash", "node", "remove", ""))


def release(number: int) -> NodePackage:
    name = f"pack{number:04}"
    address = f"https://cdn.example/{name}/1.0.0/node.zip"
    found = NodeInfo(name, name, "registry", "1.0.0", None, name, address, sha256=f"{number:064x}")
    return NodePackage(found, ("mini-math", "mini-base>=1"))


def with_packs(first: Session, place: Path, count: int) -> Session:
    """A copy of the workspace in which so many packs are tracked and there, their packages as locked."""
    copy_workspace(first.workspace, place)
    session = Session(first.program, place, first.variables)
    manifest = place / "environments/work/.cec/pyproject.toml"
    document = tomlkit.parse(manifest.read_text())
    put_packs(document, [release(number) for number in range(count)], str(manifest))
    manifest.write_text(document.as_string())
    for number in range(count):
        pack = place / f"environments/work/ComfyUI/custom_nodes/pack{number:04}"
        pack.mkdir()
        (pack / "__init__.py").write_text(f"NODE_CLASS_MAPPINGS = {{'Fancy{number}': 1}}\n")
    session.ok("sync", "--relock")
    return session


@pytest.fixture(scope="module")
def sizes(first: Session, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Session]:
    place = tmp_path_factory.mktemp("sizes")
    return {count: with_packs(first, place / f"with {count}", count) for count in (FEW, MANY)}


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_reading_three_hundred_packs_takes_no_more_than_twice_the_time_of_ten(
    sizes: dict[int, Session], words: tuple[str, ...]
) -> None:
    starts = [
        Start(str(count), (*session.program.command, *words), session.environment())
        for count, session in sizes.items()
    ]  # fmt: skip
    if words[0] == "node":
        assert len(sizes[MANY].data("node", "list")["packs"]) == MANY
    if words[0] == "__complete":
        assert len(sizes[MANY].ok(*words).out.splitlines()) == MANY
    assert any(ratio(starts) <= TWICE for _ in range(4)), ratio(starts)


def ratio(starts: list[Start]) -> float:
    times = in_turn(starts, 9)
    found = times[str(MANY)].median / times[str(FEW)].median
    print(f"\n{MANY} packs take {found:.2f} times as long as {FEW}")
    return found


def test_writing_packs_into_the_manifest_grows_with_their_number() -> None:
    """Not with its square: four times as many take less than eight times as long."""
    assert any(growth() < 8 for _ in range(4)), growth()


def growth() -> float:
    return seconds_to_write(4 * 100) / seconds_to_write(100)


def seconds_to_write(count: int) -> float:
    document = tomlkit.parse("[project]\nname = 'x'\n\n[tool.comfydock]\nschema_version = 2\n")
    packs = [release(number) for number in range(count)]
    begun = time.perf_counter()
    put_packs(document, packs, "pyproject.toml")
    put_packs(document, packs, "pyproject.toml")
    remove_packs(document, [pack.identifier for pack in packs], "pyproject.toml")
    return time.perf_counter() - begun
