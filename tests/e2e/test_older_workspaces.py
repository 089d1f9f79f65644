"""Workspaces of ComfyDock 1.x open in place, and nothing in them changes that nobody asked to change."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support import older_workspace as older
from tests.support.miniature import BRANCH, Miniature
from tests.support.sessions import Session, tree

NAMES = ("plain", "with spaces", "größe ☃ 日本", "v1.0_test-x")


@pytest.fixture
def old(session: Session, miniature: Miniature) -> Session:
    """A workspace of 1.x with environments of all sorts, none installed."""
    older.build_workspace(session.workspace, active="plain")
    for name in NAMES:
        older.add_environment(session.workspace, miniature, name)
    return session


@pytest.fixture
def installed(session: Session, miniature: Miniature) -> Session:
    """A workspace of 1.x with an environment whose packages are really installed."""
    uv = shutil.which("uv")
    assert uv is not None
    older.build_workspace(session.workspace, active="plain")
    older.add_environment(session.workspace, miniature, "plain", uv=uv)
    return session


def test_its_environments_are_listed_with_any_name(old: Session) -> None:
    listed = old.data("list")
    assert listed["active"] == "plain"
    assert sorted(item["name"] for item in listed["environments"]) == sorted(NAMES)
    rows = old.data("list", "--long")["environments"]
    assert {(row["comfyui"], row["python"], row["packs"], row["error"]) for row in rows} == {
        ("v0.2.0", "3.11", 2, None)
    }
    assert "* plain\n" in old.ok("list").out


def test_unfinished_environments_are_not_listed(old: Session) -> None:
    (old.environments / "plain" / ".cec" / ".complete").unlink()
    assert "plain" not in [item["name"] for item in old.data("list")["environments"]]
    assert old.data("status")["complete"] is False


@pytest.mark.parametrize("name", NAMES)
def test_any_of_them_can_be_used_and_looked_at(old: Session, miniature: Miniature, name: str) -> None:
    assert old.data("use", name) == {"active": name}
    state = old.data("status")
    assert (state["name"], state["complete"], state["torch_backend"]) == (name, True, None)
    assert (state["comfyui"]["version"], state["comfyui"]["version_type"]) == ("v0.2.0", "release")
    assert (state["comfyui"]["commit"], state["comfyui"]["matches"]) == (miniature.commits["v0.2.0"], None)
    assert (state["definition"]["branch"], state["definition"]["clean"]) == ("master", True)
    assert state["packs"]["untracked"] == ["Stray"]
    assert state["models_link"]["state"] == "linked"
    manifest = (old.environments / name / ".cec" / "pyproject.toml").read_text("utf-8")
    assert old.ok("manifest", "-e", name).out == manifest


def test_packages_are_judged_by_uv_without_a_record(installed: Session) -> None:
    before = tree(installed.environments)
    packages = installed.data("status")["packages"]
    assert (packages["state"], packages["source"]) == ("in-sync", "uv")
    (venv,) = (installed.environments / "plain" / ".venv" / "lib").glob("python*/site-packages")
    (venv / "mini_base-1.5.dist-info").rename(venv / "aside")
    assert installed.data("status")["packages"]["missing"] == ["mini-base 1.5"]
    (venv / "aside").rename(venv / "mini_base-1.5.dist-info")
    assert tree(installed.environments) == before


def test_comfyui_of_such_an_environment_runs(installed: Session) -> None:
    ran = installed.run("run", "--", "--cpu", "--quick-test-for-ci")
    assert (ran.code, "ComfyUI version: 0.2.0" in ran.out) == (0, True)


@pytest.mark.parametrize(("version", "kind"), [("v0.2.0", "release"), (BRANCH, "commit"), ("main", "branch")], ids=str)
def test_the_kind_of_version_is_inferred(session: Session, miniature: Miniature, version: str, kind: str) -> None:
    older.build_workspace(session.workspace, active="one")
    older.add_environment(session.workspace, miniature, "one", version=version)
    assert session.data("status")["comfyui"]["version_type"] == kind


READING = (
    ("list",),
    ("list", "--long"),
    ("status",),
    ("status", "-e", "with spaces"),
    ("manifest",),
    ("manifest", "--section", 'tool.comfydock.workflows."my wf"'),
    ("config",),
    ("config", "--show"),
    ("logs",),
    ("use", "with spaces", "--dry-run"),
    ("delete", "plain", "--dry-run"),
    ("config", "--registry-cache", "off", "--dry-run"),
)


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_reading_changes_not_a_byte(old: Session, more: tuple[str, ...]) -> None:
    before = tree(old.workspace)
    for words in READING:
        old.ok(*words, *more)
    assert tree(old.workspace) == before


def config_of(session: Session) -> dict[str, object]:
    content: dict[str, object] = json.loads((session.workspace / ".metadata" / "workspace.json").read_text("utf-8"))
    return content


def test_using_one_changes_one_key_and_nothing_else(old: Session) -> None:
    file = old.workspace / ".metadata" / "workspace.json"
    file.write_text(json.dumps({**config_of(old), "workspace_id": "ü", "future": {"a": [1]}}, indent=2))
    before, environments = config_of(old), tree(old.environments)
    old.ok("use", "größe ☃ 日本")
    assert config_of(old) == {**before, "active_environment": "größe ☃ 日本"}
    assert list(config_of(old)) == list(before)
    assert tree(old.environments) == environments


def test_the_settings_are_shown_without_the_key(old: Session) -> None:
    shown = old.data("config")
    assert shown["models_directory"] == str(old.workspace / "models")
    assert (shown["civitai_key"], shown["registry_cache"]) == ("...oken", True)
    assert "not-a-real-token" not in old.ok("config").out


@pytest.mark.parametrize("active", ["", None, "missing"])
def test_no_active_environment_has_three_spellings(session: Session, miniature: Miniature, active: str | None) -> None:
    older.build_workspace(session.workspace)
    content = config_of(session)
    content.pop("active_environment")
    if active != "missing":
        content["active_environment"] = active
    (session.workspace / ".metadata" / "workspace.json").write_text(json.dumps(content))
    assert session.data("list")["active"] is None
    assert session.error("status")["code"] == "no-active-environment"


INLINE = """\
[tool.uv]
index = [{{name = "pytorch-cpu", url = "{pytorch}/cpu", explicit = true}}]
sources = {{torch = {{index = "pytorch-cpu"}}}}
"""


def rewrite(manifest: Path, miniature: Miniature) -> None:
    """Spell the indexes as an import of 1.x does."""
    head, rest = manifest.read_text().split("[tool.uv]", 1)
    tail = rest[rest.index("[tool.comfydock]") :]
    manifest.write_text(head + INLINE.format(pytorch=miniature.pytorch.as_uri()) + "\n" + tail)


@pytest.mark.parametrize("inline", [False, True], ids=["tables", "inline"])
def test_both_spellings_of_indexes_are_read(old: Session, miniature: Miniature, inline: bool) -> None:
    manifest = old.environments / "plain" / ".cec" / "pyproject.toml"
    if inline:
        rewrite(manifest, miniature)
    index = {"name": "pytorch-cpu", "url": f"{miniature.pytorch.as_uri()}/cpu", "explicit": True}
    assert old.data("manifest", "--section", "tool.uv.index") == [index]
    assert old.data("manifest", "--section", "tool.uv.sources.torch") == {"index": "pytorch-cpu"}
    assert "pytorch-cpu" in old.ok("manifest", "--section", "tool.uv.index").out
    assert old.data("status")["definition"]["clean"] is not inline


def test_names_of_1x_that_are_refused_now_can_still_be_deleted(old: Session) -> None:
    kept = old.workspace / "models" / "m.safetensors"
    kept.write_text("weights")
    assert old.data("delete", "größe ☃ 日本", "--yes")["deleted"] is True
    assert not (old.environments / "größe ☃ 日本").exists()
    assert kept.read_text() == "weights"


def test_a_new_environment_fits_into_an_old_workspace(old: Session) -> None:
    before = {name: tree(old.environments / name) for name in NAMES}
    old.ok("create", "new", "--torch-backend", "none")
    assert {name: tree(old.environments / name) for name in NAMES} == before
    assert "new" in [item["name"] for item in old.data("list")["environments"]]


@pytest.mark.parametrize("variable", ["LC_ALL", "LANG"])
def test_names_are_the_same_in_any_locale(old: Session, variable: str) -> None:
    locale: dict[str, str | None] = {"LANG": None, "LC_ALL": None, variable: "C"}
    assert old.data("use", "größe ☃ 日本", **locale) == {"active": "größe ☃ 日本"}
    assert old.data("status", **locale)["name"] == "größe ☃ 日本"
