"""A picture of a real session for the README: the compiled program at work on a miniature ComfyUI, drawn by Rich.

Run from the development environment: it uses the miniature and the host of node packs that the tests use.
"""

import io
import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

from build.paths import Layout

PLACE = "build/pictures/session.svg"
WIDTH = 92

SESSION = """\
comfydock create work --use
comfydock node add face-detailer
comfydock status
comfydock node why scikit-image
comfydock undo
comfydock staus
"""

# Rich asks for a font from a server; the picture is to be drawn with what there is.
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def record(layout: Layout) -> Path:
    """Run the session with the compiled program and write the picture. Returns its place."""
    from rich.console import Console
    from rich.text import Text

    from tests.support import miniature
    from tests.support.pack_host import pack_files, pack_host
    from tests.support.wheels import add_to_index, write_index

    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    with tempfile.TemporaryDirectory(prefix="comfydock-picture-") as directory:
        small = miniature.build(Path(directory) / "miniature")
        with pack_host(Path(directory) / "host") as host:
            for version in ("0.26.0", "0.27.1"):
                add_to_index(small.index, "scikit-image", version)
            write_index(small.index)
            host.add("face-detailer", "2.1.0", files=pack_files("FaceDetailer", "scikit-image<0.27\n"))
            own = {"COMFYDOCK_HOME": f"{directory}/workspace", "HOME": directory, "COLUMNS": str(WIDTH)}
            environment = {**os.environ, **small.variables(), **host.variables(), **own}
            program = str(layout.artifact("nuitka") / "comfydock")
            subprocess.run([program, "init"], env=environment, check=True, capture_output=True)
            for line in SESSION.splitlines():
                console.print(Text.assemble(("$ ", "bold green"), (line, "bold")))
                command = [program, *shlex.split(line)[1:]]
                ran = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True)  # fmt: skip
                console.print(Text(ran.stdout.replace(directory, "~")))
    picture = layout.root / PLACE
    picture.parent.mkdir(parents=True, exist_ok=True)
    svg = console.export_svg(title="comfydock", unique_id="comfydock")
    picture.write_text(_FONTS.sub("", svg), "utf-8")
    return picture
