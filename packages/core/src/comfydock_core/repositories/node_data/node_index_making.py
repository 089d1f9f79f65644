"""Making the index of known node packs and models from the lists."""

import os
import shutil
import tempfile

from comfydock_core.models.exceptions import NodeDataMissing
from comfydock_core.repositories.node_data.list_files import FILES, INDEX, lists_stamp
from comfydock_core.repositories.node_data.node_index_building import Known, put_together, write_index
from comfydock_core.repositories.node_data.node_lists import read_lists
from comfydock_core.utils.files import atomic
from comfydock_core.utils.files.disk_errors import disk_errors


def make_index(directory: str) -> None:
    """Make the index anew. Raises what `open_index` raises."""
    with disk_errors("make the index of node packs", directory):
        stamp = lists_stamp(directory)
        lists = read_lists(directory)
        if lists.are_empty:
            raise _missing(lists.problems)
        facts = {f"problem.{name}": text for name, text in lists.problems.items()}
        facts |= {f"skipped.{name}": str(number) for name, number in lists.skipped.items()}
        facts |= {"stamp": stamp, "version": lists.data.version or "" if lists.data else ""}
        _replace(directory, put_together(lists.data, lists.packs, lists.classes, lists.fame, lists.models), facts)


def _replace(directory: str, known: Known, facts: dict[str, str]) -> None:
    """Write it aside and give it its name: whoever reads the old one meanwhile goes on with that."""
    aside = tempfile.mkdtemp(prefix=f".{INDEX}.", suffix=".tmp", dir=directory)
    try:
        path = f"{aside}/{INDEX}"
        write_index(path, known, facts)
        with open(path, "rb") as file:
            os.fsync(file.fileno())
        os.replace(path, f"{directory}/{INDEX}")
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    atomic.sync_directory(directory)


def _missing(problems: dict[str, str]) -> NodeDataMissing:
    reasons = "; ".join(f"`{FILES[name]}`: {problem}" for name, problem in problems.items())
    return NodeDataMissing(
        f"the lists of node packs cannot be used: {reasons}" if problems else "no list of node packs was fetched yet",
        hint="fetch them with `comfydock registry update`",
        context={"problems": problems},
    )
