"""How the lists of known node packs are, and where they come from."""

import os
import time

from comfydock_core.configs.defaults import MANAGER_DATA, NODE_DATA
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import NodeDataMissing
from comfydock_core.models.packs.node_data import DataState, SourceState
from comfydock_core.models.plan import PlanStep
from comfydock_core.repositories.node_data import list_files, node_lists
from comfydock_core.repositories.node_data.list_files import file_state, list_path
from comfydock_core.repositories.node_data.node_index import open_index
from comfydock_core.repositories.node_data.node_lists import FetchNote
from comfydock_core.utils.files.disk_errors import disk_errors

STALE_SECONDS = 7 * 24 * 3600.0


def list_addresses() -> dict[str, str]:
    """Where each list is fetched from; `COMFYDOCK_NODE_DATA_URL` and `COMFYDOCK_MANAGER_DATA_URL` redirect them."""
    manager = (os.environ.get("COMFYDOCK_MANAGER_DATA_URL") or MANAGER_DATA).rstrip("/")
    addresses = {name: f"{manager}/{file}" for name, file in list_files.FILES.items()}
    addresses[list_files.NODE_DATA] = os.environ.get("COMFYDOCK_NODE_DATA_URL") or NODE_DATA
    return addresses


def plan_update() -> list[PlanStep]:
    """What an update asks for."""
    return [PlanStep("fetch", without_credentials(address)) for address in list_addresses().values()]


def registry_state(directory: str) -> DataState:
    """How the lists are. Reads them only when their index is to be made. Raises `FileSystemError`."""
    facts, counts = _index_facts(directory)
    notes = node_lists.read_notes(directory)
    with disk_errors("read the lists of node packs", directory):
        sources = tuple(_source_state(directory, name, notes.get(name), facts) for name in list_files.FILES)
    checked = [source.checked_at for source in sources if source.checked_at is not None]
    age = max(0.0, time.time() - min(checked)) if checked else None
    return DataState(sources, counts, age, stale=age is not None and age > STALE_SECONDS)


def _index_facts(directory: str) -> tuple[dict[str, str], dict[str, int]]:
    try:
        with open_index(directory) as index:
            return index.facts(), index.counts()
    except NodeDataMissing as error:
        problems = error.context.get("problems")
        found = problems.items() if isinstance(problems, dict) else ()
        return {f"problem.{name}": str(text) for name, text in found}, {}


def _source_state(directory: str, name: str, note: FetchNote | None, facts: dict[str, str]) -> SourceState:
    path = list_path(directory, name)
    address = note.url if note else without_credentials(list_addresses()[name])
    found = file_state(path)
    if found is None:
        return SourceState(name, address, path, present=False)
    size, written = found
    return SourceState(
        name,
        address,
        path,
        present=True,
        size=size,
        version=facts.get("version") or None if name == list_files.NODE_DATA else None,
        fetched_at=note.fetched_at if note else written / 1e9,
        checked_at=note.checked_at if note else written / 1e9,
        problem=facts.get(f"problem.{name}"),
        skipped=int(facts.get(f"skipped.{name}", 0)),
    )
