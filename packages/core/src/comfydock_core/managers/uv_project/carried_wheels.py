"""Installing wheels that came along, before everything else: uv gets them from this process as if from their index.

They are in uv's cache afterwards under the index that they are locked from, where it finds them again without the
network; from a file it would take them as packages of that file.
"""

import os
import tomllib
from collections.abc import Collection, Mapping

from comfydock_core.integrations.file_server import FileServer, serving_files
from comfydock_core.integrations.uv_command import UVCommand
from comfydock_core.models.exceptions import ComfyDockError, OfflineRefused
from comfydock_core.models.protocols import Reporter
from comfydock_core.repositories.definition import pylock
from comfydock_core.repositories.definition.uv_lock import file_name, files_of
from comfydock_core.utils.files import atomic
from comfydock_core.utils.text import some

_SHOWN = 5


def install_carried(
    uv: UVCommand, expected: str, directory: str, carried: Mapping[str, str], reporter: Reporter
) -> None:
    """Make the virtual environment hold those packages of a lock of which wheels are carried, and nothing else.

    `expected` is the `pylock.toml`, `carried` the files by the names of the wheels, `directory` one to write into.
    Raises `OfflineRefused` when another wheel is needed here and the network is off, what uv's failures mean,
    `OSError`.
    """
    reporter.phase("Installing the packages of the bundle")
    with serving_files(carried) as server:
        text = _served(expected, carried, server, only=uv.is_offline)
        if text is None:
            return
        path = f"{directory}/pylock.carried.toml"
        atomic.write_text(path, text)
        try:
            uv.on_loopback().sync_pylock(path, reporter.line)
        except ComfyDockError as error:
            if not server.asked:
                raise
            raise OfflineRefused(
                f"the network is off, and what was carried is not for this machine: it needs"
                f" {some(sorted(server.asked), _SHOWN)}",
                hint="run the command without `--offline`",
                context={"wheels": sorted(server.asked)},
            ) from error
        finally:
            os.unlink(path)


def _served(expected: str, carried: Collection[str], server: FileServer, *, only: bool) -> str | None:
    """The lock of the packages that are carried, whose wheels come from the server; with `only` nothing else does."""
    head, packages, _ = pylock.split(expected)
    chosen = []
    for package in packages:
        files = [(file_name(file), file.get("url")) for file in files_of(tomllib.loads(package)["packages"][0])]
        if not any(name in carried for name, _ in files):
            continue
        for name, url in files:
            if url is not None and (only or name in carried):
                package = package.replace(f'url = "{url}"', f'url = "{server.address(name)}"')
        chosen.append(package)
    return "\n".join([f"{head.rstrip()}\n", *chosen]) if chosen else None
