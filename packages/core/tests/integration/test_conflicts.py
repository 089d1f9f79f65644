"""What collides, by the real uv and real package indexes."""

import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from comfydock_core.analyzers.packages.pack_requirements import read_pack_requirements
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.managers.uv_project.conflict_members import conflict_members, lines_of_pack
from comfydock_core.managers.uv_project.trying import Trials, trials
from comfydock_core.models.exceptions import NetworkUnavailable, RequirementsConflict
from comfydock_core.models.packages.conflicts import COMFYUI, PYTORCH, YOU, Conflict, ConflictLine
from comfydock_core.models.packs.node_packs import PackRequirement, PackRequirements
from comfydock_core.models.shared import NodeInfo
from comfydock_core.repositories.definition.manifest_reader import read_manifest
from comfydock_core.repositories.definition.tracked_packs import group_name
from comfydock_core.validation.conflict_sets import find_conflict, find_fixes
from tests.support.git_server import git_serving
from tests.support.indexes import Indexes, serving_directory
from tests.support.machines import Machine, files_of, new_machine
from tests.support.wheels import add_to_index, write_index

UNIVERSES = 50
NODES = """
[tool.comfydock.nodes.alpha]
name = "alpha"
source = "registry"
version = "1.0"
registry_id = "alpha"

[tool.comfydock.nodes.beta]
name = "Beta-Pack"
source = "git"
version = "{commit}"
repository = "https://h.invalid/beta"
""".format(commit="0" * 40)


def line(pack: str, requirement: str, number: int = 1, *, constraint: bool = False) -> ConflictLine:
    return ConflictLine(pack, "requirements.txt", number, requirement, constraint)


def is_smallest(conflict: Conflict, answer: Callable[[Sequence[ConflictLine]], str | None]) -> bool:
    """Whether the lines collide, and none of them can be spared."""
    lines = list(conflict.lines)
    if answer(lines) is None:
        return False
    return all(answer([other for other in lines if other != one]) is None for one in lines)


@pytest.fixture(scope="module")
def universes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Indexes, list[list[ConflictLine]]]]:
    """An index of small worlds of packages, and what the node packs of each world ask for."""
    root = tmp_path_factory.mktemp("universes")
    worlds = [_world(root / "pypi", number) for number in range(UNIVERSES)]
    for name, versions in (("steady", ["1", "2", "3"]), ("only-new", [])):
        for version in versions:
            add_to_index(root / "pypi", name, version)
        (root / "pypi" / name).mkdir(exist_ok=True)
    add_to_index(root / "pypi", "through", "1", requires=["steady<2"])
    add_to_index(root / "pypi", "deep", "1", requires=["through"])
    add_to_index(root / "pypi", "only-new", "1", python=">=3.12")
    add_to_index(root / "pypi", "grown", "1", python=">=3.8", requires=["steady<2"])
    add_to_index(root / "pypi", "grown", "2", python=">=3.12")
    write_index(root / "pypi")
    with serving_directory(root) as served:
        yield served, worlds


def _world(index: Path, seed: int) -> list[ConflictLine]:
    """Five packages of three versions that require each other, and three to six packs that ask for some of them."""
    chance = random.Random(seed)
    names = [f"w{seed}-p{number}" for number in range(5)]
    for number, name in enumerate(names):
        for version in (1, 2, 3):
            later = [other for other in names[number + 1 :] if chance.random() < 0.5]
            add_to_index(index, name, str(version), requires=[f"{other}{_limit(chance)}" for other in later])
    packs = range(chance.randint(3, 6))
    return [line(f"pack{pack}", f"{name}{_limit(chance)}{_marker(chance)}", number) for pack in packs
            for number, name in enumerate(chance.sample(names, chance.randint(1, 3)), 1)]  # fmt: skip


def _limit(chance: random.Random) -> str:
    return chance.choice(["", "!=1", "!=2", "!=3", "<3", ">1", "==2", "<2"])


def _marker(chance: random.Random) -> str:
    return chance.choice(["", "", "", " ; python_version >= '3.8'", " ; python_version >= '3.12'",
                          " ; sys_platform == 'win32'"])  # fmt: skip


@pytest.fixture
def world(
    universes: tuple[Indexes, list[list[ConflictLine]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trials]:
    served, _ = universes
    for name, value in {**served.variables(), "UV_HTTP_RETRIES": "0"}.items():
        monkeypatch.setenv(name, value)
    machine = new_machine(tmp_path / "größe ☃")
    with trials(machine.uv, str(machine.definition)) as trial:
        yield trial


def test_in_many_small_worlds_the_smallest_conflict_is_found(
    universes: tuple[Indexes, list[list[ConflictLine]]], world: Trials, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes: list[int] = []
    searching = 0
    for lines in universes[1]:
        before = world.asked
        found = find_conflict(lines, world.guess, confirm=world.answer)
        searching += world.asked - before
        if found is None:
            assert world.answer(lines) is None
            continue
        sizes.append(len(found.lines))
        assert is_smallest(found, world.answer), found
    with capsys.disabled():
        print(f"\n{len(sizes)} conflicts in {UNIVERSES} worlds, of {sorted(sizes)} lines; {searching} questions to uv")
    assert len(sizes) >= 20  # Of what the seeds happen to make.
    assert max(sizes) >= 3


@pytest.mark.parametrize(
    ("lines", "colliding"),
    [
        ([line("a", "steady<2"), line("b", "steady>2"), line("c", "through")], {0, 1}),
        ([line("a", "steady!=1"), line("b", "steady!=2"), line("c", "steady!=3"), line("d", "steady")], {0, 1, 2}),
        ([line("a", "through"), line("b", "steady>=2"), line("c", "steady")], {0, 1}),
        ([line("a", "deep"), line("a", "steady", 2), line("b", "steady>=2")], {0, 2}),
        ([line("a", "steady<2 ; sys_platform == 'win32'"), line("b", "steady>2 ; sys_platform == 'win32'")], {0, 1}),
        ([line("a", "steady"), line("b", "only-new")], {1}),
        ([line("a", "grown"), line("b", "steady>1")], {0, 1}),
        ([line("a", "steady"), line("b", "there-is-no-such-package")], {1}),
        ([line(COMFYUI, "steady==1"), line("a", "steady>1"), line("b", "through")], {0, 1}),
        ([line(YOU, "steady<2", constraint=True), line("a", "steady>1"), line("b", "through")], {0, 1}),
        ([line("a", "steady<1"), line("b", "steady>1")], {0}),
        ([line("a", "steady==1"), line("a", "steady==2", 2), line("b", "deep")], {0, 1}),
    ],
)
def test_what_collides_is_named(world: Trials, lines: list[ConflictLine], colliding: set[int]) -> None:
    found = find_conflict(lines, world.guess, confirm=world.answer)
    assert found is not None
    assert set(found.lines) == {lines[number] for number in colliding}
    assert is_smallest(found, world.answer)
    assert "steady" in found.explanation or "only-new" in found.explanation or "no-such" in found.explanation


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [line("a", "steady<2 ; sys_platform == 'win32'"), line("b", "steady>2 ; sys_platform == 'linux'")],
        [line("a", "steady<2"), line("b", "steady>2 ; python_version >= '3.12'")],
        [line(YOU, "only-new", constraint=True), line("b", "steady")],
    ],
)
def test_what_fits_is_no_conflict(world: Trials, lines: list[ConflictLine]) -> None:
    assert world.answer(lines) is None


def test_fixes_are_what_uv_could_resolve(world: Trials) -> None:
    lines = [line("a", "steady<2"), line("b", "steady>2")]
    found = find_conflict(lines, world.guess, confirm=world.answer)
    assert found is not None
    versions = {"b": [("2", [line("b", "steady>=2")]), ("1", [line("b", "steady")])]}
    fixed = find_fixes(found, lines, world.answer, lambda pack: versions.get(pack, []))
    assert [(fix.kind, fix.pack, fix.version) for fix in fixed.fixes] == [
        ("version", "b", "1"), ("loosen", "a", None), ("leave-out", "a", None), ("leave-out", "b", None)
    ]  # fmt: skip


def test_what_is_in_the_cache_is_asked_of_no_index(
    universes: tuple[Indexes, list[list[ConflictLine]]], world: Trials
) -> None:
    served, _ = universes
    lines = [line("a", "through"), line("b", "steady>=2"), line("c", "steady")]
    assert find_conflict(lines, world.guess, confirm=world.answer) is not None
    requests, fetched = len(served.requests), world.fetched
    assert find_conflict(lines, world.guess) is not None
    assert world.guess(lines[1:]) is None
    assert (len(served.requests), world.fetched) == (requests, fetched)


def test_an_empty_cache_is_no_conflict(world: Trials) -> None:
    """uv explains what it does not find in its cache as what there is not, and does not always say so."""
    lines = [line("a", "steady<2 ; sys_platform == 'win32'"), line("b", "steady>2 ; sys_platform == 'linux'")]
    assert find_conflict(lines, world.guess, confirm=world.answer) is None


def test_wheels_for_different_systems_fit_together(
    universes: tuple[Indexes, list[list[ConflictLine]]], world: Trials
) -> None:
    address = f"{universes[0].general}/steady/steady"
    lines = [line("a", f"steady @ {address}-1-py3-none-any.whl ; sys_platform == 'win32'"),
             line("a", f"steady @ {address}-2-py3-none-any.whl ; platform_system == 'Linux'", 2)]  # fmt: skip
    assert find_conflict(lines, world.guess, confirm=world.answer) is None
    both = [*lines, line("b", f"steady @ {address}-3-py3-none-any.whl")]
    assert find_conflict(both, world.guess, confirm=world.answer) is not None


def test_a_package_from_git_takes_part(world: Trials, tmp_path: Path) -> None:
    repository = tmp_path / "git" / "demo"
    repository.mkdir(parents=True)
    project = '[project]\nname = "demo"\nversion = "1"\ndependencies = ["steady<2"]\n'
    (repository / "pyproject.toml").write_text(project)
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "x"],
                  ["update-server-info"]):  # fmt: skip
        subprocess.run(["git", *words], cwd=repository, check=True)
    with git_serving(tmp_path / "git") as server:
        lines = [line("a", f"demo @ git+{server.address('demo')}"), line("b", "steady>2"), line("c", "steady")]
        assert world.guess(lines[:1]) is None  # uv says that it must not fetch the repository, and then may.
        assert world.fetched == 1
        found = find_conflict(lines, world.guess, confirm=world.answer)
    assert found is not None
    assert found.lines == (lines[0], lines[1])


def test_the_environment_stays_as_it_is(machine: Machine) -> None:
    machine.lock("cpu")
    before = files_of(machine.definition)
    with trials(machine.uv, str(machine.definition)) as trial:
        assert trial.answer([line("a", "numpy<2"), line("b", "numpy>2")]) is not None
        place = trial._directory
    assert files_of(machine.definition) == before
    assert not Path(place).exists()


def test_an_index_that_cannot_be_reached_is_no_conflict(
    universes: tuple[Indexes, list[list[ConflictLine]]], world: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    with pytest.raises(NetworkUnavailable):
        world.answer([line("a", "steady")])


def members(machine: Machine, packs: dict[str, PackRequirements]) -> list[ConflictLine]:
    comfyui = PackRequirements((PackRequirement("torch", "requirements.txt", 3),))
    return conflict_members(read_manifest(str(machine.definition / "pyproject.toml")), packs, comfyui)


def test_a_pack_that_does_not_fit_the_release_of_pytorch_collides_with_it(machine: Machine) -> None:
    machine.lock("cu118")  # Which ends at 2.6.
    with trials(machine.uv, str(machine.definition)) as trial:
        lines = [*members(machine, {}), line("a", "modern"), line("b", "kornia")]
        assert trial.answer([each for each in lines if each.pack != "a"]) is None
        found = find_conflict(lines, trial.guess, confirm=trial.answer)
        assert found is not None
        assert [(each.pack, each.requirement) for each in found.lines] == [(PYTORCH, "torch==2.6.0"), ("a", "modern")]
        assert is_smallest(found, trial.answer)


def test_accelerators_stay_out_of_the_trials(machine: Machine) -> None:
    """What the manifest excludes is not required; else each trial would lock PyTorch's own requirements, too."""
    machine.lock("cpu")
    with trials(machine.uv, str(machine.definition)) as trial:
        lines = members(machine, {})
        assert trial.answer(lines) is None
        assert 'name = "triton"' not in Path(trial._directory, "uv.lock").read_text()


def test_the_members_say_whose_they_are_and_where(machine: Machine, tmp_path: Path) -> None:
    machine.write("torch", "einops", settings='constraint-dependencies = ["numpy<3", "sympy<9"]\n')
    beta = NodeInfo("beta", "Beta-Pack", "git", "0" * 40, "https://h.invalid/beta")
    alpha = NodeInfo("alpha", "alpha", "registry", "1.0", None, "alpha")
    machine.add_pack(**{group_name(alpha): "numpy>=1", group_name(beta): "kornia", "mine": "sympy"})
    manifest = machine.definition / "pyproject.toml"
    manifest.write_text(manifest.read_text() + NODES)
    pack = tmp_path / "alpha"
    pack.mkdir()
    (pack / "requirements.txt").write_text("# wants\nnumpy >= 1\n-c limits.txt\n")
    (pack / "limits.txt").write_text("sympy<9\n")
    found = members(machine, {"alpha": read_pack_requirements(str(pack), protected=())})
    assert sorted(map(str, found)) == sorted(
        ["ComfyUI → requirements.txt:3 → torch", "you → pyproject.toml → einops",
         "alpha → requirements.txt:2 → numpy>=1", "beta → pyproject.toml → kornia", "you → pyproject.toml → sympy",
         "you → pyproject.toml → numpy<3", "alpha → limits.txt:1 → sympy<9"]
    )  # fmt: skip
    assert {each.requirement for each in found if each.constraint} == {"numpy<3", "sympy<9"}


def test_the_lines_of_another_version_are_of_its_pack() -> None:
    asked = PackRequirements((PackRequirement("a", "r.txt", 1),), (PackRequirement("b<1", "c.txt", 2),))
    assert lines_of_pack("x", asked) == [
        ConflictLine("x", "r.txt", 1, "a"), ConflictLine("x", "c.txt", 2, "b<1", constraint=True)
    ]  # fmt: skip


def test_sources_with_paths_hold_in_trials(machine: Machine, indexes: Indexes) -> None:
    wheel = add_to_index(machine.definition / "wheels", "local", "1.0")
    path = wheel.relative_to(machine.definition)
    machine.write("numpy", settings=f'sources = {{ local = {{ path = "{path}", group = "mine" }} }}\n')
    with trials(machine.uv, str(machine.definition)) as trial:
        assert trial.answer([line("a", "local")]) is None


def test_a_lock_of_the_same_lines_fails_with_the_same_words(machine: Machine) -> None:
    machine.write("numpy<2", "numpy>2")
    with pytest.raises(RequirementsConflict) as caught:
        UVCommand.lock(machine.uv, lambda text: None)
    with trials(machine.uv, str(machine.definition)) as trial:
        told = trial.answer(members(machine, {}))
    assert told is not None
    assert told in caught.value.message
