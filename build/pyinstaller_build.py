"""The PyInstaller artifacts: the staged tree to `dist/pyinstaller/comfydock/` and its one-file form."""

import json
from pathlib import Path

from build.nuitka_build import Frozen, run_logged
from build.paths import Layout
from build.progress import PYINSTALLER, Progress
from build.settings import Artifact

RUNTIME_HOOK = Path(__file__).with_name("plugins") / "restore_environment.py"


def spec_places(layout: Layout, *, onefile: bool) -> dict[str, object]:
    """What the spec file has to be told."""
    return {
        "config": str(layout.config),
        "stage": str(layout.stage),
        "runtime_hook": str(RUNTIME_HOOK),
        "onefile": onefile,
    }


def freeze(layout: Layout, artifact: Artifact, python: Path, *, onefile: bool = False) -> Frozen:
    """Run PyInstaller; its output goes to a log that is shown when it fails. Raises `FreezeError`."""
    work = layout.work / ("pyinstaller-onefile" if onefile else "pyinstaller")
    command = (
        "--noconfirm",
        "--clean",
        f"--workpath={work / 'work'}",
        f"--distpath={work / 'dist'}",
        str(layout.config / "pyinstaller" / "comfydock.spec"),
    )
    environment = {"COMFYDOCK_SPEC": json.dumps(spec_places(layout, onefile=onefile)), "PYTHONHASHSEED": "0"}
    environment["PYINSTALLER_CONFIG_DIR"] = str(work / "cache")
    progress = Progress(work.name, PYINSTALLER, work, work / "log.txt")
    run_logged([str(python), "-m", "PyInstaller", *command], environment, python.parent, progress)
    return Frozen(work / "dist" if onefile else work / "dist" / artifact.name, command, environment)
