# Every task of the project has a name here; CI calls these.

set positional-arguments
export UV_PYTHON_PREFERENCE := env("UV_PYTHON_PREFERENCE", "system")

_default:
    @just --list

# Install both packages and the development tools into .venv
setup:
    uv sync --quiet

# Show a real session against a miniature ComfyUI, with the source program
demo: setup
    uv run --no-sync python -m tests.support.demo

# Everything: style, types, tests, both artifacts and their tests
test: lint types build
    uv run --no-sync pytest -n 2 --ignore=tests/startup
    uv run --no-sync pytest tests/startup

# What needs no artifact
test-fast: setup
    uv run --no-sync pytest -n 2 packages tests/architecture tests/e2e --deselect-artifacts

lint: setup
    uv run --no-sync ruff check .
    uv run --no-sync ruff format --check .
    uv run --no-sync lint-imports

types: setup
    uv run --no-sync mypy

# The largest files, functions and classes, for a look now and then
house: setup
    uv run --no-sync python -m build.house
