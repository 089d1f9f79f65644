"""`config` and `logs`."""

import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_cli.global_commands.logs import records
from tests.support.source import clean_environment, make_workspace, run_source

KEY = "0123456789abcdef"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_workspace(tmp_path / "ws", "work", active="work")


def config_file(home: Path) -> Path:
    return home / ".metadata" / "workspace.json"


def test_settings_are_shown_with_the_key_masked(home: Path):
    run_source("config", "--civitai-key", KEY, COMFYDOCK_HOME=str(home))
    shown = run_source("config", COMFYDOCK_HOME=str(home))
    assert "...cdef" in shown.out
    assert KEY not in shown.out
    assert shown.out == run_source("config", "--show", COMFYDOCK_HOME=str(home)).out


def test_a_key_makes_the_file_private_and_stays_out_of_the_log(home: Path):
    ran = run_source("config", "--civitai-key", KEY, COMFYDOCK_HOME=str(home))
    assert ran.code == 0, ran
    assert stat.S_IMODE(config_file(home).stat().st_mode) == 0o600
    logs = "".join(path.read_text() for path in home.rglob("full.log"))
    assert "civitai_key=***" in logs
    assert KEY not in logs + ran.out + ran.err


def test_a_key_can_come_from_standard_input_and_be_removed(home: Path):
    run_source("config", "--civitai-key", "-", input=f"{KEY}\n", COMFYDOCK_HOME=str(home))
    assert json.loads(config_file(home).read_text())["api_credentials"] == {"civitai_token": KEY}
    run_source("config", "--civitai-key", "", COMFYDOCK_HOME=str(home))
    assert json.loads(config_file(home).read_text())["api_credentials"] is None


def test_standard_input_without_a_key_is_refused(home: Path):
    ran = run_source("config", "--civitai-key", "-", input="\n", COMFYDOCK_HOME=str(home))
    assert ran.code == 2


def test_unknown_settings_survive_a_change(home: Path):
    raw = json.loads(config_file(home).read_text())
    config_file(home).write_text(json.dumps({**raw, "workspace_id": "x", "future": [1]}))
    run_source("config", "--registry-cache", "off", COMFYDOCK_HOME=str(home))
    changed = json.loads(config_file(home).read_text())
    assert changed == {**raw, "workspace_id": "x", "future": [1], "prefer_registry_cache": False}


def test_a_dry_run_changes_nothing_at_all(home: Path):
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    ran = run_source("config", "--registry-cache", "off", "--dry-run", COMFYDOCK_HOME=str(home))
    assert ran.out == "would set registry-cache: off\n"
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_ctrl_c_while_waiting_for_input_is_130(home: Path):
    process = subprocess.Popen(
        [sys.executable, "-m", "comfydock_cli", "config", "--civitai-key", "-"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment(COMFYDOCK_HOME=str(home)),
    )  # fmt: skip
    log = home / "logs" / "workspace" / "full.log"
    environment_log = home / "logs" / "work" / "full.log"
    while not any(path.is_file() and "begin: " in path.read_text() for path in (log, environment_log)):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, "error: interrupted\n")


def test_the_log_shows_what_was_done(home: Path):
    run_source("config", "--registry-cache", "off", COMFYDOCK_HOME=str(home))
    shown = run_source("logs", "--workspace", COMFYDOCK_HOME=str(home))
    assert "begin: comfydock config registry_cache=off" in shown.out
    assert "end: exit code 0" in shown.out


def test_a_missing_log_is_said_and_is_no_error(home: Path):
    ran = run_source("logs", COMFYDOCK_HOME=str(home))
    assert (ran.code, ran.out) == (0, "")
    assert "there is no log yet" in ran.err


def record(second: int, level: str, text: str) -> str:
    return f"2026-01-02 03:04:{second:02},000 - core - {level} - f:1 - {text}\n"


def test_records_are_counted_not_lines(home: Path):
    log = home / "logs" / "work" / "full.log"
    log.parent.mkdir(parents=True)
    log.write_text("".join(record(at, "ERROR" if at % 2 else "INFO", f"r{at}\n  more") for at in range(10)))
    shown = run_source("logs", "-n", "2", COMFYDOCK_HOME=str(home)).out
    assert shown == record(8, "INFO", "r8\n  more") + record(9, "ERROR", "r9\n  more")
    errors = run_source("logs", "--level", "error", "--json", COMFYDOCK_HOME=str(home)).envelope()["data"]["records"]
    assert len(errors) == 5
    assert run_source("logs", "-e", "work", "--full", COMFYDOCK_HOME=str(home)).out == log.read_text()


def test_logs_of_an_unknown_environment_are_not_found(home: Path):
    assert run_source("logs", "-e", "nope", COMFYDOCK_HOME=str(home)).code == 3


def test_a_log_that_cannot_be_written_is_a_warning(home: Path):
    (home / "logs").write_text("in the way")
    ran = run_source("config", "--registry-cache", "off", COMFYDOCK_HOME=str(home))
    assert ran.code == 0
    assert "warning: cannot write the log" in ran.err


@given(st.lists(st.text(alphabet="a\n", max_size=6).map(lambda text: record(1, "INFO", text)) | st.just("x\n")))
def test_records_lose_no_line(parts: list[str]):
    text = "".join(parts)
    assert "".join(records(text.splitlines(keepends=True))) == text
