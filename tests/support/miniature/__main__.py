"""Makes a miniature ComfyUI from the shell: `python -m tests.support.miniature DIRECTORY`."""

import shlex
import sys
from pathlib import Path

from tests.support.miniature import build


def main() -> int:
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m tests.support.miniature DIRECTORY\n")
        return 2
    miniature = build(Path(sys.argv[1]).resolve())
    for name, value in miniature.variables().items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
