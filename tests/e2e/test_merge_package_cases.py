"""Merging what packages are locked in: every kind of thing that two branches can both change, each way to answer."""

import hashlib
import os
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from comfydock_core.factories.workspace_factory import find_workspace
from comfydock_core.models.exceptions import MergeRefused
from comfydock_core.models.history.merging import MERGE, NOTHING, MergePlan, MergeRequest
from comfydock_core.models.history.moving import DISCARD
from tests.e2e.test_terminal import end, terminal
from tests.support import programs
from tests.support.branches import Content, files_at
from tests.support.histories import PastEnvironment
from tests.support.miniature import Miniature, git
from tests.support.reporters import RecordingReporter
from tests.support.sessions import Session, new_session

Files = dict[str, Content]
Manifest = dict[str, Any]
Edit = Callable[[Files, Miniature], None]
MANIFEST, LOCK, CPU, CUDA = "pyproject.toml", "uv.lock", "backends/cpu/pylock.toml", "backends/cu128/pylock.toml"


# Edits


def replaced(old: str, new: str) -> Edit:
    def edit(files: Files, miniature: Miniature) -> None:
        text = files[MANIFEST]
        assert isinstance(text, str)
        assert old in text
        files[MANIFEST] = text.replace(old, new, 1)

    return edit


def requires(*lines: str) -> Edit:
    return replaced('    "torch",\n', "".join(f'    "{line}",\n' for line in ("torch", *lines)))


def limits(*lines: str) -> Edit:
    return replaced('    "torch==2.9.1",\n', "".join(f'    "{line}",\n' for line in ("torch==2.9.1", *lines)))


def table(text: str) -> Edit:
    def edit(files: Files, miniature: Miniature) -> None:
        files[MANIFEST] = f"{files[MANIFEST]}\n{text}\n"

    return edit


def noted(name: str, version: str) -> str:
    return f'[tool.comfydock.nodes.{name}]\nname = "{name}"\nregistry_id = "{name}"\nversion = "{version}"\n'


def pack(name: str, version: str, *lines: str, more: str = "") -> Edit:
    """A pack as it is noted, with what it requires."""
    return both(table(noted(name, version) + more), *([group(pack_group(name), *lines)] if lines else []))


def pack_group(name: str) -> str:
    return f"{name}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def group(name: str, *lines: str) -> Edit:
    return table(f"[dependency-groups]\n{name} = {list(lines)}")


def comfyui(name: str) -> Edit:
    """ComfyUI at another version."""

    def edit(files: Files, miniature: Miniature) -> None:
        newest = miniature.commits["v0.10.0"]
        replaced(newest, miniature.commits[name])(files, miniature)
        replaced('comfyui_version = "v0.10.0"', f'comfyui_version = "{name}"')(files, miniature)
        if name == "v0.2.0":
            replaced('    "mini-sampling",\n', "")(files, miniature)

    return edit


def elsewhere(files: Files, miniature: Miniature) -> None:
    """ComfyUI from another repository."""
    replaced(f'comfyui_repository = "{miniature.repository}"', 'comfyui_repository = "/elsewhere"')(files, miniature)


def both(*edits: Edit) -> Edit:
    def edit(files: Files, miniature: Miniature) -> None:
        for one in edits:
            one(files, miniature)

    return edit


def file(name: str, content: Content) -> Edit:
    def edit(files: Files, miniature: Miniature) -> None:
        files[name] = content

    return edit


# What is there then


def asked_of(name: str) -> Callable[[Manifest], object]:
    return lambda found: sorted(line for line in found["project"]["dependencies"] if line.startswith(name))


def limited(name: str) -> Callable[[Manifest], object]:
    return lambda found: sorted(
        line for line in found["tool"]["uv"]["constraint-dependencies"] if line.startswith(name)
    )


def tool(found: Manifest) -> Any:
    return found["tool"]["comfydock"]


def version_of(name: str) -> Callable[[Manifest], object]:
    return lambda found: tool(found).get("nodes", {}).get(name, {}).get("version")


def groups(found: Manifest) -> object:
    return {name: sorted(lines) for name, lines in found.get("dependency-groups", {}).items()}


def comfyui_of(found: Manifest) -> object:
    return tool(found)["comfyui_version"], "mini-sampling" in found["project"]["dependencies"]


def uv(key: str) -> Callable[[Manifest], object]:
    return lambda found: found["tool"]["uv"].get(key)


@dataclass(frozen=True, slots=True)
class Case:
    """Edits of three definitions, and what `look` sees then: `mine`, and, where there is a `question`, `other`."""

    base: Edit
    ours: Edit
    theirs: Edit
    look: Callable[[Manifest], object]
    mine: object
    other: object = None
    question: str | None = None


def nothing(files: Files, miniature: Miniature) -> None:
    """Leave all as it is."""


CHOICE = asked_of("mini-choice")
CASES = {
    "requirements of either side": Case(
        nothing, requires("mini-choice<3"), requires("mini-masks"), asked_of("mini-m"),
        ["mini-masks", 'mini-math<3,>=2.0; python_version >= "3.9"']),
    "a requirement that fits": Case(nothing, requires("mini-choice<3"), requires("mini-choice>=2"), CHOICE,
                                    ["mini-choice<3", "mini-choice>=2"]),
    "a changed requirement that fits": Case(requires("mini-choice"), replaced("mini-choice", "mini-choice<3"),
                                            replaced("mini-choice", "mini-choice>1"), CHOICE,
                                            ["mini-choice<3", "mini-choice>1"]),
    "a requirement that does not fit": Case(nothing, requires("mini-choice<2"), requires("mini-choice>=3"), CHOICE,
                                            ["mini-choice<2"], ["mini-choice>=3"], "package:mini-choice"),
    "two pins": Case(nothing, requires("mini-choice==1.0"), requires("mini-choice==3.0"), CHOICE,
                     ["mini-choice==1.0"], ["mini-choice==3.0"], "package:mini-choice"),
    "a pin and a limit": Case(nothing, requires("mini-choice==1.0"), requires("mini-choice>2"), CHOICE,
                              ["mini-choice==1.0"], ["mini-choice>2"], "package:mini-choice"),
    "a removed requirement": Case(requires("mini-choice"), replaced('    "mini-choice",\n', ""), requires("mini-masks"),
                                  CHOICE, []),
    "a requirement removed and changed": Case(
        requires("mini-choice"), replaced('    "mini-choice",\n', ""), replaced("mini-choice", "mini-choice<3"),
        CHOICE, [], ["mini-choice<3"], "package:mini-choice"),
    "constraints of either side": Case(nothing, limits("mini-math<2.5"), limits("mini-base<2"), limited("mini"),
                                       ["mini-base<2", "mini-math<2.5"]),
    "a constraint that fits": Case(requires("mini-choice"), limits("mini-choice<3"), limits("mini-choice>1"),
                                   limited("mini"), ["mini-choice<3", "mini-choice>1"]),
    "a constraint that does not fit": Case(requires("mini-choice"), limits("mini-choice<2"), limits("mini-choice>2"),
                                           limited("mini"), ["mini-choice<2"], ["mini-choice>2"],
                                           "constraint:mini-choice"),
    "a constraint removed and changed": Case(
        both(requires("mini-choice"), limits("mini-choice<3")), replaced('    "mini-choice<3",\n', ""),
        replaced("mini-choice<3", "mini-choice<2"), limited("mini"), [], ["mini-choice<2"], "constraint:mini-choice"),
    "a group of one's own": Case(group("own", "mini-choice"), replaced("['mini-choice']", "['mini-choice<3']"),
                                 replaced("['mini-choice']", "['mini-choice', 'mini-masks']"), groups,
                                 {"own": ["mini-choice<3", "mini-masks"]}),
    "ComfyUI of one side": Case(nothing, requires("mini-choice"), comfyui("v0.2.0"), comfyui_of, ("v0.2.0", False)),
    "ComfyUI": Case(nothing, comfyui("v0.2.0"), comfyui("main"), comfyui_of, ("v0.2.0", False), ("main", True),
                    "comfyui"),
    "ComfyUI and its repository": Case(
        nothing, elsewhere, comfyui("main"),
        lambda found: (tool(found)["comfyui_version"], tool(found)["comfyui_repository"] == "/elsewhere"),
        ("v0.10.0", True), ("main", False), "comfyui"),
    "Python": Case(nothing, replaced(">=3.11,<3.12", ">=3.11"), replaced(">=3.11,<3.12", ">=3.11,<3.14"),
                   lambda found: found["project"]["requires-python"], ">=3.11", ">=3.11,<3.14", "python"),
    "settings of either side": Case(nothing, replaced("package = false", 'package = false\nprerelease = "allow"'),
                                    replaced("package = false", "package = false\nno-build = false"),
                                    lambda found: (uv("prerelease")(found), uv("no-build")(found)), ("allow", False)),
    "a setting": Case(nothing, replaced("package = false", 'package = false\nprerelease = "allow"'),
                      replaced("package = false", 'package = false\nprerelease = "disallow"'), uv("prerelease"),
                      "allow", "disallow", "setting:tool.uv.prerelease"),
    "a setting removed and changed": Case(
        replaced("package = false", 'package = false\nprerelease = "allow"'), replaced('prerelease = "allow"\n', ""),
        replaced('prerelease = "allow"', 'prerelease = "disallow"'), uv("prerelease"), None, "disallow",
        "setting:tool.uv.prerelease"),
    "notes of a workflow": Case(nothing, table('[tool.comfydock.workflows.flow]\npath = "a"'),
                                table('[tool.comfydock.workflows.flow]\npath = "b"'),
                                lambda found: tool(found)["workflows"]["flow"]["path"], "a", "b",
                                "workflow-entry:flow"),
    "packs of either side": Case(nothing, pack("blur", "1.0.0"), pack("sharp", "1.0.0", "mini-masks"),
                                 lambda found: [sorted(tool(found)["nodes"]), groups(found)],
                                 [["blur", "sharp"], {pack_group("sharp"): ["mini-masks"]}]),
    "a pack at two versions": Case(
        nothing, pack("blur", "1.0.0"), pack("blur", "2.0.0", "mini-masks"),
        lambda found: [version_of("blur")(found), groups(found)], ["1.0.0", {}],
        ["2.0.0", {pack_group("blur"): ["mini-masks"]}], "pack:blur"),
    "a pack at one version": Case(nothing, both(pack("blur", "1.0.0"), requires("mini-choice")), pack("blur", "1.0.0"),
                                  version_of("blur"), "1.0.0"),
    "a pack with other requirements": Case(
        pack("blur", "1.0.0", "mini-masks<2"), replaced("mini-masks<2", "mini-choice"),
        replaced("mini-masks<2", "mini-blend"),
        groups, {pack_group("blur"): ["mini-choice"]}, {pack_group("blur"): ["mini-blend"]}, "pack:blur"),
    "a pack removed and changed": Case(
        pack("blur", "1.0.0"), replaced(noted("blur", "1.0.0"), ""),
        replaced('version = "1.0.0"', 'version = "2.0.0"'), version_of("blur"), None, "2.0.0", "pack:blur"),
    "a pack that is off": Case(pack("blur", "1.0.0"), table("[tool.comfydock.nodes.blur.more]\na = 1"),
                               replaced('version = "1.0.0"', 'version = "2.0.0"'), version_of("blur"), "1.0.0", "2.0.0",
                               "pack:blur"),
    "no lock on our side": Case(nothing, both(file(LOCK, None), requires("mini-choice")), requires("mini-masks"),
                                asked_of("mini-c"), ["mini-choice"]),
    "no lock on their side": Case(nothing, requires("mini-choice"), both(file(LOCK, None), requires("mini-masks")),
                                  asked_of("mini-c"), ["mini-choice"]),
    "no lock anywhere": Case(file(LOCK, None), requires("mini-choice"), requires("mini-masks"), asked_of("mini-c"),
                             ["mini-choice"]),
    "ComfyUI and a pack": Case(
        nothing, both(comfyui("v0.2.0"), pack("blur", "1.0.0")), both(comfyui("main"), pack("blur", "1.0.0")),
        comfyui_of, ("v0.2.0", False), ("main", True), "comfyui"),
    "ComfyUI and a requirement of its own": Case(
        nothing, both(comfyui("v0.2.0"), requires("mini-sampling")), both(comfyui("main"), requires("mini-choice")),
        comfyui_of, ("v0.2.0", True), ("main", True), "comfyui"),
    "Python and ComfyUI": Case(nothing, replaced(">=3.11,<3.12", ">=3.11"), comfyui("v0.2.0"),
                               lambda found: (found["project"]["requires-python"], *comfyui_of(found)),
                               (">=3.11", "v0.2.0", False)),
    "a constraint and a pack": Case(nothing, limits("mini-masks<2"), pack("blur", "1.0.0", "mini-masks"),
                                    limited("mini-masks"), ["mini-masks<2"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Session:
    """The environment whose history each case replaces; its packages stay."""
    made = new_session(programs.program("source"), tmp_path_factory.mktemp("cases"), miniature)
    made.ok("init")
    made.ok("create", "work", "--torch-backend", "cpu", "--use")
    made.ok("backend", "lock", "cu128")
    made.ok("commit")
    git(made.environments / "work/.cec", "tag", "first")
    return made


@pytest.fixture
def made(work: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[PastEnvironment]:
    for name, value in work.environment().items():
        monkeypatch.setenv(name, value)
    yield PastEnvironment(work.workspace)


def branch_off(made: PastEnvironment, case: Case, miniature: Miniature, *, exchanged: bool = False) -> None:
    """The history of a case from the first commit on; `main` is there then."""
    made.git("symbolic-ref", "HEAD", "refs/heads/main")
    made.git("reset", "--quiet", "--hard", "first")
    made.git("branch", "--quiet", "--force", "other", "first")
    first = {name: content.decode() for name, content in files_at(made, "first").items()}
    sides = (case.theirs, case.ours) if exchanged else (case.ours, case.theirs)
    base = commit(made, first, case.base, miniature)
    ours, theirs = made.git("rev-parse", "HEAD"), ""
    commit(made, base, sides[1], miniature)
    theirs = made.git("rev-parse", "HEAD")
    made.git("reset", "--quiet", "--hard", ours)
    made.git("update-ref", "refs/heads/other", theirs)
    commit(made, base, sides[0], miniature)


def commit(made: PastEnvironment, before: Mapping[str, Content], edit: Edit, miniature: Miniature) -> Files:
    files = dict(before)
    edit(files, miniature)
    for name in files.keys() | before.keys():
        content = files.get(name)
        if content is None:
            (made.definition / name).unlink(missing_ok=True)
        elif content != before.get(name):
            assert isinstance(content, str)
            made.put(name, content)
    made.commit("an edit")
    return files


def planned(made: PastEnvironment, take: dict[str, str] | None = None, auto: str | None = None) -> MergePlan:
    request = MergeRequest("other", take=take or {}, auto=auto, policy=DISCARD)
    return find_workspace().moves.plan_merge("work", request, RecordingReporter())


def refuse_unlocked(made: PastEnvironment, plan: MergePlan, place: Path) -> Manifest:
    """The merge is a commit of both sides, whose lock is for its manifest; nothing is left to merge."""
    assert plan.move is not None
    merged = plan.move.destination.commit
    assert made.git("show", "--no-patch", "--format=%P", merged).split() == [plan.mine, plan.theirs]
    files = files_at(made, merged)
    for name in (MANIFEST, LOCK):
        (place / name).write_bytes(files[name])
    words = [find_uv_bin(), "lock", "--check", "--offline", "--quiet", "--directory", str(place)]
    done = subprocess.run(words, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0, done.stderr
    made.git("update-ref", "refs/heads/main", merged)
    assert planned(made).kind == NOTHING
    made.git("update-ref", "refs/heads/main", plan.mine)
    return tomllib.loads(files[MANIFEST].decode())


ASKED = [name for name, case in CASES.items() if case.question is not None]
SETTLED = [name for name, case in CASES.items() if case.question is None]


@pytest.mark.parametrize("name", SETTLED)
@pytest.mark.parametrize("exchanged", [False, True], ids=["ours", "exchanged"])
def test_what_can_be_united_is(
    made: PastEnvironment, miniature: Miniature, tmp_path: Path, name: str, exchanged: bool
) -> None:
    case = CASES[name]
    branch_off(made, case, miniature, exchanged=exchanged)
    plan = planned(made)
    assert (plan.kind, plan.questions) == (MERGE, ())
    assert case.look(refuse_unlocked(made, plan, tmp_path)) == case.mine


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("exchanged", [False, True], ids=["ours", "exchanged"])
def test_what_cannot_be_united_is_asked_and_answered(
    made: PastEnvironment, miniature: Miniature, tmp_path: Path, name: str, exchanged: bool
) -> None:
    case = CASES[name]
    branch_off(made, case, miniature, exchanged=exchanged)
    plan = planned(made)
    assert ([one.name for one in plan.open], plan.move) == ([case.question], None)
    wanted = {"mine": case.mine, "theirs": case.other}
    for side, other in (("mine", "theirs"), ("theirs", "mine")):
        by_name = side == "mine"
        plan = planned(made, take={str(case.question): side}) if by_name else planned(made, auto=side)
        assert plan.open == ()
        found = refuse_unlocked(made, plan, tmp_path)
        assert case.look(found) == wanted[other if exchanged else side]


def limits_of(found: Manifest) -> list[str]:
    constraints = found["tool"]["uv"]["constraint-dependencies"]
    return [line for line in (*found["project"]["dependencies"], *constraints) if line.startswith("mini-choice")]


@pytest.mark.parametrize("exchanged", [False, True], ids=["ours", "exchanged"])
def test_what_two_things_require_and_cannot_be_had_together_is_taken_from_one_side(
    made: PastEnvironment, miniature: Miniature, tmp_path: Path, exchanged: bool
) -> None:
    noting = table('[tool.comfydock.workflows.face]\npath = "face.json"')
    case = Case(nothing, both(limits("mini-choice<2"), noting), requires("mini-choice>2", "mini-masks"), CHOICE, None)
    branch_off(made, case, miniature, exchanged=exchanged)
    plan = planned(made)
    assert ([one.name for one in plan.open], plan.move) == (["packages"], None)
    (question,) = plan.open
    shown = ["mini-choice<2", "mini-choice>2, mini-masks"]
    assert [question.mine, question.theirs] == (shown[::-1] if exchanged else shown)
    for side in ("mine", "theirs"):
        for given in ({"take": {"packages": side}}, {"auto": side}):
            plan = planned(made, **given)  # type: ignore[arg-type]
            assert plan.open == ()
            found = refuse_unlocked(made, plan, tmp_path)
            is_limited = (side == "mine") is not exchanged
            assert limits_of(found) == (["mini-choice<2"] if is_limited else ["mini-choice>2"])
            assert found["tool"]["comfydock"]["workflows"] == {"face": {"path": "face.json"}}
            assert ("mini-masks" in found["project"]["dependencies"]) is not is_limited


def test_packages_that_do_not_fit_are_asked_about_on_a_terminal(
    made: PastEnvironment, miniature: Miniature, work: Session
) -> None:
    case = Case(nothing, limits("mini-choice<2"), requires("mini-choice>2"), CHOICE, None)
    branch_off(made, case, miniature)
    error = work.error("merge", "other")
    assert (error["code"], [one["name"] for one in error["context"]["questions"]]) == ("merge-undecided", ["packages"])
    child = terminal(work, "merge", "other", columns=400)
    child.expect_exact("both sides changed the packages so that they do not fit together (packages)")
    child.expect_exact("number [1]: ")
    child.sendline("2")
    code, shown = end(child)
    assert code == 0, shown
    assert limits_of(tomllib.loads(files_at(made, "HEAD")[MANIFEST].decode())) == ["mini-choice>2"]
    assert work.data("status")["packages"]["state"] == "in-sync"
    work.ok("undo")


def test_a_damaged_lock_is_said_with_the_side(made: PastEnvironment, miniature: Miniature) -> None:
    broken = both(file(LOCK, "[[package]]\n"), requires("mini-masks"))
    branch_off(made, Case(nothing, requires("mini-choice"), broken, CHOICE, None), miniature)
    with pytest.raises(MergeRefused, match="their side") as caught:
        planned(made)
    assert "`comfydock sync --relock`" in str(caught.value.hint)


@pytest.mark.parametrize("exchanged", [False, True], ids=["ours", "exchanged"])
def test_back_ends_that_one_side_added_or_removed_are_so(
    made: PastEnvironment, miniature: Miniature, exchanged: bool
) -> None:
    first = files_at(made, "first")[CUDA].decode()
    removed = both(file(CUDA, None), requires("mini-choice"))
    branch_off(made, Case(nothing, removed, requires("mini-masks"), CHOICE, None), miniature, exchanged=exchanged)
    plan = planned(made)
    assert plan.move is not None
    assert CUDA not in files_at(made, plan.move.destination.commit)
    added = both(file(CUDA, first), requires("mini-choice"))
    case = Case(file(CUDA, None), added, requires("mini-masks"), CHOICE, None)
    branch_off(made, case, miniature, exchanged=exchanged)
    plan = planned(made)
    assert plan.move is not None
    assert CUDA in files_at(made, plan.move.destination.commit)


def test_back_ends_that_are_not_committed_stay_out_of_the_merge(made: PastEnvironment, miniature: Miniature) -> None:
    first = files_at(made, "first")[CUDA].decode()
    case = Case(file(CUDA, None), requires("mini-choice"), requires("mini-masks"), CHOICE, None)
    branch_off(made, case, miniature)
    made.put(CUDA, first)
    plan = planned(made)
    assert plan.move is not None
    assert CUDA not in files_at(made, plan.move.destination.commit)


def test_requirements_are_asked_on_a_terminal_when_they_prove_not_to_fit(
    made: PastEnvironment, miniature: Miniature, work: Session
) -> None:
    branch_off(made, CASES["a requirement that does not fit"], miniature)
    child = terminal(work, "merge", "other", "--preview", columns=400)
    code, shown = end(child)
    assert (code, "package:mini-choice" in shown) == (0, True)
    child = terminal(work, "merge", "other", columns=400)
    child.expect_exact("(package:mini-choice)")
    child.expect_exact("mine: mini-choice<2")
    child.expect_exact("theirs: mini-choice>=3")
    child.expect_exact("number [1]: ")
    child.sendline("2")
    code, shown = end(child)
    assert code == 0, shown
    assert CHOICE(tomllib.loads(files_at(made, "HEAD")[MANIFEST].decode())) == ["mini-choice>=3"]
    assert work.data("status")["packages"]["state"] == "in-sync"
    assert work.data("merge", "other")["kind"] == NOTHING


@pytest.mark.parametrize("exchanged", [False, True], ids=["ours", "exchanged"])
def test_a_pack_goes_to_the_later_commit_of_one_line_only(
    made: PastEnvironment, miniature: Miniature, tmp_path: Path, exchanged: bool
) -> None:
    """Its history is ComfyUI's here, which has a line of releases, and one commit beside them."""
    place = made.root / "ComfyUI/custom_nodes/lined"
    if not place.exists():
        git(made.root, "clone", "--quiet", "--no-hardlinks", str(miniature.repository), str(place))

    def at(name: str) -> Edit:
        return pack("lined", miniature.commits[name], more='source = "git"\nrepository = "https://lined.invalid/x"\n')

    def moved(name: str) -> Edit:
        return replaced(miniature.commits["v0.1.0"], miniature.commits[name])

    branch_off(
        made, Case(at("v0.1.0"), moved("v0.2.0"), moved("v0.10.0"), CHOICE, None), miniature, exchanged=exchanged
    )
    preview = find_workspace().moves.plan_merge("work", MergeRequest("other", preview=True), RecordingReporter())
    assert preview.questions == ()
    assert preview.decided == (
        f"lined: took {miniature.commits['v0.10.0'][:10]}, which descends from the other side's commit",
    )
    case = Case(at("v0.1.0"), moved("v0.10.0"), moved("experiment"), CHOICE, None)
    branch_off(made, case, miniature, exchanged=exchanged)
    preview = find_workspace().moves.plan_merge("work", MergeRequest("other", preview=True), RecordingReporter())
    assert [one.name for one in preview.questions] == ["pack:lined"]
