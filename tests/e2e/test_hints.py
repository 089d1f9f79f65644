"""Every command that a message quotes is a command: it parses by the table, and those that can be tried are tried."""

import ast
import re
import shlex
import shutil
from pathlib import Path

import pytest

from build.paths import Layout
from comfydock_cli.generate.explanations import explanations
from comfydock_cli.generate.topics import TOPICS, Topic, topic_text
from comfydock_cli.table import resolve
from comfydock_cli.table.parser import parse
from comfydock_cli.table.refusals import UsageError
from comfydock_cli.table.spec import GLOBAL
from tests.support.pack_host import PackHost
from tests.support.sessions import Session

QUOTED = re.compile(r"`((?:comfydock|cfd)(?: [^`]*)?)`")
OPTION = re.compile(r"`(-{1,2}[a-z][a-z0-9-]*)[^`]*`")

# What stands for the user's own words.
PLACEHOLDERS = {"NAME": "work", "PATH": "/data/comfydock", "CODE": "usage", "TOPIC": "json", "COMMAND": "create",
                "DIR": "/data/mirror"}  # fmt: skip

# Parts of f-strings, by their source.
FILLED = {
    "place.name": "work",
    "plan.name": "work",
    "name": "work",
    "detected": "cpu",
    "relock": " --relock",
    "shown": "work",
    "near": "list",
    "parent": "comfydock",
    "again": "comfydock undo -e work",
    "_program(path)": "comfydock",
    "_program(path[:-1])": "comfydock",
    "_program(self.found.path)": "comfydock create",
}


def advice_in(path: Path) -> list[str]:
    """The texts of a module that say what to do: whatever is given, assigned or returned as a hint or a note."""
    tree = ast.parse(path.read_text("utf-8"))
    if path.parent.name == "doctor":  # There every text is about what to do.
        return [text for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for text in _texts(node)]
    return [text for node in ast.walk(tree) for value in _advice(node) for text in _texts(value)]


def _advice(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.keyword) and node.arg in ("hint", "note"):
        return [node.value]
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        told = node.targets[0].id.lower().lstrip("_").split("_")
        return [node.value] if {"hint", "hints", "note"} & set(told) else []
    if isinstance(node, ast.Dict):
        return [value for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant) and key.value == "hint"]  # fmt: skip
    if isinstance(node, ast.FunctionDef) and ("hint" in node.name or "help" in node.name or "meaning" in node.name):
        return [child.value for child in ast.walk(node) if isinstance(child, ast.Return) and child.value is not None]
    return []


def _texts(value: ast.expr) -> list[str]:
    if isinstance(value, ast.JoinedStr):
        return ["".join(_filled(part) for part in value.values)]
    if isinstance(value, ast.Constant):
        return [value.value] if isinstance(value.value, str) else []
    return [text for child in ast.iter_child_nodes(value) if isinstance(child, ast.expr) for text in _texts(child)]


def _filled(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    assert isinstance(part, ast.FormattedValue)
    return FILLED.get(ast.unparse(part.value), "create")


def modules() -> list[Path]:
    found = [path for package in Layout().packages for path in sorted(package.rglob("*.py"))]
    return [path for path in found if path.name not in ("_snapshot.py", "_frozen_help.py")]


def quoted_commands() -> dict[str, str]:
    """Each command line that somebody is told to use, and where."""
    found = {line: f"{path.name}: {text}" for path in modules() for text in advice_in(path) for line in lines(text)}
    for name, topic in TOPICS.items():
        found.update(dict.fromkeys(commands_of(topic), f"help {name}"))
    for code, (_, text) in explanations().items():
        found.update(dict.fromkeys(lines(text), f"explain {code}"))
    for row in resolve.all_commands():
        found.update(dict.fromkeys(row.examples, f"examples of {' '.join(row.path)}"))
        found.update(dict.fromkeys(lines(row.description), f"help {' '.join(row.path)}"))
    return found


def commands_of(topic: Topic) -> list[str]:
    """The command lines of a topic: quoted ones, and the terms that are one."""
    texts = [
        block if isinstance(block, str) else " ".join(explained for _, explained in block) for block in topic.blocks
    ]
    terms = [term for block in topic.blocks if not isinstance(block, str) for term, _ in block]
    return [line for text in texts for line in lines(text)] + [term for term in terms if term.startswith("comfydock ")]


def lines(text: str) -> list[str]:
    return QUOTED.findall(text)


def words_of(line: str) -> list[str]:
    return [PLACEHOLDERS.get(word, word) for word in shlex.split(line)[1:]]


COMMANDS = quoted_commands()


def test_commands_are_quoted_at_all() -> None:
    """The search itself works: these are known to be there."""
    known = {"comfydock create NAME", "comfydock list", "comfydock init", "comfydock delete work", "comfydock use NAME"}
    assert known <= set(COMMANDS)


@pytest.mark.parametrize("line", sorted(COMMANDS))
def test_every_quoted_command_can_be_given_as_it_stands(line: str) -> None:
    try:
        found = parse(words_of(line))
    except UsageError as error:
        pytest.fail(f"{error.message}: {COMMANDS[line]}")
    assert found.path or found.help


def test_every_option_that_a_hint_names_exists() -> None:
    known = {flag for row in resolve.all_commands() for arg in row.args for flag in arg.flags}
    known |= {flag for arg in GLOBAL for flag in arg.flags} | {"--version"}
    for path in modules():
        for text in advice_in(path):
            assert set(OPTION.findall(text)) <= known, f"{path.name}: {text}"


@pytest.mark.parametrize("code", sorted(explanations()))
def test_every_code_is_explained(source: Session, code: str) -> None:
    assert source.data("explain", code)["code"] == code


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_topic_is_shown(source: Session, topic: str) -> None:
    assert source.ok("help", topic).out == topic_text(TOPICS[topic], 80)


def hint(session: Session, *words: str) -> str:
    """The commands quoted in the hint of a failing command, the first of them."""
    ran = session.run(*words)
    assert ran.code != 0
    found = QUOTED.findall(ran.err.split("\nhint: ")[1])
    assert found, ran
    return str(found[0])


def follow(session: Session, line: str, **placeholders: str) -> None:
    words = [placeholders.get(word, word) for word in shlex.split(line)[1:]]
    session.ok(*words, *(("--torch-backend", "none") if words[0] == "create" else ()))


def test_the_hint_without_a_workspace_makes_one(source: Session) -> None:
    source.workspace = source.workspace.parent / "another"
    follow(source, hint(source, "list"))
    source.ok("list")


def test_the_hint_without_environments_makes_one(source: Session) -> None:
    follow(source, hint(source, "use", "work"), NAME="work")
    source.ok("use", "work")


def test_the_hint_without_an_active_environment_chooses_one(source: Session) -> None:
    source.ok("create", "work", "--torch-backend", "none")
    follow(source, hint(source, "status"), NAME="work")
    source.ok("status")


def test_the_hint_for_a_taken_name_frees_it(source: Session) -> None:
    source.ok("create", "work", "--torch-backend", "none")
    line = hint(source, "create", "work")
    follow(source, f"{line} --yes")
    source.ok("create", "work", "--torch-backend", "none")


def test_the_hint_for_a_broken_environment_works(source: Session) -> None:
    source.ok("create", "work", "--torch-backend", "none")
    (source.environments / "work" / "ComfyUI" / "main.py").unlink()
    line = hint(source, "run", "-e", "work")
    ran = source.run(*shlex.split(line)[1:])
    assert (ran.code, "there is no ComfyUI in it" in ran.out) == (8, True)


@pytest.fixture
def work(source: Session) -> Session:
    source.ok("create", "work", "--torch-backend", "none", "--use")
    return source


def test_the_hint_for_a_changed_manifest_locks_it(work: Session) -> None:
    manifest = work.environments / "work/.cec/pyproject.toml"
    manifest.write_text(manifest.read_text().replace('    "mini-sampling",\n', ""))
    follow(work, hint(work, "sync"))
    assert work.data("status")["packages"]["state"] == "in-sync"


def test_the_hint_for_a_clone_of_what_is_not_locked_makes_the_lock(work: Session) -> None:
    (work.environments / "work/.cec/uv.lock").unlink()
    follow(work, hint(work, "clone", "work", "new"))
    work.ok("clone", "work", "new")


def test_the_hint_for_a_pack_that_cannot_be_had_goes_on_without_it(work: Session) -> None:
    manifest = work.environments / "work/.cec/pyproject.toml"
    template = work.workspace.parent / "template.toml"
    template.write_text(f'{manifest.read_text()}\n[tool.comfydock.nodes.gone]\nname = "Gone"\n')
    words = ("create", "new", "--template", str(template), "--torch-backend", "none")
    told = work.run(*words)
    (option,) = re.findall(r"`(--[a-z-]+)`", told.err.split("\nhint: ")[1])
    assert work.run(*words, option).code == 3
    assert [row["name"] for row in work.data("list")["environments"]] == ["new", "work"]


def test_the_notes_after_changes_lead_to_what_they_promise(work: Session) -> None:
    def noted(*words: str) -> list[str]:
        return [line for line in QUOTED.findall(work.ok(*words).err) if line != "comfydock"]

    follow(work, noted("clone", "work", "spare")[0])
    assert work.data("list")["active"] == "spare"
    undo, prune = noted("delete", "spare", "--yes")
    follow(work, undo)
    assert work.data("list")["active"] == "spare"
    work.ok("delete", "spare", "--yes")
    follow(work, prune)
    assert work.data("operation", "list")["operations"] == []
    work.ok("use", "work")
    work.ok("repair", "-e", "work")
    (again,) = noted("undo", "-e", "work")
    follow(work, again)
    assert [row["words"][0] for row in work.data("operation", "list", "-e", "work")["operations"]] == [
        "repair", "undo", "undo",
    ]  # fmt: skip


def test_the_hints_about_node_packs_do_what_they_promise(work: Session, host: PackHost) -> None:
    work.variables |= host.variables()
    told = work.ok("node", "list").err
    host.add("blur", "1.0.0")
    follow(work, QUOTED.findall(told)[0], ID="blur")
    host.add("blur", "2.0.0")
    follow(work, hint(work, "node", "add", "blur"))
    assert work.data("node", "list")["packs"][0]["version"] == "2.0.0"
    nodes = work.environments / "work/ComfyUI/custom_nodes"
    (nodes / "Mine").mkdir()
    host.add("mine")
    follow(work, hint(work, "node", "add", "mine"))
    shutil.rmtree(nodes / "blur")
    follow(work, hint(work, "node", "disable", "blur"))
    work.ok("node", "disable", "blur")
    listed = hint(work, "node", "enable", "something else")
    assert listed == "comfydock node list"
    follow(work, listed)
    follow(work, hint(work, "node", "update"))
    error = work.run("node", "dev-link", str(nodes / "Mine")).err
    assert "`comfydock node add Mine --dev`" in error


def test_the_hint_for_an_environment_that_runs_stops_it(work: Session) -> None:
    work.ok("run", "--background", "--port", "0")
    try:
        line = hint(work, "repair", "-e", "work")
    finally:
        follow(work, "comfydock run --stop")
    assert line.startswith("comfydock run --stop")
    work.ok("repair", "-e", "work")


@pytest.mark.parametrize(
    "words", [("lst",), ("creat", "x"), ("install", "bash"), ("completion", "instal"), ("explain", "usag"),
              ("help", "jsn"), ("create", "--pyton"), ("list", "--lnog"), ("frobnicate",), ("config", "x"), ("use",)]
)  # fmt: skip
def test_hints_about_commands_lead_to_commands(source: Session, words: tuple[str, ...]) -> None:
    told = source.run(*words)
    assert told.code == 2
    for line in QUOTED.findall(told.err.split("\nhint: ")[1]):
        source.ok(*(word for word in shlex.split(line)[1:] if word != "--help"), "--help")


def test_the_near_name_of_an_environment_is_one(source: Session) -> None:
    source.ok("create", "work", "--torch-backend", "none")
    told = source.run("use", "wrok").err
    assert "hint: did you mean `work`? `comfydock list` shows the environments\n" in told


def test_every_note_is_followed(source: Session) -> None:
    noted = QUOTED.findall(source.ok("list").err)
    follow(source, noted[0], NAME="work")
    source.ok("delete", "work", "--yes")
    created = source.ok("create", "work", "--torch-backend", "none")
    follow(source, QUOTED.findall(created.err)[0])
    assert source.data("list")["active"] == "work"
