"""`log`, `show`, `diff` and `blame` as people and scripts use them."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from build.programs import Program
from comfydock_core.models.workflow.lock import LockedComfyUI, LockedModel, LockedPack, WorkflowLock
from comfydock_core.models.workflow.lock_text import lock_text
from tests.support import programs
from tests.support.histories import MANIFEST, PACK, PastEnvironment, graph, loader, past_environment, sampler
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session


@pytest.fixture
def past(tmp_path: Path) -> PastEnvironment:
    made = past_environment(tmp_path)
    made.commit("Initial environment setup", {"pyproject.toml": MANIFEST})
    portrait: dict[str, object] = graph(sampler(steps=20, control="fixed", title="base"))
    files = {
        "pyproject.toml": MANIFEST + PACK.format(name="impact", version="1.0.0"),
        "workflows/portrait.json": portrait,
    }
    made.commit("first pictures", {**files})
    return made


@pytest.fixture
def session(past: PastEnvironment, tmp_path: Path) -> Session:
    return Session(programs.program("source"), past.workspace, {"HOME": str(tmp_path)})


def test_the_log_has_an_entry_a_commit(program: Program, past: PastEnvironment, tmp_path: Path) -> None:
    session = Session(program, past.workspace, {"HOME": str(tmp_path)})
    lines = session.ok("log").out.splitlines()
    assert re.fullmatch(r"v2    [0-9a-f]{8}  \d{4}-\d\d-\d\d \d\d:\d\d  Alice \(main\)  first pictures", lines[0])
    assert lines[1] == "    add pack impact, add workflow portrait"
    assert lines[3:] == ["    start with ComfyUI v0.3.60"]


def test_a_difference_is_told_by_nodes_and_values(program: Program, past: PastEnvironment, tmp_path: Path) -> None:
    session = Session(program, past.workspace, {"HOME": str(tmp_path)})
    past.save("portrait", graph(sampler(steps=30, control="fixed", title="base"), loader("sd.safetensors")))
    assert session.ok("diff").out.splitlines() == [
        "workflows",
        "  ~ portrait",
        "      + CheckpointLoaderSimple 4",
        '      ~ KSampler "base": a value 20 → 30',
        "      + model sd.safetensors",
    ]


def test_inputs_have_names_where_their_class_is_known(session: Session, past: PastEnvironment) -> None:
    nodes = past.root / "ComfyUI/nodes.py"
    nodes.write_text(
        "class KSampler:\n    @classmethod\n    def INPUT_TYPES(s):\n        return {'required': {"
        "'seed': ('INT', {'control_after_generate': True}), 'steps': ('INT',), 'cfg': ('FLOAT',),"
        " 'sampler_name': (['euler'],), 'scheduler': (['normal'],), 'denoise': ('FLOAT',)}}\n"
        "NODE_CLASS_MAPPINGS = {'KSampler': KSampler}\n"
    )
    past.save("portrait", graph(sampler(steps=30, control="fixed", title="base")))
    assert '      ~ KSampler "base": steps 20 → 30\n' in session.ok("diff").out


def test_show_has_the_commit_and_what_it_changed(session: Session) -> None:
    out = session.ok("show", "v2").out
    assert "  first pictures\n" in out
    assert out.endswith("node packs\n  + impact 1.0.0\nworkflows\n  + portrait (1 node)\n")


def test_two_commits_are_compared_as_data(session: Session) -> None:
    data = session.data("diff", "v1..v2")
    assert (data["before"]["name"], data["after"]["name"]) == ("v1", "v2")
    assert [(one["pack"], one["state"]) for one in data["difference"]["packs"]] == [("impact", "added")]
    assert [(one["workflow"], one["state"]) for one in data["difference"]["workflows"]] == [("portrait", "added")]


def test_nothing_that_differs_is_said_and_no_failure(session: Session, past: PastEnvironment) -> None:
    past.save("portrait", graph(sampler(seed=1, steps=20, control="fixed", title="base")))
    assert session.ok("diff").out == "nothing is different\n"
    assert session.data("diff")["difference"]["empty"] is True


def test_a_graph_is_drawn(session: Session, past: PastEnvironment) -> None:
    past.git("checkout", "-q", "-b", "side", "HEAD~1")
    past.commit("aside", {"notes.txt": "x"})
    past.git("checkout", "-q", "main")
    past.git("merge", "-q", "--no-edit", "side")
    lines = session.ok("log", "--graph").out.splitlines()
    assert [line[:4].rstrip() for line in lines] == ["* v3", "|\\", "| *", "| |", "* |", "|/", "* v1", ""]


def test_a_number_limits_the_log(session: Session) -> None:
    ran = session.ok("log", "-n", "1")
    assert len(ran.out.splitlines()) == 2
    assert "`-n 0` lists all" in ran.err


def test_what_others_wrote_cannot_act_on_the_terminal(session: Session, past: PastEnvironment) -> None:
    past.commit("red \x1b[31m and \u202e turned", {"workflows/\x1b]0;x\x07.json": graph(loader("a"))})
    for words in (("log",), ("log", "--graph"), ("show",), ("diff", "v1..HEAD")):
        out = session.ok(*words).out
        assert out.replace("\n", "").replace("\\", "").isprintable(), words
        assert "\\x1b" in out


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("show", "v9"), "ref-not-found", 3),
        (("show", "mian"), "ref-not-found", 3),
        (("show", "a b"), "ref-invalid", 2),
        (("diff", "HEAD..--output=x"), "ref-invalid", 2),
        (("diff", "a...b"), "ref-invalid", 2),
        (("diff", "op:9"), "operation-not-found", 3),
        (("log", "nobody"), "workflow-not-found", 3),
        (("blame", "nobody"), "workflow-not-found", 3),
        (("blame", "portrait", "KSamper", "--ref", "v2"), "workflow-node-not-found", 3),
        (("blame", "portrait", "KSampler.step", "--ref", "v2"), "workflow-node-not-found", 3),
        (("blame", "portrait", "--ref", "v9"), "ref-not-found", 3),
    ],
)
def test_what_is_not_there_is_a_named_error(
    session: Session, words: tuple[str, ...], code: str, exit_code: int
) -> None:
    error = session.error(*words)
    assert (error["code"], error["exit_code"]) == (code, exit_code)


def test_names_are_completed(session: Session, past: PastEnvironment) -> None:
    past.git("tag", "good")
    assert session.ok("__complete", "bash", "show", "").out.split() == ["HEAD", "main", "good"]
    assert session.ok("__complete", "bash", "diff", "go").out.split() == ["good"]


def test_a_change_shows_until_it_is_undone(work: Session, host: PackHost) -> None:
    """What `create` committed is the state to compare with; the state before an operation is one, too."""
    host.add("fancy", files=pack_files())
    work.ok("node", "add", "fancy")
    assert "node packs\n  + fancy 1.0.0\n" in work.ok("diff").out
    number = work.data("operation", "list", "-e", "work")["operations"][-1]["number"]
    assert work.data("diff", f"HEAD..op:{number}")["difference"]["packs"] == []
    work.ok("undo")
    assert work.data("diff")["difference"]["packs"] == []
    assert [one["pack"] for one in work.data("diff", f"HEAD..op:{number + 1}")["difference"]["packs"]] == ["fancy"]
    assert work.data("diff", f"HEAD..op:{number}")["difference"]["packs"] == []


def test_blame_tells_who_set_what(program: Program, past: PastEnvironment, tmp_path: Path) -> None:
    session = Session(program, past.workspace, {"HOME": str(tmp_path)})
    past.save("portrait", graph(sampler(steps=30, control="fixed", title="base"), loader("sd.safetensors")))
    lines = session.ok("blame", "portrait").out.splitlines()
    assert re.fullmatch(
        r'KSampler "base" \(3\) +v2  [0-9a-f]{8}  \d{4}-\d\d-\d\d \d\d:\d\d  Alice: first pictures', lines[0]
    )
    assert re.fullmatch(r"  #1: 1 +v2 .*", lines[1])
    assert re.fullmatch(r"  #2: 30 +\(not committed yet\)", lines[2])
    assert re.fullmatch(r"CheckpointLoaderSimple 4 +\(not committed yet\)", lines[7])
    (node,) = session.data("blame", "portrait", "base.#2", "--ref", "HEAD")["nodes"]
    (value,) = node["values"]
    assert (value["source"]["value"], value["commit"]["version"]) == (20, "v2")
    assert "commit" not in node


def test_blame_completes_workflows_and_commits(session: Session, past: PastEnvironment) -> None:
    past.save("portrait", graph(sampler()))
    assert session.ok("__complete", "bash", "blame", "").out.split() == ["portrait"]
    assert session.ok("__complete", "bash", "blame", "portrait", "--ref", "ma").out.split() == ["main"]


def test_blame_passes_over_what_cannot_be_read(session: Session, past: PastEnvironment) -> None:
    past.commit("broken \x1b[31m", {"workflows/portrait.json": "{"})
    past.commit("mended", {"workflows/portrait.json": graph(sampler(steps=20, control="fixed", title="base"))})
    ran = session.ok("blame", "portrait", "base.#2", "--ref", "HEAD")
    assert re.search(r"#2: 20 +v2 ", ran.out)
    assert "! the workflow as of v3 cannot be read" in ran.err


def test_a_picture_shows_how_workflows_differ(
    program: Program, past: PastEnvironment, tmp_path: Path, session: Session
) -> None:
    here = Session(program, past.workspace, {"HOME": str(tmp_path)})
    past.save("portrait", graph(sampler(steps=30, control="fixed", title="base"), loader("sd.safetensors")))
    ran = here.ok("diff", "--picture", str(tmp_path / "diff.svg"))
    assert (ran.out, ran.err.endswith(f"drawn to {tmp_path}/diff.svg\n")) == (session.ok("diff").out, True)
    picture = ElementTree.parse(tmp_path / "diff.svg").getroot()
    assert picture.findtext("{http://www.w3.org/2000/svg}title") == "Workflows: v2 → now"
    assert session.data("show", "v2", "--picture", str(tmp_path / "show.svg"))["picture"] == f"{tmp_path}/show.svg"
    assert "v1 → v2" in (tmp_path / "show.svg").read_text()


def test_a_picture_replaces_pictures_alone_unless_forced(
    session: Session, past: PastEnvironment, tmp_path: Path
) -> None:
    past.save("portrait", graph(sampler(steps=30, control="fixed", title="base")))
    mine, picture = tmp_path / "mine.svg", tmp_path / "diff.svg"
    mine.write_text("<svg/>")
    (tmp_path / "link.svg").symlink_to(tmp_path / "nowhere")
    for path in (mine, tmp_path / "link.svg", tmp_path):
        error = session.error("diff", "--picture", str(path))
        assert (error["code"], error["exit_code"]) == ("conflict", 4)
    assert mine.read_text() == "<svg/>"
    session.ok("diff", "--picture", str(picture))
    before = picture.read_text()
    past.save("portrait", graph(sampler(steps=31, control="fixed", title="base")))
    session.ok("diff", "--picture", str(picture))
    assert picture.read_text() != before
    session.ok("diff", "--picture", str(mine), "--force")
    assert mine.read_text() == picture.read_text()
    assert sorted(one.name for one in tmp_path.glob("*.svg")) == ["diff.svg", "link.svg", "mine.svg"]


def test_no_picture_is_made_of_nothing(session: Session, past: PastEnvironment, tmp_path: Path) -> None:
    past.save("portrait", graph(sampler(steps=20, control="fixed", title="base")))
    ran = session.ok("diff", "--picture", str(tmp_path / "diff.svg"))
    assert "nothing was drawn" in ran.err
    assert not (tmp_path / "diff.svg").exists()
    assert session.data("diff", "--picture", str(tmp_path / "diff.svg"))["picture"] is None


def test_a_picture_that_cannot_be_written_is_an_error(session: Session, past: PastEnvironment, tmp_path: Path) -> None:
    past.save("portrait", graph(sampler(steps=30, control="fixed", title="base")))
    assert session.error("diff", "--picture", str(tmp_path / "no/where.svg"))["code"] == "file-system"
    assert session.error("diff", "--force")["exit_code"] == 2


def test_locks_of_workflows_are_told_by_what_they_pin(program: Program, past: PastEnvironment, tmp_path: Path) -> None:
    here = Session(program, past.workspace, {"HOME": str(tmp_path)})
    pack = LockedPack("fancy", "Fancy", "registry", "1.0.0")
    lock = WorkflowLock("portrait", LockedComfyUI("v0.3.60"), (pack,))
    past.commit("lock", {"workflow-locks/portrait.json": lock_text(lock)})
    newer = replace(lock, packs=(replace(pack, version="1.1.0"),), models=(LockedModel("vae", "a.safetensors", 5),))
    past.commit("again", {"workflow-locks/portrait.json": lock_text(newer)})
    assert here.ok("show", "HEAD").out.splitlines()[-4:] == [
        "locks of workflows",
        "  ~ portrait",
        "      ~ pack fancy 1.0.0 → 1.1.0",
        "      + model vae/a.safetensors 5 B",
    ]
    words = [line.strip() for line in here.ok("log", "-n", "2").out.splitlines()[1::2]]
    assert words == ["lock workflow portrait anew (pack fancy, model vae/a.safetensors)", "lock workflow portrait"]
    (told,) = here.data("diff", "v3..v4")["difference"]["locks"]
    assert (told["workflow"], told["entries"][0]) == (
        "portrait", {"kind": "pack", "name": "fancy", "before": "1.0.0", "after": "1.1.0"}
    )  # fmt: skip


def test_other_files_among_the_workflows_are_compared_as_a_commit_takes_them(work: Session) -> None:
    folder = work.environments / "work/ComfyUI/user/default/workflows"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "notes.txt").write_text("one")
    work.ok("commit")
    assert work.ok("diff").out == "nothing is different\n"
    (folder / "notes.txt").write_text("two")
    assert "notes.txt" in work.ok("diff").out
