"""Rules of the house that a machine can check. All violations of a rule are listed at once."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = ROOT / "packages" / "core" / "src" / "comfydock_core"
CLI = ROOT / "packages" / "cli" / "comfydock_cli"
BUILD = ROOT / "build"
PACKAGES = (CORE, CLI, BUILD)

# Who may end the process: its two ends.
MAY_EXIT = {CLI / "system.py", BUILD / "__main__.py", BUILD / "house.py", BUILD / "slowest.py"}
# Who may ask or print: the terminal's own package, and the programs that developers run.
MAY_SPEAK = {CLI / "ui", BUILD}


def modules(*roots: Path) -> Iterator[tuple[Path, ast.Module]]:
    for root in roots:
        for path in sorted(root.rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def at(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_only_the_terminal_prints_and_asks():
    found = [
        at(path, line)
        for path, tree in modules(CORE, CLI)
        for name, line in calls(tree)
        if name in ("print", "input") and not any(path.is_relative_to(place) for place in MAY_SPEAK)
    ]
    assert found == []


def test_only_the_ends_of_the_program_end_the_process():
    found = [
        at(path, line)
        for path, tree in modules(*PACKAGES)
        for name, line in calls(tree)
        if name in ("sys.exit", "exit", "quit", "os._exit", "posix._exit") and path not in MAY_EXIT
    ]
    assert found == []


def test_a_broad_except_gives_its_reason():
    found = []
    for path, tree in modules(*PACKAGES):
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree):
            broad = isinstance(node, ast.ExceptHandler) and (
                node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            )
            if broad and not _raises(node) and "BLE001 - " not in lines[node.lineno - 1]:  # type: ignore[attr-defined]
                found.append(at(path, node.lineno))  # type: ignore[attr-defined]
    assert found == []


def _raises(node: ast.AST) -> bool:
    """Whether a handler passes the error on after putting something right."""
    return any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))


def test_every_module_says_what_lives_in_it():
    found = [str(path.relative_to(ROOT)) for path, tree in modules(*PACKAGES) if not ast.get_docstring(tree)]
    assert found == []


def test_every_folder_with_code_is_a_package():
    folders = {path.parent for root in PACKAGES for path in root.rglob("*.py")}
    assert [str(folder.relative_to(ROOT)) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == [
        "build/plugins"  # Files for Nuitka, which loads them by path.
    ]


def test_nothing_is_left_to_be_done():
    marks = ("TO" + "DO", "FIX" + "ME", "X" + "XX")  # Not written out, or this file would be found.
    files = [path for root in (ROOT / "packages", BUILD, ROOT / "tests") for path in root.rglob("*.py")]
    assert [str(path) for path in files if any(mark in path.read_text(encoding="utf-8") for mark in marks)] == []


def test_no_startup_module_loads_dataclasses_or_typing():
    """They cost more than everything else on the path together; `TYPE_CHECKING` is a plain name there."""
    startup = [
        *(CLI / name for name in ("__main__.py", "cli.py", "cli_utils.py", "system.py")),
        *(CLI / "table").glob("*.py"),
        *(CLI / "completion").glob("[av]*.py"),
        CLI / "ui" / "console.py",
        CLI / "formatters" / "error_formatter.py",
        CLI / "generate" / "help.py",
        CORE / "core" / "finding.py",
        CORE / "core" / "workspace.py",
        CORE / "utils" / "native.py",
        CORE / "utils" / "light_json.py",
    ]
    found = []
    for path in startup:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [f"{path.name}: {name}" for name in names if name in ("dataclasses", "typing", "collections.abc")]
    assert found == []


def test_frozen_dataclasses_are_records():
    """Loading a hundred of them as dataclasses was up to 40 % of a command's time; see `comfydock_core.records`."""
    found = [at(path, node.lineno) for path, tree in modules(CORE, CLI) for node in ast.walk(tree)
             if isinstance(node, ast.ClassDef) for one in node.decorator_list
             if ast.unparse(one) == "dataclass(frozen=True, slots=True)"]  # fmt: skip
    assert found == []


def test_imports_keep_the_layers():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_the_top_of_the_repository_is_as_agreed():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    top = {line.partition("/")[0] for line in listed}
    agreed = {"packages", "build", "dist-config", "tests", "pyproject.toml", "justfile", "README.md", "uv.lock"}
    assert {name for name in top if not name.startswith(".")} <= agreed


def test_git_is_called_with_our_options_alone():
    """A call without them runs hooks and filters of strangers, and the user's own."""
    may = {CORE / "integrations" / "git_options.py", CORE / "integrations" / "git" / "runner.py"}
    found = [
        at(path, node.lineno)
        for path, tree in modules(CORE, CLI)
        for node in ast.walk(tree)
        if isinstance(node, ast.List | ast.Tuple) and node.elts and path not in may
        if isinstance(node.elts[0], ast.Constant) and node.elts[0].value == "git" and _is_command(node)
    ]
    assert found == []


def _is_command(node: ast.List | ast.Tuple) -> bool:
    """Whether a list that begins with a program's name goes on like a command line."""
    return any(isinstance(rest, ast.Starred | ast.Constant) for rest in node.elts[1:])
