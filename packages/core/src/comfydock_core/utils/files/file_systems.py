"""What can be relied on where a file lies."""

import functools
import os
import sys

# Their files have no numbers of their own: what the system gives out instead is another after the next mount.
_WITHOUT_NUMBERS = ("vfat", "msdos", "exfat", "fuse", "fuseblk", "cifs", "smb3", "smbfs", "9p")


def has_lasting_numbers(device: int) -> bool:
    """Whether the number of a file (`st_ino`) on this device (`st_dev`) says for good which file it is."""
    return _type_of(device).partition(".")[0] not in _WITHOUT_NUMBERS


@functools.cache
def _type_of(device: int) -> str:
    """The type of a mounted file system, such as `ext4` or `fuse.sshfs`; empty where nothing tells."""
    if sys.platform != "linux":
        return ""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                before, _, after = line.partition(" - ")
                if before.split()[2] == wanted:
                    return after.split()[0]
    except (OSError, IndexError):
        pass
    return ""
