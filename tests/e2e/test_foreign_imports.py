"""Environments from what other tools wrote down: ComfyUI-Manager, comfy-cli, comfy-pack and the predecessors."""

import hashlib
import json
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from comfydock_core.repositories.foreign_definitions import yaml_content
from tests.e2e.conftest import ODD
from tests.support import older_workspace
from tests.support.earlier_models import write_models_db
from tests.support.miniature import NEWEST, Miniature, git
from tests.support.model_files import write_safetensors
from tests.support.model_host import model_host
from tests.support.pack_host import PackHost, pack_files, pack_host, zip_archive
from tests.support.sessions import Session, envelope_of, names_in, tree

IMPORT = ("--name", "copy", "--torch-backend", "cpu")


@dataclass(frozen=True, slots=True)
class Away:
    """What files of strangers name: packs at their hosts, and a commit of ComfyUI."""

    host: PackHost
    comfyui: str
    fancy: str
    older: str


@pytest.fixture(scope="module")
def away(miniature: Miniature, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Away]:
    with pack_host(tmp_path_factory.mktemp("hosts") / "host") as host:
        host.add("blur", files=pack_files("Blur", requirements="mini-blend\n"))
        older = host.add_repository("alice", "Fancy")
        fancy = host.add_repository("alice", "Fancy", pack_files("Newer"))
        host.add_repository("bob", "Quiet", pack_files("Quiet", requirements="mini-base\n"))
        yield Away(host, git(miniature.repository, "rev-parse", f"{NEWEST}^{{commit}}").strip(), fancy, older)


@pytest.fixture
def session(first: Session, away: Away, tmp_path: Path) -> Session:
    """An empty workspace; uv knows the packages."""
    place = tmp_path / ODD
    (place / "home").mkdir(parents=True)
    variables = {**first.variables, **away.host.variables(), "HOME": str(place / "home"),
                 "UV_CACHE_DIR": str(first.workspace / "uv_cache")}  # fmt: skip
    made = Session(first.program, place / "workspace", variables)
    made.ok("init")
    return made


def snapshot(away: Away, **changes: object) -> dict[str, Any]:
    """One as ComfyUI-Manager writes it."""
    return {
        "comfyui": away.comfyui,
        "git_custom_nodes": {
            "https://github.com/alice/Fancy": {"hash": away.older, "disabled": False},
            "https://github.com/bob/Quiet.git": {
                "hash": git(away.host.repository("bob", "Quiet"), "rev-parse", "HEAD").strip(), "disabled": True
            },
        },
        "cnr_custom_nodes": {"blur": "1.0.0"},
        "file_custom_nodes": [],
        "pips": {},
        **changes,
    }  # fmt: skip


def write(path: Path, value: object) -> str:
    path.write_text(json.dumps(value))
    return str(path)


def told(session: Session, *words: str) -> tuple[int, dict[str, Any]]:
    ran = session.run("import", *words, *IMPORT, "--json")
    data: dict[str, Any] = envelope_of(ran)["data"]
    assert data is not None, ran
    return ran.code, data


def points(data: dict[str, Any]) -> dict[str, str]:
    return {one["item"]: one["reason"] for one in data["open"]}


def locked(session: Session) -> dict[str, str]:
    lock = tomllib.loads((session.environments / "copy/.cec/uv.lock").read_text())
    return {one["name"]: one["version"] for one in lock["package"]}


def nothing_made(session: Session) -> bool:
    there = names_in(session.environments) if session.environments.exists() else []
    return there == [] and not (session.workspace / "comfydock_cache/bundles").exists()


# ComfyUI-Manager


def test_a_snapshot_becomes_an_environment_at_its_commits_and_versions(
    away: Away, session: Session, tmp_path: Path
) -> None:
    code, data = told(session, write(tmp_path / "s.json", snapshot(away, pips={"mini-blend==1.0": ""})))
    assert (code, data["complete"], data["missing_packs"], data["commit"]) == (0, True, [], away.comfyui), data
    packs = session.environments / "copy/ComfyUI/custom_nodes"
    assert git(packs / "Fancy", "rev-parse", "HEAD").strip() == away.older
    assert (packs / "Quiet.disabled/__init__.py").exists()
    assert (packs / "blur/requirements.txt").exists()
    listed = {one["pack"]: one["state"] for one in session.data("node", "list", "-e", "copy")["packs"]}
    assert listed == {"Fancy": "present", "Quiet": "disabled", "blur": "present"}
    assert session.data("status", "-e", "copy")["in_sync"]


def test_a_snapshot_in_yaml_says_the_same_and_a_preview_makes_nothing(
    away: Away, session: Session, tmp_path: Path
) -> None:
    content = snapshot(away)
    (tmp_path / "s.yaml").write_bytes(yaml_content({"custom_nodes": content}))
    _, from_yaml = told(session, str(tmp_path / "s.yaml"), "--preview")
    _, from_json = told(session, write(tmp_path / "s.json", content), "--dry-run")
    assert [(one["id"], one["source"], one["version"]) for one in from_yaml["contents"]["packs"]] == [
        ("Fancy", "git", away.older),
        ("Quiet", "git", content["git_custom_nodes"]["https://github.com/bob/Quiet.git"]["hash"]),
        ("blur", "registry", "1.0.0"),
    ]
    assert from_yaml["contents"] == {**from_json["contents"], "path": str(tmp_path / "s.yaml")}
    assert (from_yaml["commit"], from_yaml["open"], from_yaml["missing_packs"]) == (away.comfyui, [], [])
    assert nothing_made(session)


def test_pinned_versions_are_taken_as_far_as_they_fit_and_what_nobody_asks_for_is_told(
    away: Away, session: Session, tmp_path: Path
) -> None:
    away.host.add("masks", files=pack_files("Masks", requirements="mini-masks\nmini-choice\nmini-imaging>=1.1\n"))
    pips = dict.fromkeys(
        ["mini-choice==2.0", "mini-masks==1.0", "mini-imaging==1.0", "mini-blend==1.0", "torch==2.9.1+cu128",
         "nvidia-cublas==12.8", "pip==25.0", "mine @ file:///home/me/mine"], ""
    )  # fmt: skip
    content = snapshot(away, git_custom_nodes={}, cnr_custom_nodes={"masks": "1.0.0"}, pips=pips)
    code, data = told(session, write(tmp_path / "s.json", content))
    assert code == 0, data
    packages = locked(session)
    assert (packages["mini-choice"], packages["mini-imaging"], packages["mini-masks"]) == ("2.0", "1.1", "1.0")
    assert points(data) == {
        "mine @ file:///home/me/mine": "it came from elsewhere than an index",
        "mini-imaging==1.0": "1.1 is taken instead",
        "mini-blend==1.0": "nothing asks for it; `comfydock -e copy py add mini-blend==1.0` adds it",
    }
    session.ok("-e", "copy", "py", "add", "mini-blend==1.0")


def test_what_a_snapshot_leaves_open_is_told_item_by_item(away: Away, session: Session, tmp_path: Path) -> None:
    content = snapshot(
        away,
        comfyui=None,
        git_custom_nodes={"https://github.com/alice/Fancy": {"hash": "", "disabled": False}},
        cnr_custom_nodes={},
        file_custom_nodes=[{"filename": "lonely.py", "disabled": False}],
    )
    code, data = told(session, write(tmp_path / "s.json", content))
    assert (code, data["complete"]) == (3, False)
    assert points(data) == {
        "ComfyUI": "it has no commit there; the newest release is taken",
        "https://github.com/alice/Fancy": f"it has no version there; the newest, {away.fancy[:10]}, is taken",
        "lonely.py": "nodes in a single file have no source; copy it among the custom nodes of the environment",
    }
    assert git(session.environments / "copy/ComfyUI/custom_nodes/Fancy", "rev-parse", "HEAD").strip() == away.fancy
    text = session.run("import", str(tmp_path / "s.json"), "--name", "again", "--preview").out
    assert "left open: lonely.py: nodes in a single file" in text


def test_packs_that_cannot_be_found_are_refused_unless_the_rest_is_wanted(
    away: Away, session: Session, tmp_path: Path
) -> None:
    nobody = {"https://github.com/nobody/none": {"hash": "0" * 40, "disabled": False},
              str(away.host.repository("alice", "Fancy")): {"hash": away.older, "disabled": False},
              away.host.repository("alice", "Fancy").as_uri(): {"hash": away.older, "disabled": False}}  # fmt: skip
    path = write(tmp_path / "s.json", snapshot(away, git_custom_nodes=nobody, cnr_custom_nodes={"nothing": "1.0"}))
    error = session.error("import", path, *IMPORT)
    assert error["code"] == "packs-unobtainable"
    assert error["context"]["packs"] == [*nobody, "nothing"]
    assert nothing_made(session)
    code, data = told(session, path, "--keep-going")
    assert (code, data["missing_packs"]) == (3, [*nobody, "nothing"])
    assert not any((session.environments / "copy/ComfyUI/custom_nodes").glob("Fancy*"))


def test_packs_that_do_not_fit_together_are_refused_or_left_out(away: Away, session: Session, tmp_path: Path) -> None:
    away.host.add("newer", files=pack_files("Newer", requirements="mini-masks>=2\n"))
    content = snapshot(away, git_custom_nodes={}, cnr_custom_nodes={"blur": "1.0.0", "newer": "1.0.0"})
    path = write(tmp_path / "s.json", content)
    error = session.error("import", path, *IMPORT)
    assert error["code"] == "requirements-conflict"
    assert "--keep-going" in error["hint"]
    assert nothing_made(session)
    code, data = told(session, path, "--keep-going")
    assert (code, data["missing_packs"]) == (3, ["newer"])
    assert names_in(session.environments / "copy/ComfyUI/custom_nodes").count("newer") == 0
    assert session.data("status", "-e", "copy")["in_sync"]


# There and back


@pytest.mark.parametrize("name", ["s.json", "s.yaml"])
def test_a_snapshot_that_is_exported_is_imported_again(away: Away, session: Session, tmp_path: Path, name: str) -> None:
    content = snapshot(away, pips={"mini-imaging==1.0": ""})
    told(session, write(tmp_path / "first.json", content), "--use")
    exported = session.data("export", str(tmp_path / name), "--manager-snapshot")
    values = exported["snapshot"] if name == "s.json" else exported["snapshot"]["custom_nodes"]
    assert values == {**content, "pips": values["pips"]}
    assert {"mini-imaging==1.0", "mini-blend==1.0"} <= values["pips"].keys()
    assert not [one for one in values["pips"] if one.startswith("torch")]
    again = session.run("import", str(tmp_path / name), "--name", "again", "--torch-backend", "cpu", "--json")
    data = envelope_of(again)["data"]
    assert (again.code, data["open"]) == (0, [])
    before = (session.environments / "copy/.cec/uv.lock").read_text()
    assert (session.environments / "again/.cec/uv.lock").read_text() == before.replace("env-copy", "env-again")
    for target, environment in (("second" + name, "copy"), ("third" + name, "again")):
        session.ok("export", str(tmp_path / target), "--manager-snapshot", "-e", environment)
        assert (tmp_path / target).read_bytes() == (tmp_path / name).read_bytes()


def test_what_a_snapshot_cannot_hold_is_told_and_a_rehearsal_writes_nothing(work: Session, tmp_path: Path) -> None:
    mine = work.environments / "work/ComfyUI/custom_nodes/Mine"
    mine.mkdir()
    (mine / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
    work.ok("node", "add", "Mine", "--dev")
    target = tmp_path / "s.json"
    assert work.error("export", str(target), "--manager-snapshot")["code"] == "uncommitted-work"
    work.ok("commit")
    ran = work.ok("export", str(target), "--manager-snapshot", "--dry-run")
    assert json.loads(ran.out)["comfyui"] == work.data("comfyui", "show")["commit"]
    assert not target.exists()
    assert "node packs that nobody else can fetch: Mine" in ran.err
    assert "Python 3.11 and PyTorch for cpu" in ran.err
    assert work.ok("export", "-", "--manager-snapshot").out == ran.out


def test_a_file_that_is_no_snapshot_is_not_replaced(work: Session, tmp_path: Path) -> None:
    target = tmp_path / "workflow.json"
    target.write_text('{"nodes": [], "links": []}')
    assert work.error("export", str(target), "--manager-snapshot")["code"] == "export-refused"
    assert target.read_text() == '{"nodes": [], "links": []}'


# comfy-cli


def test_a_lock_of_comfy_cli_names_models_that_no_workflow_asks_for(
    away: Away, session: Session, tmp_path: Path
) -> None:
    models = [
        {"model": "photo", "url": "https://example.com/photo.safetensors",
         "paths": [{"path": "models/checkpoints/photo.safetensors"}]},
        {"model": "old.vae", "type": "vae"},
    ]  # fmt: skip
    content = {"basic": None, "models": models, "custom_nodes": snapshot(away)}
    (tmp_path / "comfy-lock.yaml").write_bytes(yaml_content(content))
    code, data = told(session, str(tmp_path / "comfy-lock.yaml"))
    assert (code, data["missing_packs"]) == (3, [])
    assert points(data) == {
        "checkpoints/photo.safetensors": "a model that no workflow asks for;"
        " `comfydock model download https://example.com/photo.safetensors` fetches it",
        "vae/old.vae": "a model without a source",
    }


# comfy-pack

LOADER = {"id": 1, "type": "CheckpointLoaderSimple", "widgets_values": ["photo.safetensors"]}


def package(away: Away, models: list[dict[str, object]]) -> dict[str, str | bytes]:
    """The members of one as comfy-pack writes it."""
    packs = [{"url": "https://github.com/alice/Fancy.git", "commit_hash": away.older, "disabled": False}]
    described = {"python": "3.11", "comfyui": away.comfyui, "custom_nodes": packs, "models": models}
    prompt = {"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "photo.safetensors"}}}
    return {
        "snapshot.json": json.dumps(described),
        "requirements.txt": "mini-imaging==1.0\ncomfy-cli\nfastapi\n",
        "workflow.json": json.dumps({"nodes": [LOADER], "links": []}),
        "workflow_api.json": json.dumps(prompt),
        "input/faces/one.png": b"png",
    }


def test_a_package_of_comfy_pack_comes_with_workflow_inputs_and_verified_models(
    away: Away, session: Session, tmp_path: Path
) -> None:
    content = b"model" * 1000
    path = tmp_path / "photo.cpack.zip"
    with model_host() as models:
        source = {"source": "civitai", "download_url": models.put("/photo.safetensors", content)}
        model = {"filename": "models/checkpoints/photo.safetensors", "size": len(content), "disabled": False,
                 "sha256": hashlib.sha256(content).hexdigest(), "source": source}  # fmt: skip
        path.write_bytes(zip_archive(package(away, [model, {**model, "filename": "models/x.vae", "disabled": True}])))
        code, data = told(session, str(path))
    assert (code, data["open"], data["complete"]) == (0, [], True), data
    copy = session.environments / "copy"
    assert (copy / "ComfyUI/input/faces/one.png").read_bytes() == b"png"
    assert json.loads((copy / "ComfyUI/user/default/workflows/photo.json").read_text())["nodes"] == [LOADER]
    assert (copy / ".cec/workflows/photo.json").exists()
    assert (copy / ".cec/workflow_api/photo.json").exists()
    assert (session.workspace / "models/checkpoints/photo.safetensors").read_bytes() == content
    packages = locked(session)
    assert packages["mini-imaging"] == "1.0"


def test_a_model_that_is_not_what_the_package_says_is_not_kept(away: Away, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "photo.cpack.zip"
    with model_host() as models:
        model: dict[str, object] = {"filename": "models/checkpoints/photo.safetensors", "size": 5, "sha256": "0" * 64,
                                    "source": {"download_url": models.put("/photo.safetensors", b"other")}}  # fmt: skip
        path.write_bytes(zip_archive(package(away, [model])))
        code, data = told(session, str(path))
    assert (code, [one["to"] for one in data["models_failed"]]) == (3, ["checkpoints/photo.safetensors"]), data
    assert not (session.workspace / "models/checkpoints/photo.safetensors").exists()


# What is not one


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("w.json", b'{"nodes": [], "links": []}', "it is a workflow"),
        ("s.json", b"{", "it is no JSON"),
        ("s.yaml", b"a: [", "it is no YAML"),
        ("s.json", b'{"git_custom_nodes": {"https://a/b": {"hash": 1}}}', "git_custom_nodes.https://a/b.hash"),
        ("s.cpack.zip", zip_archive({"../x": "x"}), "not a file inside of it"),
        ("s.cpack.zip", zip_archive({"a": "x"}), "snapshot.json"),
        ("s.zip", b"no zip", "neither a zip nor a tar archive"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_place(
    session: Session, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    error = session.error("import", str(tmp_path / name), *IMPORT)
    assert (error["code"], error["exit_code"]) == ("template-damaged", 8)
    assert words in error["message"]
    assert nothing_made(session)


def test_only_bundles_are_signed(away: Away, session: Session, tmp_path: Path) -> None:
    path = write(tmp_path / "s.json", snapshot(away))
    (tmp_path / "signers").write_text("")
    error = session.error("import", path, *IMPORT, "--signers", str(tmp_path / "signers"))
    assert error["code"] == "signature-refused"


# Workspaces


@pytest.fixture
def older(away: Away, miniature: Miniature, tmp_path: Path) -> Path:
    """A workspace of 1.x: `first` with a pack of its own and work that was never committed, `second`, and a third."""
    workspace = older_workspace.build_workspace(tmp_path / "older")
    for name, version in (("first", "v0.2.0"), ("second", NEWEST), ("taken", NEWEST)):
        root = older_workspace.add_environment(workspace, miniature, name, version=version)
        manifest = root / ".cec/pyproject.toml"
        url = away.host.add("comfyui-fancy", files=pack_files("Fancy"))
        manifest.write_text(manifest.read_text().replace("https://cdn.example/100.zip", url))
        mine = root / "ComfyUI/custom_nodes/MyDev"
        (mine / "__init__.py").write_text(f"NODE_CLASS_MAPPINGS = {{}}  # {name}\n")
        git(mine, "init", "--quiet")
        live = root / "ComfyUI/user/default/workflows"
        live.mkdir(parents=True)
        (live / "my wf.json").write_text('{"nodes": [], "links": []}')
        (live / "never committed.json").write_text('{"nodes": [], "links": []}')
        (root / "ComfyUI/input").mkdir(exist_ok=True)
        (root / "ComfyUI/input/face.png").write_bytes(b"png")
    (workspace / "environments/broken/.cec").mkdir(parents=True)
    model = workspace / "models/checkpoints/m.safetensors"
    model.parent.mkdir()
    write_safetensors(model, {"weight": (4, 4)})
    write_models_db(workspace / "comfydock_cache/models.db", model, workspace / "models")
    return workspace


def workspace_import(session: Session, older: Path, *words: str) -> tuple[int, dict[str, Any]]:
    ran = session.run("import", "--workspace", str(older), "--torch-backend", "cpu", *words, "--json")
    data: dict[str, Any] = envelope_of(ran)["data"]
    assert data is not None, ran
    return ran.code, data


def test_every_environment_of_an_older_workspace_is_imported_and_the_workspace_stays_as_it_is(
    older: Path, session: Session
) -> None:
    before = tree(older, whole=True)
    code, data = workspace_import(session, older, "--models", "skip")
    assert code == 0, data
    assert [(one["name"], one["complete"], one["untracked_packs"]) for one in data["environments"]] == [
        (name, True, ["Old.disabled", "Stray"]) for name in ("first", "second", "taken")
    ]  # fmt: skip
    assert data["unfinished"] == ["broken"]
    assert tree(older, whole=True) == before
    copy = session.environments / "first"
    packs = copy / "ComfyUI/custom_nodes"
    assert (packs / "MyDev/__init__.py").read_text() == "NODE_CLASS_MAPPINGS = {}  # first\n"
    assert (packs / "MyDev/.git/HEAD").exists()
    assert (packs / "ComfyUI-Fancy/__init__.py").exists()
    assert (copy / "ComfyUI/user/default/workflows/never committed.json").exists()
    assert (copy / "ComfyUI/input/face.png").read_bytes() == b"png"
    commit = git(older / "environments/first/ComfyUI", "rev-parse", "HEAD")
    assert git(copy / "ComfyUI", "rev-parse", "HEAD") == commit
    definition = copy / ".cec"
    assert git(definition, "log", "--format=%s").splitlines()[-1] == "Initial environment setup"
    assert git(definition, "rev-parse", "--abbrev-ref", "HEAD").strip() == "master"
    assert git(definition, "remote").strip() == ""
    (seen,) = session.data("model", "index", "list")["models"]
    assert seen["path"] == str(older / "models/checkpoints/m.safetensors")
    assert not list((session.workspace / "models").rglob("*.safetensors"))
    shown = session.data("model", "index", "show", "m.safetensors")
    assert [one["url"] for one in shown["sources"]] == ["https://civitai.com/api/download/models/7"]


def test_one_environment_that_cannot_be_imported_keeps_no_other_from_it(older: Path, session: Session) -> None:
    (session.environments / "taken").mkdir(parents=True)
    (older / "environments/second/.cec/pyproject.toml").write_text("[")
    code, data = workspace_import(session, older, "--models", "skip")
    assert (code, data["complete"]) == (3, False)
    assert [(one["name"], one["error"] and one["error"]["code"]) for one in data["environments"]] == [
        ("first", None), ("second", "template-damaged"), ("taken", "environment-exists")
    ]  # fmt: skip
    ran = session.run("import", "--workspace", str(older), "--torch-backend", "cpu", "--models", "skip")
    assert ran.code == 3
    assert [line.partition(":")[0] for line in ran.out.splitlines()] == [
        "not imported first", "not imported second", "not imported taken"
    ]  # fmt: skip


def test_an_environment_of_comfygit_keeps_its_back_end_its_inputs_and_what_only_it_has(
    older: Path, session: Session
) -> None:
    root = older / "environments/first"
    for name in ("second", "taken"):
        shutil.rmtree(older / "environments" / name)
    manifest = (root / ".cec/pyproject.toml").read_text().replace("[tool.comfydock", "[tool.comfygit")
    manifest = manifest.replace("[tool.comfygit]", "[tool.comfygit]\nschema_version = 2")
    files = {"pyproject.toml": manifest, ".pytorch-backend": "cu128\ntorch=2.9.1+cu128\n",
             "package_config.toml": "[exclude]\npackages = []\n", "overlays/gpu.toml": "[overlay]\n"}  # fmt: skip
    for name, content in files.items():
        (root / ".cec" / name).parent.mkdir(exist_ok=True)
        (root / ".cec" / name).write_text(content)
    (older / "input").mkdir()
    (root / "ComfyUI/input").rename(older / "input/first")
    (root / "ComfyUI/input").symlink_to(older / "input/first")
    assert "PyTorch for cu128" in session.ok("import", "--workspace", str(older), "--preview").out
    code, _ = workspace_import(session, older, "--models", "skip")
    assert code == 0
    copy = session.environments / "first"
    assert "[tool.comfydock]" in (copy / ".cec/pyproject.toml").read_text()
    assert (copy / ".cec/overlays/gpu.toml").read_text() == "[overlay]\n"
    assert not (copy / "ComfyUI/input").is_symlink()
    assert (copy / "ComfyUI/input/face.png").read_bytes() == b"png"
    assert (older / "input/first/face.png").exists()


def test_a_preview_of_a_workspace_makes_nothing(older: Path, session: Session) -> None:
    code, data = workspace_import(session, older, "--preview")
    assert code == 0
    versions = [one["import"]["contents"]["comfyui"]["version"] for one in data["environments"]]
    assert versions == ["v0.2.0", NEWEST, NEWEST]
    assert nothing_made(session)


def test_what_is_no_other_workspace_is_refused(session: Session, tmp_path: Path) -> None:
    assert session.error("import", "--workspace", str(tmp_path))["code"] == "template-not-found"
    assert session.error("import", "--workspace", str(session.workspace))["code"] == "invalid-setting"
    assert session.run("import").code == 2
    assert session.run("import", "x.json", "--workspace", str(tmp_path)).code == 2
