"""Every example of every command is run by a shell, as it stands, where everything that it names exists."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from comfydock_cli.generate.help import EXAMPLES
from comfydock_cli.table import resolve
from tests.support import programs
from tests.support.example_stage import BARE, FURNISHED, NONE, PLAIN, Scene, Stage, example_stage
from tests.support.miniature import Miniature
from tests.support.sessions import stop, wait_for_line

ROWS = {example: row for row in resolve.all_commands() for example in row.examples if not row.hidden}
# Those that start ComfyUI, need an installed release, or trouble to find, have tests of their own.
OF_RUN = [example for example, row in ROWS.items() if row.path == ("run",)]
OTHERS = [example for example, row in ROWS.items() if row.path[0] not in ("run", "self", "bisect")]

# Where an example begins, if not with everything there.
BEGINS = {
    "comfydock init": NONE,
    "comfydock help": NONE,
    "comfydock explain": NONE,
    "comfydock completion": NONE,
    "comfydock env-config torch-backend detect": NONE,
    "comfydock create": PLAIN,
    "comfydock create work": BARE,
    "comfydock clone": PLAIN,
    "comfydock adopt": BARE,
    "comfydock rename test work": BARE,
    "comfydock commit -m": PLAIN,
    "comfydock export": PLAIN,
    "comfydock import": PLAIN,
    "comfydock import --workspace": BARE,
    "comfydock mirror": PLAIN,
    "comfydock node add": PLAIN,
    "comfydock node why-not": PLAIN,
    "comfydock node dev-link": PLAIN,
    "comfydock py add": PLAIN,
    "comfydock constraint add": PLAIN,
    "comfydock model download": PLAIN,
    "comfydock download": PLAIN,
}
# What somebody has done before.
DISABLED = "comfydock node disable comfyui-impact-pack"
INTERRUPTED = "! COMFYDOCK_FAULT=kill:2 comfydock model download https://civitai.com/api/download/models/135867"
MIRRORED = "comfydock mirror export /data/mirror"
BEFORE = {
    "comfydock node enable comfyui-impact-pack": DISABLED,
    "comfydock undo": DISABLED,
    "comfydock undo -e work --dry-run": DISABLED,
    "comfydock operation show 12": DISABLED,
    "comfydock operation undo": DISABLED,
    "comfydock operation undo 12 --dry-run": DISABLED,
    "comfydock operation resume": f"! COMFYDOCK_FAULT=kill:9 {DISABLED}",
    "comfydock download list": INTERRUPTED,
    "comfydock download resume": INTERRUPTED,
    "comfydock download cancel detail-tweaker-xl.safetensors": INTERRUPTED,
    "comfydock mirror verify /data/mirror": MIRRORED,
    "comfydock mirror import /data/mirror": MIRRORED,
    "comfydock import work --name copy --offline-from /data/mirror": MIRRORED,
    "comfydock workflow check portrait --locked": "comfydock workflow lock portrait",
    "comfydock completion uninstall": "comfydock completion install",
    "comfydock workflow node unmap FaceDetailer": "comfydock workflow node map FaceDetailer comfyui-impact-pack",
    "comfydock workflow model map portrait photo.safetensors checkpoints/photo-v2.safetensors": (
        'sed -i s/photo-v2/photo/ "$COMFYDOCK_HOME/environments/work/ComfyUI/user/default/workflows/portrait.json"'
    ),
    "comfydock model root remove stable-diffusion-webui": "comfydock model root add ~/stable-diffusion-webui",
    "comfydock model root remove /data/models": "comfydock model root add /data/models",
}
# What somebody has done before examples that go through the history.
_COMMITTED = (
    "comfydock checkout v1",
    "comfydock checkout HEAD~1 -b experiment",
    "comfydock switch -c old v1",
    "comfydock reset HEAD~1 --soft",
    "comfydock rollback v1",
    "comfydock revert HEAD",
    "comfydock revert v2 --preview",
)
BEFORE |= dict.fromkeys(_COMMITTED, "comfydock commit")
BEFORE |= dict.fromkeys(("comfydock merge faces --preview", "comfydock merge faces --auto-resolve theirs"),
                        "comfydock branch faces && comfydock commit")  # fmt: skip
BEFORE |= dict.fromkeys(("comfydock push", "comfydock push origin --dry-run", "comfydock push --all"),
                        "comfydock commit")  # fmt: skip
BEFORE["comfydock branch -m faces portraits"] = "comfydock branch faces"
BEFORE |= {
    f"comfydock stash {words}": "comfydock stash" for words in ("show", "show 1", "pop", "pop 1", "drop", "drop 1")
}
# What somebody has done before every example that begins like this.
PREPARED = {"comfydock model": "comfydock model index sync"}
# What somebody types at a terminal, which there is none here.
AGREED = ("comfydock delete test", "comfydock delete test --purge")
ANSWERS = {"comfydock config --civitai-key -": "0123456789abcdef\n"}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Iterator[Stage]:
    with example_stage(tmp_path_factory.mktemp("examples") / "stage", programs.program("source"), miniature) as made:
        yield made


def beginning(example: str) -> str:
    """The state of the longest beginning that is known."""
    known = [begin for begin in BEGINS if example == begin or example.startswith(f"{begin} ")]
    return BEGINS[max(known, key=len)] if known else FURNISHED


def as_typed(scene: Scene, example: str) -> str:
    """The example as it is typed here: with an operation and a Python that exist, and with yes for an answer."""
    if example.startswith("comfydock operation") and " 12" in example:
        last = scene.session.data("operation", "list", "-e", "work")["operations"][-1]
        example = example.replace(" 12", f" {last['number']}")
    example = example.replace("--python 3.12", "--python 3.11")  # What these tests run with is on every machine.
    return f"{example} --yes" if example in AGREED else example


@pytest.mark.parametrize("example", OTHERS)
def test_every_example_works_as_it_stands(stage: Stage, tmp_path: Path, example: str) -> None:
    scene = stage.set(beginning(example), tmp_path / "scene")
    before = [line for begin, line in PREPARED.items() if example.startswith(begin)]
    for line in (*before, *([BEFORE[example]] if example in BEFORE else [])):
        scene.ok(line)
    ran = scene.run(as_typed(scene, example), ANSWERS.get(example, ""))
    assert ran.code == 0, ran
    assert "Traceback" not in ran.err


def test_the_tables_of_this_file_name_examples_that_exist() -> None:
    assert {*BEFORE, *AGREED, *ANSWERS} <= ROWS.keys()
    assert [begin for begin in BEGINS if not any(f"{example} ".startswith(f"{begin} ") for example in ROWS)] == []


def test_the_examples_of_the_overview_work_one_after_the_other(stage: Stage, tmp_path: Path) -> None:
    scene = stage.set(NONE, tmp_path / "scene")
    *first, last = EXAMPLES
    for example in first:
        scene.ok(example)
    assert last == "comfydock run"
    serve_and_stop(scene, f"{last} --port 0")


def serve_and_stop(scene: Scene, line: str) -> None:
    """Start ComfyUI in the foreground, and end it by Ctrl-C as soon as it serves."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = scene.command(f"exec {line}")
    process: subprocess.Popen[str] = subprocess.Popen(**command, **streams)  # type: ignore[call-overload]
    wait_for_line(process, "To see the GUI go to")
    ran = stop(process, signal.SIGINT)
    assert ran.code == 0, ran


def test_the_examples_of_run_work(stage: Stage, tmp_path: Path) -> None:
    """Ports of this machine may be taken, so a free one is asked for in their place."""
    scene = stage.set(PLAIN, tmp_path / "scene")
    plain, chosen, background, logs, given = OF_RUN
    serve_and_stop(scene, f"{plain} --port 0")
    serve_and_stop(scene, chosen.replace("8190", "0"))
    scene.ok(f"{background} --port 0")
    try:
        reader = subprocess.Popen(**scene.command(f"exec {logs}"), stdout=subprocess.PIPE, text=True)  # type: ignore[call-overload]
        wait_for_line(reader, "To see the GUI go to")
    finally:
        scene.ok("comfydock run --stop")
    assert reader.wait() == 0
    reader.stdout.close()
    scene.ok(given)
