"""Installations of Python that uv manages, as far as their names tell."""

import re

from comfydock_core.records import record

# As uv writes them; what stands for the newest of a minor version has one number less and is no installation.
NAME = (
    r"(?:cpython|pypy|graalpy)-\d{1,3}\.\d{1,3}\.\d{1,3}(?:(?:a|b|rc)\d{1,3})?(?:\+[a-z]{1,20}){0,2}"
    r"-[a-z0-9]{1,20}-[a-z0-9_]{1,20}-[a-z0-9]{1,20}"
)
_NAME = re.compile(NAME, re.ASCII)


@record
class ManagedPython:
    """An installation, such as `cpython-3.11.9-linux-x86_64-gnu`."""

    name: str
    version: str
    system: str
    machine: str
    libc: str

    @property
    def platform(self) -> str:
        """What it was built for."""
        return f"{self.system}-{self.machine}-{self.libc}"

    def meets(self, version: str) -> bool:
        """Whether it is the Python that is meant by `3.11` or `3.11.9`."""
        return self.version == version or self.version.startswith(f"{version}.")


def managed_python(name: str) -> ManagedPython | None:
    """The installation of a name, `None` for a name that uv gives to none."""
    if _NAME.fullmatch(name) is None:
        return None
    _, version, system, machine, libc = name.split("-")
    return ManagedPython(name, version.partition("+")[0], system, machine, libc)
