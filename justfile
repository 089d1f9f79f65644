# Every task of the project has a name here; CI calls these.

set positional-arguments

# Compiler caches live outside the tree, so that a clean checkout builds warm.
export CCACHE_DIR := env("CCACHE_DIR", home_directory() / ".cache" / "ccache")

_default:
    @just --list

# Install both packages and the development tools into .venv
setup:
    uv sync --quiet

# Show a real session against a miniature ComfyUI, with the source program
demo: setup
    uv run --no-sync python -m tests.support.demo

# Everything: style, types, tests, both artifacts and their tests
test: _what-test-does lint types build
    uv run --no-sync pytest -n 2 --ignore=tests/startup --junitxml=dist/tests/main.xml
    uv run --no-sync pytest tests/startup --junitxml=dist/tests/startup.xml

_what-test-does:
    @echo "This checks style and types (about 1 minute), builds both artifacts where they are not up to date (1 to 6),"
    @echo "and runs all tests (about an hour on two processors). It needs no network but the package registry."

# The tests that took longest in the last run of `test`
slowest *options:
    uv run --no-sync python -m build.slowest "$@"

# What needs no artifact
test-fast *options: setup
    uv run --no-sync pytest -n 2 packages tests/architecture tests/build tests/e2e "$@"

# Style and layers
lint: setup
    uv run --no-sync ruff check .
    uv run --no-sync ruff format --check .
    uv run --no-sync lint-imports --no-logo

# Types, strictly
types: setup
    uv run --no-sync mypy

# Both artifacts, where they are not up to date: dist/nuitka/comfydock and dist/pyinstaller/comfydock
build: setup
    uv run --no-sync python -m build make all

# The compiled program: dist/nuitka/comfydock
build-nuitka *options: setup
    uv run --no-sync python -m build make nuitka "$@"

# The interpreter that runs on old systems: in ~/.cache/comfydock-build, once, about 8 minutes
portable-python: setup
    uv run --no-sync python -m build portable-python

# The compiled program for old systems: dist/portable/nuitka/comfydock
build-portable *options: setup
    uv run --no-sync python -m build make nuitka --portable "$@"
    uv run --no-sync python -m build symbols --at-most 2.28

# The comparison: dist/pyinstaller/comfydock
build-pyinstaller *options: setup
    uv run --no-sync python -m build make pyinstaller "$@"

# Everything that people download, from a clean tree: dist/release
release *options: setup
    uv run --no-sync python -m build release "$@"

# One release of those that several machines made: dist/release
gather-releases places: setup
    uv run --no-sync python -m build gather "$1"

# Record the session that the README shows: build/pictures/session.svg
picture: setup
    uv run --no-sync python -m build picture

# Measure every start against the bare interpreter: dist/bench/startup.{json,md,svg}
bench *options: setup
    uv run --no-sync python -m build bench "$@"

# Measure what models cost: dist/bench/models.{json,md}
bench-models *options: setup
    uv run --no-sync python -m build bench-models "$@"

# Measure what workflows cost: dist/bench/workflows.{json,md}
bench-workflows *options: setup
    uv run --no-sync python -m build bench-workflows "$@"

# Measure what going through a history costs: dist/bench/history.{json,md}
bench-history *options: setup
    uv run --no-sync python -m build bench-history "$@"

# Write down what every start loads: dist-config/startup.toml, to be reviewed as a diff
freeze: setup
    uv run --no-sync python -m build freeze

# Manual pages and the reference: dist/documentation
documentation *options: setup
    uv run --no-sync python -m build documentation "$@"

# What takes the space of the compiled program
sizes *options: setup
    uv run --no-sync python -m build sizes "$@"

# What of both artifacts nothing reaches, and what is left out although something does
unused: setup
    uv run --no-sync python -m build unused

# The largest files, functions and classes, for a look now and then
house: setup
    uv run --no-sync python -m build.house

# Remove everything that was made
clean:
    rm -rf dist .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
