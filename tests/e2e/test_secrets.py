"""Logins, tokens and signatures in addresses: they open what they are for, and are kept, told and shown nowhere."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.nodes import custom_nodes, packs
from tests.support.git_server import GitServer, git_serving
from tests.support.pack_host import PackHost
from tests.support.sessions import Session

PASSWORD, SIGNATURE, TOKEN = "pl4ntedPassword", "pl4ntedSignature", "pl4ntedToken"
PLANTED = (PASSWORD, SIGNATURE, TOKEN)


@pytest.fixture
def closed(host: PackHost) -> Iterator[GitServer]:
    """The repositories of the host, for those with a login."""
    with git_serving(host.root, login=f"ada:{PASSWORD}") as server:
        yield server


class Watcher:
    """Runs commands, and keeps what they say and what git and its own children are started with."""

    def __init__(self, session: Session, place: Path) -> None:
        self._session = session
        self._trace = place / "trace"
        self.said = ""

    def run(self, *words: str, **changes: str | None) -> None:
        for form in ("--json", "--verbose"):
            ran = self._session.run(*words, form, GIT_TRACE=str(self._trace), **changes)
            self.said += f"{words[:2]} {ran.out}{ran.err}\n"

    @property
    def command_lines(self) -> str:
        return self._trace.read_text(errors="replace") if self._trace.exists() else ""


def files_with(place: Path, secret: str) -> list[str]:
    """The files below a place that hold a text, anywhere in them."""
    paths = (Path(directory, name) for directory, _, names in os.walk(place) for name in names)
    return [str(path) for path in paths if not path.is_symlink() and secret.encode() in path.read_bytes()]


def test_planted_secrets_are_found_nowhere_after_many_commands(
    work: Session, host: PackHost, closed: GitServer, tmp_path: Path
) -> None:
    commit = host.add_repository("alice", "Hidden")
    host.add("signed", "1.0.0")
    plain = host.versions["signed"][0]["downloadUrl"]
    assert isinstance(plain, str)
    signed = plain.replace("http://", f"http://me:{PASSWORD}@") + f"?X-Amz-Signature={SIGNATURE}&token={TOKEN}"
    host.versions["signed"][0]["downloadUrl"] = signed
    address = closed.address("alice/Hidden")
    watcher = Watcher(work, tmp_path)

    work.ok("node", "add", "signed", address)
    assert sorted(packs(work)) == ["Hidden", "signed"]
    for words in (
        ("node", "add", signed), ("node", "add", f"{address}@{commit}"), ("node", "add", address, "--dry-run"),
        ("node", "list"), ("manifest",), ("status",), ("sync",), ("node", "update", "--all", "--dry-run"),
        ("outdated",),
        ("node", "add", f"https://me:{PASSWORD}@"), ("node", "add", f"http://me:{PASSWORD}@[::1/a"),
        ("node", "add", f"http://me:pa/{PASSWORD}@127.0.0.1:9/a/b"), ("node", "remove", "Hidden"), ("undo",),
        ("py", "add", f"git+http://me:{PASSWORD}@127.0.0.1:9/a"), ("doctor",), ("operation", "list"), ("logs",),
        ("operation", "show", "1"), ("create", "other", "--comfyui-repository", f"http://me:{PASSWORD}@127.0.0.1:9/a"),
        ("clone", "work", "twin"),
    ):  # fmt: skip
        watcher.run(*words)
    watcher.run("node", "add", "zzz", COMFYDOCK_REGISTRY_URL=f"http://me:{PASSWORD}@127.0.0.1:99999/a")
    watcher.run("node", "add", "zzz", COMFYDOCK_REGISTRY_URL=f"http://me:{PASSWORD}@[/a")

    assert "git-remote-http" in watcher.command_lines or "remote-http" in watcher.command_lines
    for secret in PLANTED:
        assert [line for line in watcher.said.splitlines() if secret in line] == []
        assert [line for line in watcher.command_lines.splitlines() if secret in line] == []
        assert files_with(work.workspace, secret) == []


def test_a_signed_archive_is_fetched_again_by_asking_the_registry(work: Session, host: PackHost) -> None:
    """Without its signature the address is of no use, so the manifest has none."""
    host.add("signed", "1.0.0")
    host.versions["signed"][0]["downloadUrl"] = f"{host.versions['signed'][0]['downloadUrl']}?sig={SIGNATURE}"
    work.ok("node", "add", "signed")
    shutil.rmtree(work.workspace / "comfydock_cache" / "packs")
    shutil.rmtree(custom_nodes(work) / "signed")
    before = len(host.requests)
    work.ok("sync")
    assert [path for path in host.requests[before:] if SIGNATURE in path]


def test_a_login_that_a_helper_of_the_user_knows_opens_a_repository(
    work: Session, host: PackHost, closed: GitServer, tmp_path: Path
) -> None:
    host.add_repository("alice", "Hidden")
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[credential]\n\thelper = "!f() {{ echo username=ada; echo password={PASSWORD}; }}; f"\n')
    address = closed.address("alice/Hidden").replace(f"ada:{PASSWORD}@", "")
    assert work.error("node", "add", address)["code"] == "authentication-failed"
    work.ok("node", "add", address, GIT_CONFIG_GLOBAL=str(settings))
    assert list(packs(work)) == ["Hidden"]


def test_a_name_alone_in_an_address_asks_the_users_helper_for_its_password(
    work: Session, host: PackHost, closed: GitServer, tmp_path: Path
) -> None:
    host.add_repository("alice", "Hidden")
    settings = tmp_path / "gitconfig"
    script = f'read a; read b; read c; [ "$c" = username=ada ] && echo password={PASSWORD}'
    settings.write_text(f'[credential]\n\thelper = "!f() {{ {script.replace(chr(34), chr(92) + chr(34))}; }}; f"\n')
    address = closed.address("alice/Hidden").replace(f":{PASSWORD}", "")
    work.ok("node", "add", address, GIT_CONFIG_GLOBAL=str(settings))
    assert list(packs(work)) == ["Hidden"]
