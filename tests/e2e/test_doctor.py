"""`doctor` as people and scripts see it."""

import shutil

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
    assert "`comfydock doctor --fix` puts right what is marked with *\n" in told.err
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
