"""What the user's own variables and settings of uv do to ComfyDock, with real uv."""

from pathlib import Path

import pytest

from comfydock_core.integrations.uv_environment import uv_environment
from comfydock_core.models.exceptions import FileSystemError, InvalidSetting
from comfydock_core.repositories.definition.uv_lock import read_lock
from tests.support.machines import Machine
from tests.support.wheels import write_wheel


def passed(**own: str) -> dict[str, str]:
    made = uv_environment(own, venv="/e/.venv", cache="/c", python_installs="/p", offline=False)
    return {name: value for name, value in made.items() if name in own}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("UV_CONFIG_FILE", "own.toml", "{here}/own.toml"),
        ("UV_FIND_LINKS", "./wheels,/abs,https://example.com/x", "{here}/wheels,/abs,https://example.com/x"),
        ("UV_INDEX", "mine=../index https://example.com/simple", "mine={above}/index https://example.com/simple"),
        ("UV_DEFAULT_INDEX", "file:///srv/index", "file:///srv/index"),
        ("SSL_CERT_FILE", "ca.pem", "{here}/ca.pem"),
    ],
)
def test_paths_count_from_where_the_user_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert passed(**{name: value})[name] == expected.format(here=tmp_path, above=tmp_path.parent)


def test_a_relative_path_in_a_directory_that_is_gone_is_told_with_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert passed(UV_FIND_LINKS="/wheels") == {"UV_FIND_LINKS": "/wheels"}
    with pytest.raises(FileSystemError, match=r"UV_FIND_LINKS is `\./wheels`"):
        passed(UV_FIND_LINKS="./wheels")


@pytest.mark.parametrize("name", ["UV_NO_VERIFY_HASHES", "UV_NO_GROUP", "UV_NO_DEV", "UV_VENV_SEED", "UV_WORKING_DIR"])
def test_what_would_lead_uv_astray_is_left_out(name: str) -> None:
    assert passed(**{name: "1"}) == {}


@pytest.mark.parametrize("name", ["UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE", "UV_BUILD_CONSTRAINT"])
def test_variables_that_decide_about_packages_are_refused_by_name(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "limits.txt").write_text("numpy<2\n")
    monkeypatch.setenv(name, str(tmp_path / "limits.txt"))
    with pytest.raises(InvalidSetting, match=name) as refused:
        machine.lock("none")
    assert refused.value.hint is not None
    assert refused.value.hint.startswith(f"unset {name}; ")


@pytest.mark.parametrize("by_variable", [True, False])
def test_settings_that_install_elsewhere_are_refused_by_name(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, by_variable: bool
) -> None:
    monkeypatch.delenv("UV_NO_CONFIG")
    settings = tmp_path / "config" / "uv" / "uv.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[pip]\ntarget = "{tmp_path}/elsewhere"\n')
    if by_variable:
        monkeypatch.chdir(settings.parent)
        monkeypatch.setenv("UV_CONFIG_FILE", "uv.toml")
    else:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    machine.write("einops")
    with pytest.raises(InvalidSetting, match="`target` under `\\[pip\\]`") as refused:
        machine.lock("none")
    assert refused.value.context["file"] == str(settings)
    assert ("unset UV_CONFIG_FILE" if by_variable else "set UV_NO_CONFIG=1") in str(refused.value.hint)
    monkeypatch.delenv("UV_CONFIG_FILE", raising=False)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    machine.lock("none").install("none")
    assert machine.installed() == {"einops==0.8"}


def test_other_settings_of_the_user_count(machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("UV_NO_CONFIG")
    write_wheel(tmp_path / "wheels", "homemade", "1.0")
    (tmp_path / "uv.toml").write_text(f'find-links = ["{tmp_path}/wheels"]\n[pip]\nno-deps = false\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "uv.toml"))
    machine.write("homemade")
    machine.lock("none")
    assert read_lock(f"{machine.definition}/uv.lock").versions() == {"homemade": {"1.0"}}
