"""Bundles: an environment exported, imported elsewhere, and exported again; and those of the predecessors."""

import dataclasses
import hashlib
import io
import json
import os
import shlex
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from comfydock_core.integrations.uv_command import find_uv
from tests.e2e.conftest import ODD
from tests.e2e.test_terminal import end, terminal
from tests.support.git_server import git_serving
from tests.support.miniature import NEWEST, Miniature, git
from tests.support.model_files import write_safetensors
from tests.support.model_host import model_host
from tests.support.older_workspace import MANIFEST
from tests.support.pack_host import PackHost, pack_files, pack_host
from tests.support.sessions import Session, copy_workspace, names_in

WORK = ("-e", "work")
FLOW = {"nodes": [{"id": 1, "type": "Blur"}], "links": []}
WORKFLOWS = ("flow", "new/deep ☃")
IMPORT = ("--name", "copy", "--torch-backend", "cpu")


@dataclass(frozen=True, slots=True)
class Origin:
    """A workspace that others get environments from, its host of node packs, and a bundle of `work`."""

    session: Session
    host: PackHost
    bundle: Path
    older_pack: str

    @property
    def definition(self) -> Path:
        return self.session.environments / "work/.cec"


@pytest.fixture(scope="module")
def origin(first: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    """`work` with a pack of the registry, one from git, one of its own, and a workflow in a folder; committed."""
    place = tmp_path_factory.mktemp("origin")
    (place / "home").mkdir()
    copy_workspace(first.workspace, place / "workspace")
    with pack_host(place / "host") as host:
        host.add("blur", files=pack_files("Blur", requirements="mini-blend\n"))
        host.add_repository("alice", "Fancy", tag="v1")
        host.add_repository("alice", "Fancy", {"more.py": "newer = True\n"})
        session = Session(first.program, place / "workspace", {**first.variables, **host.variables()})
        session.variables["HOME"] = str(place / "home")
        session.ok("node", "add", "blur", "https://github.com/alice/Fancy", *WORK)
        own_pack(session)
        for name in WORKFLOWS:
            save(session, name)
        session.ok("commit", *WORK)
        bundle = place / "work.tar.gz"
        session.ok("export", str(bundle), *WORK)
        yield Origin(session, host, bundle, host.add("comfyui-fancy", files=pack_files("Fancy")))


def own_pack(session: Session) -> None:
    """A development pack with a program, something that Python made, and a repository."""
    mine = session.environments / "work/ComfyUI/custom_nodes/Mine"
    (mine / "__pycache__").mkdir(parents=True)
    (mine / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
    (mine / "start.sh").write_text("#!/bin/sh\n")
    (mine / "start.sh").chmod(0o755)
    (mine / "__pycache__/x.pyc").write_text("")
    git(mine, "init", "--quiet")
    session.ok("node", "add", "Mine", "--dev", *WORK)


def save(session: Session, name: str, flow: object = FLOW) -> None:
    path = session.environments / f"work/ComfyUI/user/default/workflows/{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(flow))


@pytest.fixture
def theirs(origin: Origin, tmp_path: Path) -> Session:
    """The workspace of somebody else, empty; uv knows the packages."""
    return workspace_at(origin, tmp_path / ODD)


def workspace_at(origin: Origin, place: Path) -> Session:
    (place / "home").mkdir(parents=True)
    cache = str(origin.session.workspace / "uv_cache")
    variables = {**origin.session.variables, "HOME": str(place / "home"), "UV_CACHE_DIR": cache}
    session = Session(origin.session.program, place / "workspace", variables)
    session.ok("init")
    return session


@pytest.fixture
def mine(origin: Origin, tmp_path: Path) -> Session:
    """A copy of the origin to change."""
    copy_workspace(origin.session.workspace, tmp_path / "mine")
    return Session(origin.session.program, tmp_path / "mine", dict(origin.session.variables))


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path, "r:gz") as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def write(path: Path, files: Mapping[str, bytes]) -> Path:
    """A bundle as both predecessors write them."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o755 if name.endswith(".sh") else 0o644
            archive.addfile(member, io.BytesIO(content))
    return path


def nothing_made(session: Session) -> bool:
    """No environment, and nothing left of what was read."""
    there = names_in(session.environments) if session.environments.exists() else []
    return there == [] and not (session.workspace / "comfydock_cache/bundles").exists()


# There and back


def test_what_is_exported_is_imported_and_exported_again_to_the_byte(
    origin: Origin, theirs: Session, tmp_path: Path
) -> None:
    told = theirs.data("import", str(origin.bundle), *IMPORT)
    assert (told["complete"], told["missing_packs"], told["passed_over"]) == (True, [], [])
    copy = theirs.environments / "copy"
    assert theirs.ok("diff", "-e", "copy").out == "nothing is different\n"
    assert theirs.data("commit", "-e", "copy")["committed"] is False
    for name in ("pyproject.toml", "uv.lock", ".python-version", "backends/cpu/pylock.toml"):
        assert (copy / ".cec" / name).read_bytes() == (origin.definition / name).read_bytes(), name
    for name in WORKFLOWS:
        assert json.loads((copy / f"ComfyUI/user/default/workflows/{name}.json").read_text()) == FLOW
    assert os.access(copy / "ComfyUI/custom_nodes/Mine/start.sh", os.X_OK)
    assert theirs.data("status", "-e", "copy")["packs"]["missing"] == []
    again = tmp_path / "again.tar.gz"
    theirs.ok("export", str(again), "-e", "copy", TZ="Asia/Tokyo", LC_ALL="C", LANG="C")
    assert again.read_bytes() == origin.bundle.read_bytes()


def test_the_same_state_gives_the_same_bytes_with_any_umask_zone_and_locale(mine: Session, tmp_path: Path) -> None:
    found = set()
    for number, (mask, zone, locale) in enumerate([(0o022, "UTC", "C.UTF-8"), (0o077, "Asia/Tokyo", "C")]):
        target = tmp_path / f"{number}.tar.gz"
        command = [*mine.program.command, "export", str(target), *WORK]
        subprocess.run(
            command, env=mine.environment(TZ=zone, LC_ALL=locale), umask=mask, check=True, capture_output=True
        )
        found.add(target.read_bytes())
        for path in (mine.environments / "work").rglob("*.json"):
            os.utime(path, (number, number))
    assert len(found) == 1


def test_a_bundle_is_laid_out_as_1x_reads_it(origin: Origin) -> None:
    with tarfile.open(origin.bundle, "r:gz") as archive:
        found = archive.getmembers()
    assert [one.name for one in found] == sorted(
        [".python-version", "backends/cpu/pylock.toml", "comfydock.json", "dev_nodes/Mine/__init__.py",
         "dev_nodes/Mine/start.sh", "pyproject.toml", "uv.lock", *(f"workflows/{name}.json" for name in WORKFLOWS)],
        key=str.encode,
    )  # fmt: skip
    assert all(one.isreg() for one in found)
    assert {(one.uid, one.gid, one.uname, one.gname, one.mtime) for one in found} == {(0, 0, "", "", 0)}
    assert {one.name: one.mode for one in found if one.mode != 0o644} == {"dev_nodes/Mine/start.sh": 0o755}
    assert origin.bundle.read_bytes()[4:8] == bytes(4)
    assert not origin.bundle.read_bytes()[3] & 8


def test_the_manifest_of_a_bundle_has_the_digest_of_everything_and_who_needs_what(origin: Origin) -> None:
    found = members(origin.bundle)
    said = json.loads(found.pop("comfydock.json"))
    assert said["format"] == 1
    program = said["members"]["dev_nodes/Mine/start.sh"].pop("executable")
    assert program is True
    assert said["members"] == {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)} for name, content in found.items()
    }
    assert (said["missing"], said["history"]) == ([], None)


def test_standard_output_and_input_carry_a_bundle(origin: Origin, theirs: Session) -> None:
    command = [*origin.session.program.command, "export", "-", *WORK]
    done = subprocess.run(command, env=origin.session.environment(), capture_output=True, check=True)
    assert done.stdout == origin.bundle.read_bytes()
    shown = subprocess.run([*theirs.program.command, "bundle", "show", "-", "--json"], input=done.stdout,
                           env=theirs.environment(), capture_output=True, check=True)  # fmt: skip
    assert json.loads(shown.stdout)["data"]["workflows"] == list(WORKFLOWS)
    assert origin.session.run("export", "-", "--json", *WORK).code == 2


@pytest.mark.parametrize(
    ("words", "closed"),
    [(("bundle", "show", "-"), "<&-"), (("import", "-", "--name", "z"), "<&-"), (("export", "-", *WORK), ">&-")],
)
def test_a_stream_that_is_closed_is_told(origin: Origin, words: tuple[str, ...], closed: str) -> None:
    line = f"{shlex.join([*origin.session.program.command, *words])} {closed}"
    ran = subprocess.run(["sh", "-c", line], env=origin.session.environment(), stderr=subprocess.PIPE, text=True)
    assert (ran.returncode in (2, 3), " is closed" in ran.stderr) == (True, True), ran.stderr


def test_a_file_that_is_called_a_little_otherwise_is_named(origin: Origin, theirs: Session) -> None:
    error = theirs.error("import", str(origin.bundle).replace(".gz", ".gs"), "--name", "z")
    assert (error["code"], error["context"]["near"][0]) == ("template-not-found", origin.bundle.name)
    assert f"did you mean `{origin.bundle.name}`" in error["hint"]


def test_a_directory_gets_a_file_of_the_environment_and_the_day(origin: Origin, tmp_path: Path) -> None:
    told = origin.session.data("export", str(tmp_path), *WORK)
    (made,) = tmp_path.glob("*.tar.gz")
    assert told["path"] == str(made)
    assert made.name.startswith("work_export_20")
    assert (told["size"], told["sha256"]) == (
        made.stat().st_size, hashlib.sha256(made.read_bytes()).hexdigest()
    )  # fmt: skip


def test_the_plan_of_an_export_names_its_members_and_writes_nothing(origin: Origin, tmp_path: Path) -> None:
    plan = origin.session.data("export", str(tmp_path / "b.tar.gz"), *WORK, "--dry-run")
    assert {one["path"] for one in plan["members"]} == members(origin.bundle).keys() - {"comfydock.json"}
    assert list(tmp_path.iterdir()) == []


def test_two_exports_at_once_do_not_disturb_each_other(origin: Origin, tmp_path: Path) -> None:
    target = tmp_path / "b.tar.gz"
    running = [origin.session.start("export", str(target), *WORK) for _ in range(2)]
    assert [process.communicate() and process.returncode for process in running] == [0, 0]
    assert target.read_bytes() == origin.bundle.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["b.tar.gz"]


# What is refused before anything is written


def refused(session: Session, target: Path, *words: str) -> dict[str, Any]:
    error = session.error("export", str(target), *WORK, *words)
    assert not target.exists()
    return error


def test_what_is_not_committed_is_not_exported_and_refused(mine: Session, tmp_path: Path) -> None:
    save(mine, "flow", {"nodes": [], "links": []})
    save(mine, "other")
    error = refused(mine, tmp_path / "b.tar.gz")
    assert error["code"] == "uncommitted-work"
    assert named(error) == {("workflow", "flow", "changed"), ("workflow", "other", "new")}
    mine.ok("commit", *WORK)
    (mine.environments / "work/.cec/overlays").mkdir()
    (mine.environments / "work/.cec/overlays/own.toml").write_text("")
    assert named(refused(mine, tmp_path / "b.tar.gz")) == {("definition", "overlays/own.toml", "new")}


def named(error: dict[str, Any]) -> set[tuple[str, ...]]:
    """What an error says is not committed."""
    return {(one["kind"], one["name"], one["reason"]) for one in error["context"]["uncommitted"]}


def test_workflows_that_lack_something_are_refused_unless_that_is_wished(mine: Session, tmp_path: Path) -> None:
    save(mine, "flow", {"nodes": [{"id": 1, "type": "Nowhere"}], "links": []})
    mine.ok("commit", *WORK)
    target = tmp_path / "b.tar.gz"
    error = refused(mine, target)
    assert (error["code"], error["exit_code"]) == ("export-refused", 4)
    assert [one["workflow"] for one in error["context"]["issues"]] == ["flow"]
    assert [one["workflow"] for one in mine.data("export", str(target), *WORK, "--allow-issues")["issues"]] == ["flow"]


def with_model(session: Session) -> None:
    """A workflow that is locked with a model of which no source is known."""
    model = session.workspace / "models/checkpoints/photo.safetensors"
    model.parent.mkdir(parents=True, exist_ok=True)
    write_safetensors(model, {"weight": (4, 4)})
    loader = {"id": 2, "type": "CheckpointLoaderSimple", "widgets_values": ["photo.safetensors"]}
    save(session, "photo", {"nodes": [*FLOW["nodes"], loader], "links": []})
    session.ok("model", "index", "sync")
    session.ok("workflow", "lock", "photo", *WORK)
    session.ok("commit", *WORK)


def test_models_without_a_source_are_asked_about_before_anything_is_written(mine: Session, tmp_path: Path) -> None:
    with_model(mine)
    target = tmp_path / "b.tar.gz"
    error = refused(mine, target)
    assert error["code"] == "export-refused"
    assert "--allow-issues" in error["message"]
    assert [one["name"] for one in error["context"]["models"]] == ["photo.safetensors"]
    for wish in ("--allow-issues", "--yes"):
        told = mine.data("export", str(target), *WORK, wish)
        assert [one["name"] for one in told["models_without_sources"]] == ["photo.safetensors"]
        assert [gap["kind"] for gap in told["missing"]] == ["model"]
        target.unlink()
    mine.ok("model", "add-source", "photo.safetensors", "https://example.com/photo.safetensors")
    mine.ok("workflow", "lock", "photo", *WORK)
    mine.ok("commit", *WORK)
    assert mine.data("export", str(target), *WORK)["models_without_sources"] == []


def test_a_file_that_is_no_bundle_is_not_replaced(origin: Origin, tmp_path: Path) -> None:
    target = tmp_path / "novel.txt"
    target.write_text("Call me Ishmael.")
    assert origin.session.error("export", str(target), *WORK)["code"] == "export-refused"
    assert target.read_text() == "Call me Ishmael."
    shutil.copy(origin.bundle, target)
    origin.session.ok("export", str(target), *WORK)


# Showing and previewing


def test_a_bundle_is_shown_with_what_is_in_it_and_what_is_here(mine: Session, theirs: Session, tmp_path: Path) -> None:
    with_model(mine)
    bundle = tmp_path / "b.tar.gz"
    mine.ok("export", str(bundle), *WORK, "--allow-issues")
    here, there = mine.data("bundle", "show", str(bundle)), theirs.data("bundle", "show", str(bundle))
    assert [(pack["id"], pack["source"], pack["carried"]) for pack in there["packs"]] == [
        ("blur", "registry", False), ("Fancy", "git", False), ("Mine", "development", True)
    ]  # fmt: skip
    assert there["comfyui"]["version"] == NEWEST
    assert there["workflows"] == ["flow", "new/deep ☃", "photo"]
    assert "torch" in there["packages"]
    assert here["models"][0]["here"] == str(mine.workspace / "models/checkpoints/photo.safetensors")
    assert (there["models"][0]["here"], there["recommended_models"]) == (None, "required")
    assert "photo.safetensors" in theirs.ok("bundle", "show", str(bundle)).out


def test_a_preview_shows_the_contents_and_makes_nothing(origin: Origin, theirs: Session) -> None:
    preview = theirs.data("import", str(origin.bundle), *IMPORT, "--preview")
    again = theirs.data("import", str(origin.bundle), *IMPORT, "--dry-run")
    assert {**preview, "disk_free": 0} == {**again, "disk_free": 0}
    assert preview["contents"]["workflows"] == list(WORKFLOWS)
    assert [step["path"] for step in preview["steps"]] == ["copy"]
    assert nothing_made(theirs)


# What the predecessors wrote


def older(origin: Origin, miniature: Miniature, table: str = "comfydock") -> dict[str, bytes]:
    """The members that both have, with PyTorch's settings in the manifest, which are of the exporter's machine."""
    manifest = MANIFEST.format(name="old", version=NEWEST, pytorch=miniature.pytorch.as_uri())
    manifest = manifest.replace("https://cdn.example/100.zip", origin.older_pack)
    return {
        "pyproject.toml": manifest.replace("[tool.comfydock", f"[tool.{table}").encode(),
        ".python-version": b"3.11\n",
        "workflows/my wf.json": json.dumps(FLOW).encode(),
    }


def lock_of(files: Mapping[str, bytes], session: Session, place: Path) -> bytes:
    """What uv makes of a manifest."""
    place.mkdir()
    (place / "pyproject.toml").write_bytes(files["pyproject.toml"])
    subprocess.run([find_uv(), "--quiet", "lock"], cwd=place, env=session.environment(), check=True)
    return (place / "uv.lock").read_bytes()


@pytest.mark.parametrize("locked", [True, False])
def test_a_bundle_of_1x_is_imported_with_its_development_packs(
    origin: Origin, theirs: Session, miniature: Miniature, tmp_path: Path, locked: bool
) -> None:
    files = {
        **older(origin, miniature),
        "dev_nodes/MyDev/__init__.py": b"NODE_CLASS_MAPPINGS = {}\n",
        "dev_nodes/MyDev/sub/data.txt": b"data",
        "dev_nodes/MyDev/.git/config": b"[core]\n\tfsmonitor = touch /tmp/run\n",
    }
    if locked:
        files["uv.lock"] = lock_of(files, theirs, tmp_path / "project")
    told = theirs.data("import", str(write(tmp_path / "b.tar.gz", files)), *IMPORT, "--models", "skip")
    copy = theirs.environments / "copy"
    assert (copy / "ComfyUI/custom_nodes/MyDev/sub/data.txt").read_text() == "data"
    assert not (copy / "ComfyUI/custom_nodes/MyDev/.git").exists()
    assert told["passed_over"] == ["dev_nodes/MyDev/.git/config"]
    assert theirs.data("status", "-e", "copy")["packs"]["missing"] == []
    manifest = tomllib.loads((copy / ".cec/pyproject.toml").read_text())
    assert "index" not in manifest["tool"]["uv"]
    assert manifest["tool"]["comfydock"]["models"]["fdee4978c05f1401"]["size"] == 100


def test_a_bundle_of_comfygit_is_imported_with_what_only_it_has(
    origin: Origin, theirs: Session, miniature: Miniature, tmp_path: Path
) -> None:
    files = {
        **older(origin, miniature, "comfygit"),
        "package_config.toml": b"[packages]\n",
        "workflow_api/sub/my wf.json": b"{}",
        "overlays/gpu.toml": b"[tool.uv]\n",
    }
    path = str(write(tmp_path / "b.tar.gz", files))
    told = theirs.run("import", path, *IMPORT, "--keep-going", "--models", "skip", "--json")
    data = told.envelope()["data"]
    assert (told.code, data["missing_packs"], data["complete"]) == (3, ["MyDev"], False)
    assert data["next"] == ["comfydock repair -e copy"]
    assert theirs.run("repair", "-e", "copy").code == 3
    for name in ("package_config.toml", "workflow_api/sub/my wf.json", "overlays/gpu.toml"):
        assert (theirs.environments / "copy/.cec" / name).read_bytes() == files[name]


def test_a_pack_that_nobody_can_fetch_is_refused_unless_the_rest_is_wanted(
    origin: Origin, theirs: Session, miniature: Miniature, tmp_path: Path
) -> None:
    bundle = write(tmp_path / "b.tar.gz", older(origin, miniature))
    error = theirs.error("import", str(bundle), *IMPORT)
    assert (error["code"], error["context"]["packs"]) == ("packs-unobtainable", ["MyDev"])
    assert nothing_made(theirs)


def test_a_manifest_of_something_else_is_refused(theirs: Session, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "0"\n')
    error = theirs.error("import", str(tmp_path / "pyproject.toml"), *IMPORT)
    assert (error["code"], error["exit_code"]) == ("template-damaged", 8)
    assert "[tool.comfydock]" in error["message"]


def test_a_new_environment_needs_a_name_where_nobody_can_be_asked(origin: Origin, theirs: Session) -> None:
    error = theirs.error("import", str(origin.bundle))
    assert "--name" in error["hint"]


# Histories, packs and signatures


def test_a_history_comes_along_and_goes_on(mine: Session, origin: Origin, theirs: Session, tmp_path: Path) -> None:
    mine.ok("tag", "good", *WORK)
    mine.ok("branch", "secret", *WORK)
    (mine.environments / "work/.cec/README.md").write_text("Mine.\n")
    mine.ok("commit", "-m", "a word about it", *WORK)
    bundle, again = tmp_path / "b.tar.gz", tmp_path / "again.tar.gz"
    told = mine.data("export", str(bundle), *WORK, "--with-history")
    assert [one["path"] for one in told["left_out"]] == ["README.md"]
    theirs.ok("import", str(bundle), *IMPORT)
    definition = theirs.environments / "copy/.cec"
    assert git(definition, "rev-parse", "HEAD") == git(mine.environments / "work/.cec", "rev-parse", "HEAD")
    assert git(definition, "status", "--porcelain") == ""
    assert git(definition, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main", "refs/tags/good"]
    assert (definition / "README.md").read_text() == "Mine.\n"
    assert theirs.data("log", "-e", "copy")["commits"][0]["subject"] == "a word about it"
    theirs.ok("export", str(again), "-e", "copy", "--with-history")
    assert again.read_bytes() == bundle.read_bytes()


def test_packs_come_along_so_that_nobody_else_is_asked_for_them(
    mine: Session, origin: Origin, theirs: Session, tmp_path: Path
) -> None:
    bundle, again = tmp_path / "b.tar.gz", tmp_path / "again.tar.gz"
    mine.ok("export", str(bundle), *WORK, "--with-packs")
    assert {"packs/blur/__init__.py", "packs/Fancy.bundle"} <= members(bundle).keys()
    nowhere = {"COMFYDOCK_REGISTRY_URL": "http://127.0.0.1:9", "GIT_CONFIG_VALUE_0": "https://example.invalid/"}
    apart = dataclasses.replace(theirs, variables={**theirs.variables, **nowhere})
    told = apart.data("import", str(bundle), *IMPORT)
    assert told["complete"]
    packs = theirs.environments / "copy/ComfyUI/custom_nodes"
    assert git(packs / "Fancy", "rev-parse", "HEAD") == git(
        mine.environments / "work/ComfyUI/custom_nodes/Fancy", "rev-parse", "HEAD"
    )
    assert theirs.data("status", "-e", "copy")["in_sync"]
    theirs.ok("export", str(again), "-e", "copy", "--with-packs")
    assert again.read_bytes() == bundle.read_bytes()


def test_where_another_index_of_pytorch_is_set_that_one_is_locked_from(
    origin: Origin, theirs: Session, miniature: Miniature, tmp_path: Path
) -> None:
    elsewhere = Path(shutil.copytree(miniature.pytorch, tmp_path / "elsewhere")).as_uri()
    theirs.ok("import", str(origin.bundle), *IMPORT, COMFYDOCK_PYTORCH_INDEX_URL=elsewhere)
    assert f'index = "{elsewhere}/cpu"' in (theirs.environments / "copy/.cec/backends/cpu/pylock.toml").read_text()


@pytest.mark.parametrize("words", [(), ("--with-packs",)])
def test_patches_come_along_and_are_applied_to_packs_that_are_carried_too(
    mine: Session, theirs: Session, tmp_path: Path, words: tuple[str, ...]
) -> None:
    names = ("main.py", "custom_nodes/blur/__init__.py", "custom_nodes/Fancy/__init__.py")
    for name in names:
        path = mine.environments / "work/ComfyUI" / name
        path.write_text(path.read_text() + "# mine\n")
    mine.ok("commit", "--with-patches", *WORK)
    mine.ok("export", str(tmp_path / "b.tar.gz"), *WORK, *words)
    theirs.ok("import", str(tmp_path / "b.tar.gz"), *IMPORT)
    made = theirs.environments / "copy"
    for name in names:
        assert (made / "ComfyUI" / name).read_text().endswith("# mine\n"), name
    assert theirs.data("status", "-e", "copy")["in_sync"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of somebody, and the file of those who may sign."""

    private: Path
    signers: Path


def make_key(place: Path, name: str) -> Key:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(place / name)]
    subprocess.run(command, check=True)
    signers = place / f"{name}.signers"
    signers.write_text(f"{name}@example.com {(place / f'{name}.pub').read_text()}")
    return Key(place / name, signers)


def test_a_signature_is_verified_and_can_be_required(origin: Origin, theirs: Session, tmp_path: Path) -> None:
    alice, mallory = make_key(tmp_path, "alice"), make_key(tmp_path, "mallory")
    bundle = tmp_path / "b.tar.gz"
    assert origin.session.data("export", str(bundle), *WORK, "--sign", str(alice.private))["signed"]
    verified = theirs.data("bundle", "verify", str(bundle), "--signers", str(alice.signers))
    assert (verified["digests"], verified["signer"]["name"]) == (True, "alice@example.com")
    assert theirs.data("bundle", "verify", str(bundle))["signer"]["name"] is None
    wanted = ("import", "--require-signed", *IMPORT, "--preview")
    assert theirs.data(*wanted, str(bundle), "--signers", str(alice.signers))["verification"]["signed"]
    for number, limit in enumerate(('namespaces="git"', 'valid-before="20200101"')):
        limited = tmp_path / f"{number}.signers"
        limited.write_text(alice.signers.read_text().replace(" ", f" {limit} ", 1))
        assert theirs.error(*wanted, str(bundle), "--signers", str(limited))["code"] == "signature-refused", limit
    for words in ((str(bundle), "--signers", str(mallory.signers)),
                  (str(origin.bundle), "--signers", str(alice.signers)),
                  (str(origin.definition / "pyproject.toml"), "--signers", str(alice.signers))):  # fmt: skip
        error = theirs.error(*wanted, *words)
        assert (error["code"], error["exit_code"]) == ("signature-refused", 8)
    assert theirs.error(*wanted, str(bundle))["code"] == "invalid-setting"
    assert nothing_made(theirs)


def test_a_signature_covers_every_member(origin: Origin, theirs: Session, tmp_path: Path) -> None:
    alice = make_key(tmp_path, "alice")
    bundle = tmp_path / "b.tar.gz"
    origin.session.ok("export", str(bundle), *WORK, "--sign", str(alice.private))
    files = members(bundle)
    changed = files["workflows/flow.json"].replace(b"Blur", b"Flub")
    said = json.loads(files["comfydock.json"])
    said["members"]["workflows/flow.json"]["sha256"] = hashlib.sha256(changed).hexdigest()
    forged = {**files, "workflows/flow.json": changed, "comfydock.json": json.dumps(said).encode()}
    path = write(tmp_path / "forged.tar.gz", forged)
    error = theirs.error("bundle", "verify", str(path), "--signers", str(alice.signers))
    assert error["code"] == "signature-refused"
    write(path, {**files, "workflows/flow.json": changed})
    assert theirs.error("bundle", "verify", str(path))["code"] == "bundle-damaged"


def test_a_key_that_cannot_sign_is_told_and_nothing_is_written(origin: Origin, tmp_path: Path) -> None:
    error = origin.session.error("export", str(tmp_path / "b.tar.gz"), *WORK, "--sign", str(tmp_path / "none"))
    assert (error["code"], error["exit_code"]) == ("signing-failed", 6)
    assert list(tmp_path.iterdir()) == []


# Repositories and directories


@pytest.fixture
def published(mine: Session, tmp_path: Path) -> Path:
    """The definition as a bare repository with a branch, a tag and a directory that is a definition."""
    bare = tmp_path / "served/envs.git"
    definition = mine.environments / "work/.cec"
    git(definition, "branch", "old", "HEAD~1")
    git(definition, "tag", "first", "HEAD~1")
    bare.parent.mkdir()
    git(tmp_path, "clone", "--quiet", "--bare", str(definition), str(bare))
    git(bare, "symbolic-ref", "HEAD", "refs/heads/main")
    return bare


def test_a_repository_is_imported_with_its_history_and_goes_on_following_it(published: Path, theirs: Session) -> None:
    with git_serving(published.parent, login="alice:secret") as server:
        told = theirs.run("import", server.address("envs.git"), *IMPORT, "--keep-going", "--json")
    assert told.code == 3, told  # The development pack lies in no repository.
    definition = theirs.environments / "copy/.cec"
    assert git(definition, "remote", "get-url", "origin").strip() == server.address("envs.git").replace(
        "alice:secret@", ""
    )
    assert git(definition, "rev-parse", "HEAD") == git(published, "rev-parse", "main")
    assert git(definition, "rev-parse", "--abbrev-ref", "@{upstream}").strip() == "origin/main"
    assert git(definition, "rev-parse", "--is-shallow-repository").strip() == "false"
    assert git(definition, "status", "--porcelain") == ""
    assert "secret" not in "".join(path.read_text(errors="replace") for path in theirs.workspace.rglob("logs/**/*.log"))


@pytest.mark.parametrize("ref", ["old", "first", "commit", "abbreviated", "refs/heads/old"])
def test_any_reference_of_a_repository_can_be_imported(published: Path, theirs: Session, ref: str) -> None:
    commit = git(published, "rev-parse", "first").strip()
    word = {"commit": commit, "abbreviated": commit[:9]}.get(ref, ref)
    theirs.run("import", str(published), *IMPORT, "--branch", word, "--keep-going", "--models", "skip")
    definition = theirs.environments / "copy/.cec"
    assert git(definition, "rev-parse", "HEAD").strip() == commit
    branch = git(definition, "rev-parse", "--abbrev-ref", "HEAD").strip()
    assert branch == ("old" if ref.endswith("old") else "HEAD")
    assert git(definition, "for-each-ref", "--format=%(refname)", "refs/heads").split() == (
        ["refs/heads/old"] if ref.endswith("old") else []
    )


@pytest.mark.parametrize(("ref", "code"), [("odl", "ref-not-found"), ("-x", "ref-invalid"), ("a..b", "ref-invalid")])
def test_references_that_are_none_are_told(published: Path, theirs: Session, ref: str, code: str) -> None:
    error = theirs.error("import", str(published), *IMPORT, f"--ref={ref}")
    assert error["code"] == code
    assert nothing_made(theirs)


def test_a_directory_of_a_repository_is_imported_without_its_history(
    origin: Origin, theirs: Session, tmp_path: Path
) -> None:
    repository = tmp_path / "many"
    shutil.copytree(origin.definition, repository / "envs/work", ignore=shutil.ignore_patterns(".git", ".complete"))
    git(tmp_path, "init", "--quiet", str(repository))
    git(repository, "add", "--all")
    git(repository, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "many")
    error = theirs.error("import", f"{repository}#envs/none", *IMPORT)
    assert error["context"]["directories"] == ["envs"]
    theirs.run("import", f"{repository}#envs/work", *IMPORT, "--keep-going")
    definition = theirs.environments / "copy/.cec"
    assert git(definition, "rev-list", "--count", "HEAD").strip() == "1"
    assert git(definition, "remote").strip() == ""


def test_an_environment_and_a_directory_can_be_imported(origin: Origin, theirs: Session, tmp_path: Path) -> None:
    shutil.copytree(origin.definition, tmp_path / "plain", ignore=shutil.ignore_patterns(".git"))
    assert theirs.run("import", str(tmp_path / "plain"), *IMPORT, "--keep-going").code == 3
    assert theirs.run("import", str(origin.definition.parent), "--name", "second", "--torch-backend", "cpu",
                      "--keep-going").code == 3  # fmt: skip
    assert git(theirs.environments / "second/.cec", "rev-parse", "HEAD") == git(origin.definition, "rev-parse", "HEAD")
    assert theirs.ok("diff", "-e", "copy").out == "nothing is different\n"


# Models


def test_models_come_along_and_are_put_in_place(mine: Session, theirs: Session, tmp_path: Path) -> None:
    with_model(mine)
    bundle, again = tmp_path / "b.tar.gz", tmp_path / "again.tar.gz"
    told = mine.data("export", str(bundle), *WORK, "--with-models")
    assert (told["missing"], told["models_without_sources"]) == ([], [])
    content = (mine.workspace / "models/checkpoints/photo.safetensors").read_bytes()
    assert members(bundle)["models/checkpoints/photo.safetensors"] == content
    told = theirs.data("import", str(bundle), *IMPORT)
    assert told["models_placed"] == ["checkpoints/photo.safetensors"]
    assert (theirs.workspace / "models/checkpoints/photo.safetensors").read_bytes() == content
    assert "as locked" in theirs.run("workflow", "check", "photo", "-e", "copy").out
    theirs.ok("export", str(again), "-e", "copy", "--with-models")
    assert again.read_bytes() == bundle.read_bytes()


def test_a_model_of_a_bundle_replaces_none(mine: Session, theirs: Session, tmp_path: Path) -> None:
    with_model(mine)
    bundle = tmp_path / "b.tar.gz"
    mine.ok("export", str(bundle), *WORK, "--with-models")
    place = theirs.workspace / "models/checkpoints/photo.safetensors"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"theirs")
    ran = theirs.run("import", str(bundle), *IMPORT, "--models", "skip", "--json")
    assert (ran.code, place.read_bytes()) == (3, b"theirs")
    assert ran.envelope()["data"]["models_not_placed"] == [
        {"path": "checkpoints/photo.safetensors", "reason": "another file has its name"}
    ]


def test_a_model_that_is_not_what_workflows_are_locked_with_is_not_put_in_place(
    mine: Session, theirs: Session, tmp_path: Path
) -> None:
    with_model(mine)
    bundle = tmp_path / "b.tar.gz"
    mine.ok("export", str(bundle), *WORK, "--with-models")
    forged = {"models/checkpoints/photo.safetensors": b"other", "models/vae/more.pt": b"more"}
    found = {**members(bundle), **forged}
    said = json.loads(found.pop("comfydock.json"))
    said["members"] |= {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)} for name, content in forged.items()
    }
    path = write(tmp_path / "forged.tar.gz", {**found, "comfydock.json": json.dumps(said).encode()})
    ran = theirs.run("import", str(path), *IMPORT, "--models", "skip", "--json")
    assert ran.code == 3
    assert ran.envelope()["data"]["models_placed"] == []
    assert len(ran.envelope()["data"]["models_not_placed"]) == 2
    assert [one for one in (theirs.workspace / "models").rglob("*") if one.suffix in (".safetensors", ".pt")] == []


@pytest.mark.parametrize("is_there", [True, False])
def test_models_are_fetched_from_the_sources_that_are_locked_or_named_as_missing(
    mine: Session, theirs: Session, tmp_path: Path, is_there: bool
) -> None:
    with_model(mine)
    content = (mine.workspace / "models/checkpoints/photo.safetensors").read_bytes()
    bundle = tmp_path / "b.tar.gz"
    with model_host() as served:
        url = served.put("/photo.safetensors", content)
        mine.ok("model", "add-source", "photo.safetensors", url)
        mine.ok("workflow", "lock", "photo", *WORK)
        mine.ok("commit", *WORK)
        mine.ok("export", str(bundle), *WORK)
        preview = theirs.data("import", str(bundle), *IMPORT, "--preview")
        assert [one["sources"] for one in preview["contents"]["models"]] == [[url]]
        if not is_there:
            served.files.clear()
        ran = theirs.run("import", str(bundle), *IMPORT, "--models", "all", "--json")
    data, place = ran.envelope()["data"], theirs.workspace / "models/checkpoints/photo.safetensors"
    assert (ran.code, data["complete"], place.exists()) == ((0, True, True) if is_there else (3, False, False))
    if is_there:
        assert (data["models_fetched"], place.read_bytes()) == (["checkpoints/photo.safetensors"], content)
    else:
        assert data["next"] == ["comfydock workflow resolve photo -e copy"]
        assert [one["to"] for one in data["models_failed"]] == ["checkpoints/photo.safetensors"]


# On a terminal


def test_a_no_to_models_without_a_source_writes_nothing_and_a_yes_exports(mine: Session, tmp_path: Path) -> None:
    with_model(mine)
    target = tmp_path / "b.tar.gz"
    for answer, code in (("n", 4), ("y", 0)):
        child = terminal(mine, "export", str(target), *WORK)
        child.expect("photo.safetensors .*Export")
        assert not target.exists()
        child.sendline(answer)
        assert end(child)[0] == code
        assert target.exists() == (answer == "y")


def test_a_bundle_is_not_written_to_a_terminal(origin: Origin) -> None:
    child = terminal(origin.session, "export", "-", *WORK)
    child.expect("not for a terminal")
    assert end(child)[0] == 2


def test_the_name_of_a_new_environment_is_asked_for(origin: Origin, theirs: Session) -> None:
    child = terminal(theirs, "import", str(origin.bundle), "--preview")
    child.expect("name of the new environment:")
    child.sendline("asked")
    code, shown = end(child)
    assert code == 0
    assert "+ asked" in shown
