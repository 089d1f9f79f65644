"""What going through a history is measured in."""

import subprocess
from pathlib import Path

from build.history_stage import BRANCHES, SwitchStage, long_history
from build.paths import Layout
from build.programs import source_program
from build.workspaces import ACTIVE
from tests.support import programs
from tests.support.miniature import git
from tests.support.sessions import Session


def test_a_long_history_is_as_long_as_it_says(tmp_path: Path) -> None:
    root = long_history(tmp_path, 12, 5, 3)
    assert git(root / "environments" / ACTIVE / ".cec", "rev-list", "--count", "HEAD").strip() == "12"
    session = Session(programs.program("source"), root, {"HOME": str(tmp_path)})
    assert len(session.data("log", "-n", "0")["commits"]) == 12
    difference = session.data("diff")["difference"]
    assert [one["workflow"] for one in difference["workflows"]] == ["workflow 0"]
    assert difference["packs"] == []


def test_both_branches_are_reached_by_the_program_and_by_hand(tmp_path: Path) -> None:
    stage = SwitchStage(tmp_path / "switch", source_program(Layout()))
    packages = {}
    for branch in (*BRANCHES, *BRANCHES):
        stage.run("switch", branch)
        for command in stage.by_hand(branch):
            subprocess.run(command, env=stage.hand_environment(), check=True, capture_output=True)
        found = [sorted(path.name for path in root.glob(".venv/lib/python*/site-packages/*.dist-info"))
                 for root in (stage.ours, stage.theirs)]  # fmt: skip
        assert found[0] == found[1]
        heads = [git(root / "ComfyUI/custom_nodes/Fancy", "rev-parse", "HEAD") for root in (stage.ours, stage.theirs)]
        assert heads[0] == heads[1]
        packages[branch] = found[0]
    assert len(set(packages[BRANCHES[1]]) - set(packages[BRANCHES[0]])) == 2
