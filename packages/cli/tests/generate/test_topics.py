"""The topics of the help, held against what they are about."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from comfydock_cli.generate.explanations import explanations
from comfydock_cli.generate.topics import TOPICS, Topic, topic_text
from comfydock_cli.table import resolve
from tests.support.source import run_source

PACKAGES = Path(__file__).parents[3]
SOURCES = (PACKAGES / "core/src", PACKAGES / "cli/comfydock_cli")

# Read by libraries of ours: `rich` the colours, the standard library the proxies, `lazy_loader` the last.
READ_BY_LIBRARIES = {
    "NO_COLOR", "FORCE_COLOR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "EAGER_IMPORT",
}  # fmt: skip
# Read, but nothing that somebody sets for ComfyDock.
NOT_FOR_USERS = {
    "COMFYDOCK_LOGIN": "a login for git's own question, handed to that one child",
    "COMFYDOCK_PASSWORD": "the same",
    "LD_LIBRARY_PATH": "given back to children as it was before the program started",
    "PATH": "the system's own",
    "APPDATA": "Windows' own",
    "PROGRAMDATA": "Windows' own",
    "USERPROFILE": "Windows' own",
    "XDG_CONFIG_DIRS": "uv's own: where its settings are",
}
# What the topic says in a sentence of all variables that begin so, by naming examples.
IN_A_SENTENCE = ("UV_", "GIT_", "SSL_")


def rows(topic: Topic) -> list[tuple[str, str]]:
    return [row for block in topic.blocks if not isinstance(block, str) for row in block]


def variables_read() -> set[str]:
    """Names that sources ask the environment for, and every name that begins like our own."""
    paths = [path for root in SOURCES for path in root.rglob("*.py") if path.name != "topics.py"]
    trees = [ast.parse(path.read_text("utf-8")) for path in paths]
    constants = {
        target.id: node.value.value
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return {name for tree in trees for node in ast.walk(tree) for name in _asked_for(node, constants)}


def _asked_for(node: ast.AST, constants: dict[str, object]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and re.fullmatch("(COMFYDOCK|HF|HUGGING_FACE)_[A-Z_]+", str(node.value)):
        yield str(node.value)
    if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).rpartition(".")[2] in ("get", "getenv"):
        first = node.args[0]
        name = constants.get(first.id) if isinstance(first, ast.Name) else getattr(first, "value", None)
        if isinstance(name, str) and re.fullmatch("[A-Z][A-Z0-9_]+", name):
            yield name


def test_every_topic_can_be_asked_for():
    for name, topic in TOPICS.items():
        assert run_source("help", name).out == topic_text(topic, 80)


@pytest.mark.parametrize("width", [40, 80, 100])
def test_every_topic_fits_the_terminal(width: int):
    for topic in TOPICS.values():
        lines = topic_text(topic, width).splitlines()
        assert [line for line in lines if len(line) > width and len(line.split()) > 1 and width > 40] == []


@pytest.mark.parametrize(
    ("word", "near"),
    [("enviroment", "environment"), ("enviroments", "environments"), ("nodse", "nodes"),
     ("exit-code", "exit-codes"), ("jsn", "json"), ("crate", "create")],
)  # fmt: skip
def test_a_mistyped_subject_is_answered_with_the_nearest_one(word: str, near: str):
    ran = run_source("help", word)
    assert (ran.code, ran.err.splitlines()[0]) == (2, f"error: there is no help about `{word}`")
    assert f"hint: did you mean `comfydock help {near}`?" in ran.err


def test_an_unknown_subject_is_answered_with_where_the_subjects_are_listed():
    for words in (("nonsense",), ("one", "two")):
        ran = run_source("help", *words)
        assert (ran.code, "hint: `comfydock help` lists the commands and the topics\n" in ran.err) == (2, True)


def test_a_topic_that_is_named_like_a_command_leads_to_the_command():
    for name in TOPICS:
        if resolve.find((name,)) is not None:
            assert f"`comfydock {name} --help`" in topic_text(TOPICS[name], 80)


def test_the_topics_named_in_the_table_are_those_that_exist():
    named = set(re.findall("`([a-z-]+)`", resolve.find(("help",)).description))  # type: ignore[union-attr]
    assert named == set(TOPICS)


def test_the_exit_codes_of_the_topic_are_those_of_the_errors():
    told = {int(code) for code, _ in rows(TOPICS["exit-codes"])}
    assert {exit_code for exit_code, _ in explanations().values()} <= told


def test_every_variable_that_is_read_is_in_the_topic():
    told = {name for names, _ in rows(TOPICS["environment"]) for name in names.split(", ")}
    read = variables_read()
    assert {"COMFYDOCK_HOME", "COLUMNS", "UV_OFFLINE", "COMFYDOCK_REGISTRY_URL"} <= read  # The search works.
    missing = {name for name in read - told - NOT_FOR_USERS.keys() if not name.startswith(IN_A_SENTENCE)}
    assert missing == set()
    assert told - read - READ_BY_LIBRARIES == set()
    assert NOT_FOR_USERS.keys() <= read


def test_every_variable_of_an_option_is_in_the_topic():
    told = [name for names, _ in rows(TOPICS["environment"]) for name in names.split(", ")]
    assert {arg.environment for row in resolve.all_commands() for arg in row.args if arg.environment} <= set(told)
