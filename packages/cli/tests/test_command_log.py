"""The log of commands is for its owner's eyes, and has no words but ours."""

import logging
import stat
from pathlib import Path

from comfydock_cli.logging.setup import CommandLog
from comfydock_cli.ui.console import Console


def written(path: Path) -> str:
    with CommandLog(str(path), Console(), "comfydock node add evil\x1b[2J"):
        logging.getLogger("urllib3.connectionpool").debug("GET /pack.zip?token=secret")
        logging.getLogger("comfydock_core.services").info("fetched")
    return path.read_text()


def test_it_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "full.log"
    written(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_libraries_log_stays_out(tmp_path: Path) -> None:
    text = written(tmp_path / "full.log")
    assert "secret" not in text
    assert "fetched" in text


def test_nothing_in_it_acts_on_a_terminal(tmp_path: Path) -> None:
    text = written(tmp_path / "full.log")
    assert "evil\\x1b[2J" in text
