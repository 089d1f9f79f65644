"""Node packs, as people and scripts use them: added in every form, updated, turned off, removed, taken back."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.e2e.nodes import custom_nodes, directories, failure, packs
from tests.e2e.test_failures import shell, state, told
from tests.support.miniature import git
from tests.support.pack_host import PackHost, pack_files
from tests.support.sessions import Session, envelope_of
from tests.support.source import Ran


def seconds_away(text: str) -> str:
    """The text without the time that it took."""
    first, _, rest = text.partition("\n")
    return f"{first.rpartition(' in ')[0]}\n{rest}"


# The forms of a name


def test_a_pack_of_the_registry_in_words(work: Session, host: PackHost) -> None:
    host.add("blur", files=pack_files("Blur", requirements="mini-masks\n"))
    before = state(work)
    ran = work.ok("node", "add", "blur")
    assert seconds_away(ran.out) == "work: 1 node pack\n  + blur 1.0.0\n    + mini-masks 2.0\n"
    assert work.ok("node", "list").out == "blur  1.0.0  registry  present\n"
    status = work.data("status")
    assert (status["in_sync"], status["packages"]["state"]) == (True, "in-sync")
    assert work.ok("undo", "-e", "work").code == 0
    assert state(work) == before
    told_nothing = work.ok("node", "list")
    assert told_nothing.out == ""
    assert "`comfydock node add ID` adds one" in told_nothing.err


def test_a_version_that_is_named_is_the_one_that_comes(work: Session, host: PackHost) -> None:
    host.add("blur", "1.0.0")
    host.add("blur", "2.0.0")
    assert work.data("node", "add", "blur@1.0.0")["packs"][0]["after"]["version"] == "1.0.0"
    assert packs(work) == {"blur": ("1.0.0", "registry", "present")}
    error = failure(work, "pack-version-not-found", "node", "add", "blur@9")
    assert error["exit_code"] == 3
    assert "2.0.0" in error["hint"]


@pytest.mark.parametrize("form", ["https://github.com/alice/Fancy", "https://github.com/alice/Fancy.git",
                                  "github.com/alice/Fancy", "{other}", "git+{other}", "{bare}"])  # fmt: skip
def test_an_address_of_git_brings_the_head_of_its_branch(work: Session, host: PackHost, form: str) -> None:
    commit = host.add_repository("alice", "Fancy")
    bare = work.workspace.parent / "Fancy.git"
    git(bare.parent, "clone", "--quiet", "--bare", str(host.repository("alice", "Fancy")), str(bare))
    word = form.format(other=host.address("alice", "Fancy.git"), bare=bare)
    made = work.data("node", "add", word)["packs"][0]
    assert (made["after"]["version"], made["after"]["source"], made["directory"]) == (commit, "git", "Fancy")
    assert git(custom_nodes(work) / "Fancy", "rev-parse", "HEAD").strip() == commit
    assert git(custom_nodes(work) / "Fancy", "status", "--porcelain") == ""


@pytest.mark.parametrize("ref", ["next", "v1", "commit", "short"])
def test_an_address_may_name_a_branch_a_tag_or_a_commit(work: Session, host: PackHost, ref: str) -> None:
    wanted = host.add_repository("alice", "Fancy", tag="v1")
    git(host.repository("alice", "Fancy"), "branch", "next")
    host.add_repository("alice", "Fancy", {"later.py": ""})
    named = {"commit": wanted, "short": wanted[:8]}.get(ref, ref)
    made = work.data("node", "add", f"https://github.com/alice/Fancy@{named}")["packs"][0]
    assert (made["after"]["version"], made["after"]["branch"]) == (wanted, "next" if ref == "next" else None)
    error = failure(work, "pack-version-not-found", "node", "add", "https://github.com/alice/Fancy@nxet", "--force")
    assert "`next`" in error["hint"]


@pytest.mark.parametrize("word", ["git@forge.example:alice/Fancy.git", "ssh://git@forge.example/alice/Fancy.git"])
def test_an_address_for_ssh_is_asked_as_git_asks_it(work: Session, host: PackHost, tmp_path: Path, word: str) -> None:
    commit = host.add_repository("alice", "Fancy")
    remote = tmp_path / "ssh"
    asked = tmp_path / "asked"
    remote.write_text(
        f'#!/bin/sh\necho "$@" >> "{asked}"\nfor last; do :; done\n'
        f'cd "{host.root}" && eval "$(echo "$last" | sed "s#\'/*#\'./#")"\n'
    )
    remote.chmod(0o755)
    made = work.data("node", "add", word, GIT_SSH=str(remote), GIT_SSH_VARIANT="simple")["packs"][0]
    assert (made["after"]["version"], made["directory"]) == (commit, "Fancy")
    assert "git@forge.example" in asked.read_text()


def test_an_ssh_that_does_not_let_in_is_told(work: Session, host: PackHost, tmp_path: Path) -> None:
    remote = tmp_path / "ssh"
    remote.write_text('#!/bin/sh\necho "git@forge.example: Permission denied (publickey)." >&2\nexit 255\n')
    remote.chmod(0o755)
    error = failure(work, "authentication-failed", "node", "add", "git@forge.example:alice/Fancy.git",
                    GIT_SSH=str(remote), GIT_SSH_VARIANT="simple")  # fmt: skip
    assert "forge.example" in error["message"]


def test_a_folder_is_copied_and_stays_where_it_is(work: Session) -> None:
    folder = work.workspace.parent / "Meine Knoten ☃"
    folder.mkdir()
    (folder / "requirements.txt").write_text("mini-masks\n")
    made = work.data("node", "add", str(folder))["packs"][0]
    assert made["after"]["source"] == "development"
    assert (custom_nodes(work) / made["directory"] / "requirements.txt").is_file()
    assert (folder / "requirements.txt").is_file()
    work.ok("node", "remove", made["pack"])


def test_what_lies_there_already_becomes_the_users_own(work: Session) -> None:
    mine = custom_nodes(work) / "MyNodes"
    mine.mkdir()
    (mine / "__init__.py").write_text("mine = True\n")
    ran = work.ok("node", "add", "mynodes", "--dev")
    assert "  ~ MyNodes dev, as a development pack\n" in ran.out
    assert packs(work) == {"MyNodes": ("dev", "development", "present")}
    assert work.ok("node", "update", "--all").out == "work: nothing to do\n"
    removed = work.ok("node", "remove", "MyNodes")
    assert "its files are kept as MyNodes.disabled" in removed.out
    assert directories(work) == ["MyNodes.disabled"]
    work.ok("undo", "-e", "work")
    assert (mine / "__init__.py").read_text() == "mine = True\n"


def test_a_registry_pack_may_be_taken_as_the_users_own(work: Session, host: PackHost) -> None:
    host.add("blur", "1.0.0")
    work.ok("node", "add", "blur", "--dev")
    host.add("blur", "2.0.0")
    assert packs(work)["blur"][:2] == ("dev", "development")
    assert work.ok("node", "update", "--all").out == "work: nothing to do\n"


# Several


def test_several_come_together_or_not_at_all(work: Session, host: PackHost) -> None:
    for name in ("blur", "sharp"):
        host.add(name)
    failure(work, "pack-not-found", "node", "add", "blur", "nowhere", "sharp")
    done = work.ok("node", "add", "blur", "sharp", "blur")
    assert seconds_away(done.out) == "work: 2 node packs\n  + blur 1.0.0\n  + sharp 1.0.0\n"
    work.ok("undo", "-e", "work")
    assert packs(work) == {}


def test_each_step_says_which_of_several_packs_it_belongs_to(work: Session, host: PackHost) -> None:
    for name in ("blur", "sharp"):
        host.add(name)
    said = work.ok("node", "add", "blur", "sharp", "blur").err
    assert "(1/2) Looking up blur\n" in said
    assert "(2/2) Looking up sharp\n" in said


def test_what_can_be_done_is_done_with_keep_going_and_the_exit_code_tells(work: Session, host: PackHost) -> None:
    host.add("blur")
    host.add("greedy", files=pack_files(requirements="mini-base<1\n"))
    ran = work.run("node", "add", "blur", "nowhere", "greedy", "--keep-going", "--json")
    envelope = envelope_of(ran)
    assert (ran.code, envelope["status"], envelope["errors"]) == (4, "failed", [])
    assert [one["pack"] for one in envelope["data"]["packs"]] == ["blur"]
    assert [(one["pack"], one["code"]) for one in envelope["data"]["failures"]] == [
        ("nowhere", "pack-not-found"), ("greedy", "requirements-conflict"),
    ]  # fmt: skip
    assert directories(work) == ["blur"]
    again = work.run("node", "add", "nowhere", "--keep-going")
    assert (again.code, again.out, "! nowhere: " in again.err) == (4, "", True)
    assert work.run("node", "remove", "blur", "nowhere", "--keep-going").code == 4
    assert packs(work) == {}


# Updating, switching, removing


def test_an_update_shows_the_commits_and_what_is_new_in_the_code(work: Session, host: PackHost) -> None:
    host.add("blur", "1.0.0", files=pack_files("Blur", requirements="mini-masks<2\n"))
    host.add_repository("alice", "Fancy")
    work.ok("node", "add", "blur", "https://github.com/alice/Fancy")
    assert work.ok("node", "update", "--all").out == "work: nothing to do\n"
    host.add("blur", "1.1.0", files=pack_files("Blur", requirements="mini-masks>=2\n"))
    newest = host.add_repository("alice", "Fancy", {"run.py": "import os\nos.system('pip install x')\n"})
    before = state(work)
    ran = work.ok("node", "update", "--all")
    lines = ran.out.splitlines()
    assert lines[0].startswith("work: 2 node packs in ")
    assert lines[1] == "  ~ blur 1.0.0 → 1.1.0"
    assert lines[2].startswith("  ~ Fancy ")
    assert lines[2].endswith(f" → {newest[:10]} (main)")
    assert lines[3].startswith(f"      {newest[:7]}")
    assert lines[3].endswith(" Change Fancy")
    assert lines[4] == "    ~ mini-masks 1.0 → 2.0"
    assert "run.py:2" in ran.err
    assert packs(work)["Fancy"][0] == newest
    work.ok("undo", "-e", "work")
    assert state(work) == before


def test_what_code_does_in_many_places_is_one_line(work: Session, host: PackHost) -> None:
    code = "import os\n" + "os.system(input())\n" * 30
    host.add("blur", files={**pack_files("Blur"), "run.py": code})
    planned = work.run("node", "add", "blur", "--dry-run")
    lines = [line for line in planned.err.splitlines() if "run.py" in line]
    assert len(lines) == 1
    assert "run.py:2" in lines[0]
    assert "and 27 other places" in lines[0]
    findings = work.data("node", "add", "blur", "--dry-run")["packs"][0]["findings"]
    assert [one["line"] for one in findings if one["file"] == "run.py"] == list(range(2, 32))


def test_an_update_needs_to_know_what(work: Session) -> None:
    for words in (("node", "update"), ("node", "update", "x", "--all"), ("node", "add"), ("node", "remove")):
        told(work.run(*words), 2, "comfydock node ")


def test_packs_are_turned_off_and_on(work: Session, host: PackHost) -> None:
    host.add("blur", files=pack_files("Blur", requirements="mini-masks\n"))
    work.ok("node", "add", "blur")
    before = state(work)
    assert "  ~ blur 1.0.0, turned off\n" in work.ok("node", "disable", "BLUR").out
    assert (directories(work), packs(work)["blur"][2]) == (["blur.disabled"], "disabled")
    assert work.data("status")["in_sync"] is True
    assert work.ok("node", "disable", "blur").out == "work: nothing to do\n"
    work.ok("sync")
    assert directories(work) == ["blur.disabled"]
    assert "  ~ blur 1.0.0, turned on\n" in work.ok("node", "enable", "blur").out
    assert state(work) == before


def test_a_pack_at_another_version_than_the_manifest_is_told_and_put_right(work: Session, host: PackHost) -> None:
    first = host.add_repository("alice", "Fancy")
    second = host.add_repository("alice", "Fancy", {"more.py": ""})
    work.ok("node", "add", "https://github.com/alice/Fancy")
    before = state(work)
    git(custom_nodes(work) / "Fancy", "checkout", "--quiet", first)
    told = work.ok("status").out
    assert f"  node packs  1 pack, 1 at another version\n    ~ Fancy {second[:10]} → {first[:10]}\n" in told
    assert work.ok("node", "list").out.endswith(f"  git  present at {first[:10]}\n")
    assert "comfydock sync -e work" in work.run("doctor").out
    (custom_nodes(work) / "Fancy/__init__.py").write_text("mine = True\n")
    held = work.run("sync")
    assert (held.code, held.out) == (4, "work: nothing to do\n")
    assert "! left as it is: Fancy is at " in held.err
    git(custom_nodes(work) / "Fancy", "checkout", "--quiet", "--", "__init__.py")
    planned = work.ok("sync", "--dry-run").out
    assert f"node pack Fancy at {second[:10]} instead of {first[:10]}" in planned
    assert "fetched " in work.ok("sync").out
    assert work.data("status")["in_sync"] is True
    assert state(work) == before


def test_removed_packs_take_their_packages_with_them(work: Session, host: PackHost) -> None:
    host.add("blur", files=pack_files("Blur", requirements="mini-masks\n"))
    host.add_repository("alice", "Fancy")
    work.ok("node", "add", "blur", "https://github.com/alice/Fancy")
    before = state(work)
    ran = work.ok("node", "remove", "blur", "fancy")
    assert seconds_away(ran.out).splitlines()[0] == "work: 2 node packs"
    assert "    - mini-masks 2.0\n" in ran.out
    assert (directories(work), packs(work)) == ([], {})
    work.ok("undo", "-e", "work")
    assert state(work) == before


def test_an_untracked_pack_stays_where_it_is(work: Session, host: PackHost) -> None:
    host.add("blur")
    work.ok("node", "add", "blur")
    assert "  - blur 1.0.0, its directory stays\n" in work.ok("node", "remove", "blur", "--untrack").out
    assert (directories(work), packs(work)) == (["blur"], {})


def use(session: Session, *types: str) -> None:
    """Save a workflow that uses some node classes."""
    place = session.environments / "work/ComfyUI/user/default/workflows"
    place.mkdir(parents=True, exist_ok=True)
    content = {"nodes": [{"id": number, "type": kind} for number, kind in enumerate(types)], "links": []}
    (place / "flow.json").write_text(json.dumps(content))


@pytest.fixture
def unneeded(work: Session, host: PackHost) -> Session:
    """`blur` is used by a workflow, `sharp` and `soft` are not."""
    for name in ("blur", "sharp", "soft"):
        host.add(name, files=pack_files(f"Fancy{name.title()}"))
    work.ok("node", "add", "blur", "sharp", "soft")
    use(work, "FancyBlur", "KSampler")
    return work


def test_pruning_asks_first_and_nobody_being_there_is_an_error_of_usage(unneeded: Session) -> None:
    before = state(unneeded)
    for more in ((), ("--json",)):
        ran = unneeded.run("node", "prune", *more)
        assert ran.code == 2
        assert "--yes" in ran.out + ran.err
        assert "sharp" in ran.out + ran.err
    assert "--yes" in shell(unneeded, "comfydock node prune <&-").err
    assert state(unneeded) == before


def test_pruning_can_be_looked_at_first(unneeded: Session) -> None:
    before = state(unneeded)
    planned = unneeded.data("node", "prune", "--dry-run")
    assert [one["pack"] for one in planned["packs"]] == ["sharp", "soft"]
    assert state(unneeded) == before
    excepted = unneeded.ok("node", "prune", "--exclude", "soft", "--yes")
    assert "  - sharp 1.0.0\n" in excepted.out
    assert sorted(packs(unneeded)) == ["blur", "soft"]
    unneeded.ok("undo", "-e", "work")
    assert state(unneeded) == before
    error = failure(unneeded, "pack-not-found", "node", "prune", "--exclude", "sotf", "--yes")
    assert "`soft`" in error["hint"]


@pytest.mark.parametrize(("answer", "left"), [("y\n", ["blur"]), ("n\n", ["blur", "sharp", "soft"]),
                                              ("\n", ["blur", "sharp", "soft"])])  # fmt: skip
def test_on_a_terminal_pruning_does_what_is_answered(unneeded: Session, answer: str, left: list[str]) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*unneeded.program.command, "node", "prune"], stdin=theirs, stdout=subprocess.PIPE,
                               stderr=theirs, env=unneeded.environment(TERM="xterm"))  # fmt: skip
    os.close(theirs)
    heard = b""
    while b"[y/N]" not in heard:
        heard += os.read(ours, 1000)
    assert heard.endswith(b"remove sharp, soft? [y/N] ")
    assert heard.rindex(b"\x1b[?25h") > heard.rindex(b"\x1b[?25l")  # Nothing is drawn over the question.
    os.write(ours, answer.encode())
    assert process.wait() == 0
    process.communicate()
    os.close(ours)
    assert sorted(packs(unneeded)) == left


def test_a_checkout_elsewhere_is_linked_and_never_touched(work: Session, host: PackHost) -> None:
    host.add("blur", "1.0.0")
    work.ok("node", "add", "blur")
    before = state(work)
    folder = work.workspace.parent / "src/blur"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("mini-masks\n")
    ran = work.ok("node", "dev-link", str(folder))
    assert f"  ~ blur to {folder}\n" in ran.out
    assert packs(work)["blur"] == ("dev", "development", "linked")
    assert (custom_nodes(work) / "blur").readlink() == folder
    work.ok("node", "remove", "blur")
    assert (folder / "requirements.txt").is_file()
    work.ok("undo", "-e", "work")
    work.ok("undo", "-e", "work", "--json")
    work.ok("undo", "-e", "work")
    work.ok("operation", "undo", "2", "-e", "work")
    assert state(work) == before


def test_whether_packs_would_fit_is_told_without_adding_them(work: Session, host: PackHost) -> None:
    host.add("blur", files=pack_files("Blur", requirements="mini-masks\n"))
    host.add("greedy", files=pack_files(requirements="mini-base<1\n"))
    before = state(work)
    assert work.ok("node", "why-not", "blur").out == "blur fits\n    + mini-masks 2.0\n"
    assert work.data("node", "why-not", "blur")["locked"]["added"] == ["mini-masks 2.0"]
    assert state(work) == before
    failure(work, "packs-conflict", "node", "why-not", "greedy")


def test_what_was_found_can_be_added_and_asked_for(work: Session, host: PackHost) -> None:
    host.add("blur", files=pack_files("Blur", requirements="mini-masks\n"))
    work.ok("node", "add", "blur")
    use(work, "Blur")
    lines = work.ok("node", "why", "blur").out.splitlines()
    assert lines[:2] == ["node pack blur", "  needed by the workflow flow: Blur"]
    assert lines[2].startswith("  asks for mini-masks")
    assert "blur" in work.ok("node", "why", "mini-masks").out
    assert "blur" in work.ok("node", "why", "Blur").out


# Around every command


def test_every_change_has_one_envelope_and_quiet_says_the_result_only(work: Session, host: PackHost) -> None:
    host.add("blur", "1.0.0", files=pack_files(requirements="mini-masks\n"))
    ran = work.ok("node", "add", "blur", "-q")
    assert (ran.err, ran.out.startswith("work: 1 node pack in ")) == ("", True)
    host.add("blur", "2.0.0")
    use(work, "KSampler")
    keys = {"name", "packs", "failures", "locked", "resolved", "venv", "operation", "installed"}
    for words in (("update", "blur"), ("disable", "blur"), ("enable", "blur"), ("prune", "--yes"), ("add", "blur")):
        data = work.data("node", *words)
        assert set(data) == keys, words
        assert data["operation"].endswith(f"-node-{words[0]}"), words


def test_offline_what_is_kept_works_and_what_is_not_says_so(work: Session, host: PackHost) -> None:
    host.add("blur", files=pack_files(requirements="mini-masks\n"))
    host.add("sharp")
    host.add_repository("alice", "Fancy")
    host.add_repository("alice", "Other")
    work.ok("node", "add", "blur", "https://github.com/alice/Fancy")
    host.requests.clear()
    host.git.requests.clear()
    work.ok("node", "remove", "blur", "Fancy", "--offline")
    work.ok("node", "add", "blur", "https://github.com/alice/Fancy", "--offline")
    assert sorted(packs(work)) == ["Fancy", "blur"]
    for word in ("sharp", "https://github.com/alice/Other"):
        error = failure(work, "offline", "node", "add", word, "--offline")
        assert error["exit_code"] == 5
        assert "--offline" in error["hint"]
    work.ok("node", "list", "--offline")
    work.ok("node", "disable", "blur", "--offline")
    assert (host.requests, host.git.requests) == ([], [])


def test_many_changes_are_taken_back_one_after_the_other(work: Session, host: PackHost) -> None:
    host.add("blur", "1.0.0", files=pack_files(requirements="mini-masks<2\n"))
    states = [state(work)]
    work.ok("node", "add", "blur")
    host.add("blur", "2.0.0", files=pack_files(requirements="mini-masks\n"))
    for words in (("node", "update", "blur"), ("node", "disable", "blur")):
        states.append(state(work))
        work.ok(*words)
    listed = [row["id"] for row in work.data("operation", "list", "-e", "work")["operations"]]
    for operation, before in zip(reversed(listed), reversed(states), strict=True):
        work.ok("operation", "undo", str(operation), "-e", "work")
        assert state(work) == before


def test_changes_work_without_standard_streams(work: Session, host: PackHost) -> None:
    host.add("blur", "1.0.0")
    use(work, "KSampler")
    for line in ("add blur", "disable blur", "enable blur", "update --all", "prune --yes", "remove blur --keep-going"):
        ran = shell(work, f"comfydock node {line} <&- 2>&-")
        assert ran.code == (4 if "remove" in line else 0), line
    assert packs(work) == {}


def completed(session: Session, *words: str) -> list[str]:
    ran: Ran = session.ok("__complete", "bash", *words)
    return ran.out.splitlines()


def test_a_tab_offers_the_packs_of_the_environment_that_is_meant(work: Session, host: PackHost) -> None:
    for name in ("blur", "sharp", "soft"):
        host.add(name)
    work.ok("node", "add", "blur", "sharp", "soft")
    work.ok("clone", "work", "spare")
    work.ok("node", "remove", "soft", "sharp", "-e", "spare")
    for command in ("remove", "update", "enable", "disable"):
        assert completed(work, "node", command, "") == ["blur", "sharp", "soft"]
        assert completed(work, "node", command, "s") == ["sharp", "soft"]
        assert completed(work, "-e", "spare", "node", command, "") == ["blur"]
        assert completed(work, "node", command, "-e", "spare", "") == ["blur"]
    assert completed(work, "node", "remove", "-e", "nowhere", "") == []
    (work.environments / "work/.cec/pyproject.toml").write_text("[broken")
    assert completed(work, "node", "remove", "") == []
