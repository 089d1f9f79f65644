"""Running programs and probing the machine, with fake programs on PATH."""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from comfydock_core.integrations import process, quick_process, uv_command
from comfydock_core.integrations.git import head, remotes
from comfydock_core.integrations.system_detector import check_backend, detect_backend
from comfydock_core.integrations.uv_command import find_uv
from comfydock_core.integrations.uv_environment import uv_environment
from comfydock_core.models.exceptions import (
    AuthenticationFailed,
    InvalidSetting,
    NetworkUnavailable,
    RepositoryNotFound,
    ToolMissing,
)
from comfydock_core.utils import interruption
from tests.support.miniature import Miniature, git

Fake = Callable[[str, str], Path]


def stream(script: str, hear: Callable[[str], None], where: Path) -> process.Completed:
    return process.stream(["sh", "-c", script], cwd=str(where), env=dict(os.environ), on_line=hear)


def test_lines_of_both_streams_come_as_they_are_written(tmp_path: Path) -> None:
    heard: list[str] = []
    done = stream("echo one; echo two >&2; printf 'a\\rb\\rlast'; exit 3", heard.append, tmp_path)
    assert heard == ["one", "two", "a", "b", "last"]
    assert (done.returncode, done.output) == (3, "one\ntwo\na\nb\nlast")


def test_a_line_is_heard_while_the_program_still_runs(tmp_path: Path) -> None:
    """The program waits for what only the listener does."""
    done = stream(
        f"echo go; while [ ! -e '{tmp_path}/went' ]; do :; done", lambda _: (tmp_path / "went").touch(), tmp_path
    )
    assert done.returncode == 0


@pytest.mark.parametrize("trap", ["", "trap '' INT;"])
def test_an_interrupt_stops_the_whole_group_even_what_ignores_it(
    tmp_path: Path, trap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_GRACE_SECONDS", 0.2)
    watched: list[int] = []

    def stop(line: str) -> None:
        watched.append(os.pidfd_open(int(line)))
        if len(watched) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stream(f"{trap} echo $$; sh -c '{trap} echo $$; while :; do sleep 100; done'; sleep 100", stop, tmp_path)
    for descriptor in watched:
        ended, _, _ = select.select([descriptor], [], [], 10)
        assert ended
        os.close(descriptor)


def test_a_program_runs_while_the_block_is_at_work_and_is_judged_at_its_end(tmp_path: Path) -> None:
    script = f"while [ ! -e '{tmp_path}/go' ]; do :; done; echo out; echo err >&2; exit 3"
    judged: list[process.Completed] = []
    with process.alongside(["sh", "-c", script], cwd=str(tmp_path), env=dict(os.environ), judge=judged.append):
        assert judged == []
        (tmp_path / "go").touch()
    assert [(done.returncode, done.output) for done in judged] == [(3, "out\nerr\n")]


def test_a_program_alongside_a_block_that_fails_is_stopped_and_not_judged(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "number")
    command = ["sh", "-c", f"echo $$ > '{tmp_path}/number'; exec sleep 1000"]
    judged: list[process.Completed] = []
    with (
        pytest.raises(ValueError, match="the block"),
        process.alongside(command, cwd=str(tmp_path), env=dict(os.environ), judge=judged.append),
    ):
        watched = os.pidfd_open(int((tmp_path / "number").read_text()))
        raise ValueError("the block")
    assert select.select([watched], [], [], 0)[0], "it is still running"
    os.close(watched)
    assert judged == []


def test_a_missing_program_is_told_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing) as caught:
        process.capture(["/nowhere/tool"], cwd=str(tmp_path), env={}, hint="install it")
    assert caught.value.hint == "install it"


def test_a_program_that_takes_too_long_has_no_answer(tmp_path: Path) -> None:
    assert process.capture_within(0.05, ["sleep", "100"], cwd=str(tmp_path), env=dict(os.environ)) is None


def test_termination_raises_and_is_put_back() -> None:
    with pytest.raises(interruption.Terminated) as caught, interruption.termination_raises():
        os.kill(os.getpid(), signal.SIGTERM)
    assert caught.value.signal == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_deferred_signals_arrive_when_the_section_ends() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interruption.deferred():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("finished")
    assert done == ["finished"]


def test_other_threads_are_left_alone() -> None:
    def work() -> None:
        with interruption.termination_raises(), interruption.deferred():
            results.append(signal.getsignal(signal.SIGTERM))

    results: list[object] = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results == [signal.SIG_DFL]


def test_quick_processes_run_at_the_same_time_and_give_all_they_write(tmp_path: Path) -> None:
    """The first waits for what the second does."""
    first = quick_process.start(["sh", "-c", f"while [ ! -e '{tmp_path}/there' ]; do :; done; echo first"])
    second = quick_process.start(["sh", "-c", f"touch '{tmp_path}/there'; echo second >&2; exit 4"])
    assert first is not None
    assert second is not None
    assert first.collect() == (0, b"first\n", b"")
    assert second.collect() == (4, b"", b"second\n")


def test_a_quick_process_that_writes_much_does_not_block() -> None:
    child = quick_process.start(["sh", "-c", "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero"])
    assert child is not None
    code, output, errors = child.collect()
    assert len(output) == 300000
    assert len(errors) > 0
    assert code == 0


def test_a_quick_process_that_does_not_exist_is_none() -> None:
    assert quick_process.start(["no-such-program-anywhere"]) is None


SMI = 'echo "| NVIDIA-SMI 570.1   Driver Version: 570.1   CUDA Version: {version} |"'


@pytest.mark.parametrize(
    ("version", "backend"),
    [("12.8", "cu128"), ("12.7", "cu126"), ("13.0", "cu130"), ("14.2", "cu130"), ("12.0", "cu118"), ("10.2", "cpu")],
)
def test_the_nvidia_driver_decides(fake_program: Fake, version: str, backend: str) -> None:
    fake_program("nvidia-smi", SMI.format(version=version))
    assert detect_backend() == backend


def test_a_driver_without_a_device_is_none(fake_program: Fake) -> None:
    fake_program("nvidia-smi", "echo 'NVIDIA-SMI has failed'; exit 9")
    assert detect_backend() == "cpu"


@pytest.mark.parametrize(
    ("version", "backend"), [("6.4.43483-a", "rocm6.4"), ("6.9.1", "rocm6.4"), ("7.2", "rocm7.0"), (None, "rocm7.0")]
)
def test_amds_rocm_decides(fake_program: Fake, version: str | None, backend: str) -> None:
    fake_program("rocminfo", "echo '  Name:                    gfx1100'")
    if version:
        fake_program("hipconfig", f"echo {version}")
    assert detect_backend() == backend


def test_amds_tool_without_a_gpu_is_none(fake_program: Fake) -> None:
    fake_program("rocminfo", "echo 'ROCk module is NOT loaded'")
    assert detect_backend() == "cpu"


def test_intel_is_found(fake_program: Fake) -> None:
    fake_program("sycl-ls", "echo '[level_zero:gpu][level_zero:0] Intel(R) Arc(TM)'")
    assert detect_backend() == "xpu"


def test_macos_takes_pypis_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert detect_backend() == "pypi"


@pytest.mark.parametrize("name", ["auto", "none", "cpu", "cu118", "cu130", "rocm6.4", "rocm6.2.4", "xpu", "pypi"])
def test_back_ends_are_known(name: str) -> None:
    assert check_backend(name) == name


@pytest.mark.parametrize("name", ["", "cuda", "cu1", "cu12.8", "rocm6", "CPU", "../cpu", "cpu\n"])
def test_other_back_ends_are_refused(name: str) -> None:
    with pytest.raises(InvalidSetting):
        check_backend(name)


def test_uv_is_found_by_name_package_path_or_beside_a_frozen_program(
    fake_program: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on_path = fake_program("uv", "echo fake")
    package = find_uv()
    assert package != str(on_path)
    assert os.path.basename(package) == "uv"
    monkeypatch.setattr(uv_command, "_in_package", lambda: None)
    assert find_uv() == str(on_path)
    beside = tmp_path / "uv"
    beside.write_text("")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "comfydock"))
    assert find_uv() == str(beside)
    monkeypatch.setenv("COMFYDOCK_UV", str(on_path))
    assert find_uv() == str(on_path)


def test_without_any_uv_the_error_has_a_hint(monkeypatch: pytest.MonkeyPatch, empty_path: None) -> None:
    monkeypatch.setattr(uv_command, "_in_package", lambda: None)
    with pytest.raises(ToolMissing) as caught:
        find_uv()
    assert "COMFYDOCK_UV" in (caught.value.hint or "")


def test_uv_gets_its_directories_and_the_users_own_settings() -> None:
    own = {"VIRTUAL_ENV": "/v", "UV_INDEX_URL": "https://mine/", "UV_CACHE_DIR": "/mine"}
    made = uv_environment(own, venv="/e/.venv", cache="/w/uv_cache", python_installs="/w/uv/python", offline=False)
    assert {name: value for name, value in made.items() if not name.startswith("GIT_CONFIG_")} == {
        "UV_INDEX_URL": "https://mine/",
        "UV_PROJECT_ENVIRONMENT": "/e/.venv",
        "UV_CACHE_DIR": "/w/uv_cache",
        "UV_PYTHON_INSTALL_DIR": "/w/uv/python",
        "UV_LINK_MODE": "hardlink",
        "NO_COLOR": "1",
    }
    copy = uv_environment({"UV_LINK_MODE": "copy"}, venv="v", cache="c", python_installs="p", offline=True)
    assert (copy["UV_LINK_MODE"], copy["UV_OFFLINE"]) == ("copy", "1")


def test_the_head_is_read_from_files_as_git_tells_it(tmp_path: Path, miniature: Miniature) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(miniature.repository), str(clone))
    assert head.read_head(str(clone)) == (miniature.commits["main"], "main")
    git(clone, "pack-refs", "--all")
    assert head.read_head(str(clone)) == (miniature.commits["main"], "main")
    git(clone, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"), "v0.1.0")
    assert head.read_head(str(tmp_path / "side")) == (miniature.commits["v0.1.0"], "side")
    git(clone, "checkout", "--quiet", "v0.2.0")
    assert head.read_head(str(clone)) == (miniature.commits["v0.2.0"], None)


def test_a_repository_without_commits_and_none_at_all_have_no_head(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "new")
    assert head.read_head(str(tmp_path / "new")) == (None, "main")
    assert head.read_head(str(tmp_path)) == (None, None)


def test_asking_a_repository_never_waits_for_a_password(fake_program: Fake) -> None:
    fake_program(
        "git", "echo \"fatal: could not read Username for 'https://x': terminal prompts disabled\" >&2; exit 128"
    )
    with pytest.raises(AuthenticationFailed):
        remotes.list_refs("https://example.invalid/private.git")


def test_a_password_in_an_address_is_never_repeated(fake_program: Fake) -> None:
    fake_program("git", "echo \"fatal: unable to access '$5': Could not resolve host\" >&2; exit 128")
    with pytest.raises(NetworkUnavailable) as caught:
        remotes.list_refs("https://me:secret@example.invalid/a.git")
    assert "secret" not in f"{caught.value.message} {caught.value.context}"
    assert "https://example.invalid/a.git" in caught.value.message


def test_a_host_that_cannot_be_reached_and_a_file_that_is_no_repository_are_told(tmp_path: Path) -> None:
    with pytest.raises(NetworkUnavailable):
        remotes.list_refs("http://127.0.0.1:9/ComfyUI.git")
    (tmp_path / "file").write_text("")
    with pytest.raises(RepositoryNotFound):
        remotes.list_refs(str(tmp_path / "file"))


def test_an_option_in_the_place_of_a_repository_is_none(tmp_path: Path) -> None:
    with pytest.raises((RepositoryNotFound, NetworkUnavailable)):
        remotes.list_refs("--upload-pack=touch /tmp/never")


def test_a_frozen_programs_library_path_is_not_passed_on() -> None:
    script = (
        "import os, sys; sys._MEIPASS = '/frozen'\n"
        "from comfydock_core.utils.child_environment import child_environment\n"
        "from comfydock_core.utils import native\n"
        "one, other = child_environment(), native.child_environment()\n"
        "print(one.get('LD_LIBRARY_PATH'), other.get(b'LD_LIBRARY_PATH'), 'LD_LIBRARY_PATH_ORIG' in one)\n"
    )
    environment = {**os.environ, "LD_LIBRARY_PATH": "/frozen", "LD_LIBRARY_PATH_ORIG": "/mine"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["/mine", "b'/mine'", "False"]
