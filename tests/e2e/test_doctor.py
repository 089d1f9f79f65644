"""`doctor` as people and scripts see it."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.sessions import Session, envelope_of

PLAN = [("make", "logs"), ("link", "work")]


def damaged(session: Session) -> None:
    session.ok("create", "work", "--torch-backend", "none", "--use")
    shutil.rmtree(session.workspace / "logs")
    (session.environments / "work/ComfyUI/models").unlink()


def test_a_new_workspace_is_well(workspace: Session) -> None:
    ran = workspace.ok("doctor")
    assert ran.out.splitlines()[0].startswith("  ok      git ")
    assert ran.out.splitlines()[-1] in ("nothing is wrong", "0 problems, 1 note")
    assert workspace.data("doctor")["problems"] == 0


def test_problems_are_told_planned_and_put_right(workspace: Session) -> None:
    damaged(workspace)
    told = workspace.run("doctor")
    assert (told.code, "2 problems, " in told.out) == (8, True)
    assert f"  problem there is no `{workspace.workspace}/logs` *\n          to do: make it\n" in told.out
    assert "`comfydock doctor --fix` repairs what is marked with *\n" in told.err
    assert not (workspace.workspace / "logs").exists()

    planned = workspace.ok("doctor", "--fix", "--dry-run")
    assert planned.out == f"would make {workspace.workspace}/logs\nwould link work\n"
    assert workspace.run("doctor").code == 8

    fixed = workspace.ok("doctor", "--fix")
    assert fixed.out.startswith(f"did make {workspace.workspace}/logs\ndid link work\n")
    assert workspace.ok("doctor", "-e", "work").out.splitlines()[-1] in ("nothing is wrong", "0 problems, 1 note")
    workspace.ok("undo", "-e", "work")
    assert workspace.run("doctor").code == 8


def test_scripts_get_codes_and_the_exit_code(source: Session) -> None:
    damaged(source)
    ran = source.run("doctor", "--json")
    envelope = envelope_of(ran)
    assert (ran.code, envelope["status"], envelope["data"]["problems"]) == (8, "failed", 2)
    problems = {item["code"]: item for item in envelope["data"]["findings"] if item["severity"] == "problem"}
    assert set(problems) == {"directory-missing", "models-link"}
    assert (problems["models-link"]["environment"], problems["models-link"]["fixable"]) == ("work", True)
    mended = source.data("doctor", "--fix")["mended"]
    assert [(step["action"], step["target"].rpartition("/")[2]) for step in mended] == PLAN


def test_a_dry_run_needs_something_to_do(source: Session) -> None:
    ran = source.run("doctor", "--dry-run")
    assert (ran.code, "`--dry-run` belongs to `--fix`" in ran.err) == (2, True)


def test_an_environment_that_is_unknown_is_told(source: Session) -> None:
    assert source.error("doctor", "-e", "wrok")["code"] == "environment-not-found"


def empty_metadata(root: Path) -> None:
    (metadata,) = root.glob(".venv/lib/*/site-packages/mini_base-1.5.dist-info/METADATA")
    metadata.unlink()
    metadata.touch()


def lose_python(root: Path) -> None:
    (root / ".venv/bin/python").unlink()


def lose_a_distribution(root: Path) -> None:
    (info,) = root.glob(".venv/lib/*/site-packages/mini_base-1.5.dist-info")
    shutil.rmtree(info)


def outdate_the_lock(root: Path) -> None:
    manifest = root / ".cec/pyproject.toml"
    manifest.write_text(manifest.read_text().replace('"mini-imaging>=1.0"', '"mini-imaging>=1.0", "mini-windows"'))


def lose_the_lock(root: Path) -> None:
    (root / ".cec/uv.lock").unlink()


def want_another_python(root: Path) -> None:
    config = root / ".venv/pyvenv.cfg"
    config.write_text(config.read_text().replace("version_info = 3.", "version_info = 2."))


@pytest.mark.parametrize(
    "damage",
    [empty_metadata, lose_python, lose_a_distribution, outdate_the_lock, lose_the_lock, want_another_python],
)
def test_what_is_told_to_do_helps(source: Session, damage: Callable[[Path], None]) -> None:
    source.ok("create", "work", "--torch-backend", "none", "--use")
    damage(source.environments / "work")
    ran = source.run("doctor")
    assert ran.code == 8, ran
    told = re.findall(r"to do: `comfydock ([^`]*)`", ran.out)
    assert told, ran
    for line in dict.fromkeys(told):
        source.ok(*line.split())
    source.ok("doctor")
