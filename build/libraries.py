"""The shared libraries that an artifact on Linux must carry, because not every machine has them."""

import re
import shutil
import subprocess
from pathlib import Path

# What every Linux with the GNU C library has, and what must come from the machine itself.
OF_THE_SYSTEM = frozenset(
    {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1", "libgcc_s.so.1"}
)

_FOUND = re.compile(r"^\s*(\S+) => (/\S+)", re.MULTILINE)


def foreign_libraries(program: Path) -> dict[str, Path]:
    """The libraries that a program takes from outside its own directory and that a machine may lack."""
    answer = subprocess.run(["ldd", str(program)], capture_output=True, text=True)
    return {
        name: Path(path)
        for name, path in _FOUND.findall(answer.stdout)
        if name not in OF_THE_SYSTEM and Path(path).parent != program.parent
    }


def carry_libraries(directory: Path, program: Path) -> list[str]:
    """Copy what is missing beside the program, which looks there first; returns the names."""
    missing = foreign_libraries(program)
    for name, path in missing.items():
        shutil.copy2(path.resolve(), directory / name)
    return sorted(missing)
