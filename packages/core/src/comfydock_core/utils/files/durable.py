"""Making sure that what was written is on the disk before it is named."""

import ctypes
import os
import sys

from comfydock_core.utils.faults import fault
from comfydock_core.utils.files.atomic import sync_directory

__all__ = ["sync_descriptor", "sync_directory", "sync_file_system"]


def sync_file_system(path: str) -> None:
    """Write out everything that the file system of `path` has in memory. Raises `OSError`.

    `syncfs` on Linux; `sync` on other systems that have it.
    """
    fault("sync file system")
    if sys.platform == "linux":
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            library = ctypes.CDLL(None, use_errno=True)
            if library.syncfs(descriptor) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number), path)
        finally:
            os.close(descriptor)
    elif sys.platform != "win32":
        os.sync()


def sync_descriptor(descriptor: int) -> None:
    """Write out one open file; the cheaper kind where the system has it. Raises `OSError`."""
    if sys.platform == "linux":
        os.fdatasync(descriptor)
    else:
        os.fsync(descriptor)
