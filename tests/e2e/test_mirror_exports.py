"""Making mirrors: what a further run adds, what stops one in the middle, and what cannot be had."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash.recovering import NIGHTLY
from tests.e2e.test_mirrors import serving_everything
from tests.support.miniature import Miniature, commit
from tests.support.model_files import write_safetensors
from tests.support.sessions import Session, envelope_of


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Iterator[Session]:
    """`work` with a node pack, all of whose sources answer."""
    with serving_everything(tmp_path_factory.mktemp("served"), miniature) as session:
        session.ok("create", "work", "--torch-backend", "cpu", "--use")
        session.ok("node", "add", "blur@1.0.0")
        session.ok("commit", "-m", "first")
        yield session


@pytest.fixture(scope="module")
def whole(served: Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror of it, which no test changes."""
    mirror = tmp_path_factory.mktemp("whole") / "mirror"
    served.ok("mirror", "export", str(mirror))
    return mirror


@pytest.fixture
def mirror(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "mirror"))


def listed(mirror: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((mirror / "mirror.json").read_text())
    return said


def test_a_further_run_adds_nothing_when_there_is_nothing_new(served: Session, mirror: Path) -> None:
    before = listed(mirror)
    assert served.data("mirror", "export", str(mirror), "--dry-run")["definitions"] == []
    again = served.data("mirror", "export", str(mirror))
    assert again["added"].keys() <= {"answers"}
    assert listed(mirror)["files"].keys() == before["files"].keys()


def test_a_rehearsal_names_what_is_lacking_and_writes_nothing(served: Session, tmp_path: Path) -> None:
    plan = served.data("mirror", "export", str(tmp_path / "new"), "--dry-run")
    assert (plan["environments"], plan["packs"]) == (["work"], ["blur 1.0.0"])
    assert (len(plan["repositories"]), len(plan["definitions"]) >= 1) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_two_at_once_do_not_disturb_each_other(served: Session, mirror: Path) -> None:
    shutil.rmtree(mirror / "packs")
    words = ("mirror", "export", str(mirror), "--wait", "100", "--json")
    running = [served.start(*words) for _ in range(2)]
    ended = [process.communicate() and process.returncode for process in running]
    assert ended == [0, 0]
    served.ok("mirror", "verify", str(mirror))


@pytest.mark.parametrize("point", ["keep file of mirror", "note mirror", "mirror noted"])
def test_a_killed_run_is_gone_on_with(served: Session, mirror: Path, tmp_path: Path, point: str) -> None:
    for part in ("packs", "environments", "git"):
        shutil.rmtree(mirror / part)
    dry = Path(shutil.copytree(mirror, tmp_path / "dry"))
    log = tmp_path / "points"
    served.ok("mirror", "export", str(dry), COMFYDOCK_FAULT_LOG=str(log))
    number = log.read_text().splitlines().index(point) + 1
    killed = served.run("mirror", "export", str(mirror), COMFYDOCK_FAULT=f"kill:{number}")
    assert killed.code == -9
    served.ok("mirror", "export", str(mirror))
    served.ok("mirror", "verify", str(mirror))
    assert not (mirror / ".incoming").exists()


@pytest.mark.skipif(not NIGHTLY, reason="killed at every point by night, and at each kind of them above")
def test_a_run_killed_at_any_point_is_gone_on_with(served: Session, mirror: Path, tmp_path: Path) -> None:
    for part in ("packs", "environments", "git"):
        shutil.rmtree(mirror / part)
    log, dry = tmp_path / "points", Path(shutil.copytree(mirror, tmp_path / "dry"))
    served.ok("mirror", "export", str(dry), COMFYDOCK_FAULT_LOG=str(log))
    points = log.read_text().splitlines()
    for number in range(1, len(points) + 1):
        place = Path(shutil.copytree(mirror, tmp_path / f"killed-{number}"))
        killed = served.run("mirror", "export", str(place), COMFYDOCK_FAULT=f"kill:{number}")
        assert killed.code == -9, points[number - 1]
        served.ok("mirror", "export", str(place))
        served.ok("mirror", "verify", str(place))
        assert not (place / ".incoming").exists(), points[number - 1]
        shutil.rmtree(place)
    print(f"\nkilled at {len(points)} points")


@pytest.mark.parametrize("part", ["uv", "git", "packs", "environments"])
def test_what_was_lost_is_had_once_more(served: Session, mirror: Path, part: str) -> None:
    files = [path for path in sorted((mirror / part).rglob("*")) if path.is_file()]
    files[0].unlink()
    files[-1].write_bytes(b"cut")
    served.ok("mirror", "export", str(mirror))
    served.ok("mirror", "verify", str(mirror))


def test_models_that_are_wanted_lie_there_once(served: Session, mirror: Path, tmp_path: Path) -> None:
    models = served.workspace / "models"
    for name in ("checkpoints/one.safetensors", "loras/same.safetensors"):
        (models / name).parent.mkdir(parents=True, exist_ok=True)
        write_safetensors(models / name, {"weight": (4, 4)})
    told = served.data("mirror", "export", str(mirror), "--models", "all")
    assert told["added"]["models"]["files"] == 1
    (model,) = (mirror / "models").iterdir()
    assert model.read_bytes() == (models / "loras/same.safetensors").read_bytes()
    served.ok("mirror", "verify", str(mirror))
    (tmp_path / "home").mkdir()
    other = Session(served.program, tmp_path / "workspace", {**served.variables, "HOME": str(tmp_path / "home")})
    other.ok("init")
    other.ok("mirror", "import", str(mirror))
    for name in ("checkpoints/one.safetensors", "loras/same.safetensors"):
        assert (other.workspace / "models" / name).read_bytes() == model.read_bytes()


def test_a_model_of_another_content_stays(served: Session, mirror: Path, tmp_path: Path) -> None:
    model = served.workspace / "models/vae/mine.safetensors"
    model.parent.mkdir(parents=True, exist_ok=True)
    write_safetensors(model, {"weight": (4, 4)})
    served.ok("mirror", "export", str(mirror), "--models", "all")
    (tmp_path / "home").mkdir()
    other = Session(served.program, tmp_path / "workspace", {**served.variables, "HOME": str(tmp_path / "home")})
    other.ok("init")
    mine = other.workspace / "models/vae/mine.safetensors"
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_bytes(b"mine")
    told = other.data("mirror", "import", str(mirror))
    assert mine.read_bytes() == b"mine"
    assert "vae/mine.safetensors is here with another content, which stays" in told["notes"]


def test_what_is_not_committed_is_refused(served: Session, tmp_path: Path) -> None:
    flow = served.environments / "work/ComfyUI/user/default/workflows/new.json"
    flow.parent.mkdir(parents=True, exist_ok=True)
    flow.write_text('{"nodes": [], "links": []}')
    try:
        error = served.error("mirror", "export", str(tmp_path / "new"))
    finally:
        flow.unlink()
    assert error["code"] == "uncommitted-work"
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_had_is_listed_and_the_rest_is_there(served: Session, mirror: Path) -> None:
    shutil.rmtree(mirror / "packs")
    ran = served.run("mirror", "export", str(mirror), "--offline", "--json")
    envelope = envelope_of(ran)
    assert (envelope["exit_code"], envelope["data"]["complete"]) == (3, False)
    assert [one["what"] for one in envelope["data"]["lacking"]][:1] == ["blur 1.0.0"]


def test_a_history_that_went_on_is_added_on_top(served: Session, mirror: Path, tmp_path: Path) -> None:
    served.ok("node", "add", "https://github.com/alice/Fancy")
    served.ok("commit", "-m", "second")
    served.ok("mirror", "export", str(mirror))
    upstream = Path(served.variables["HOME"]).parent / "host/alice/Fancy.git"
    (upstream / "later.py").write_text("later = True\n")
    commit(upstream, "Later")
    served.ok("node", "update", "Fancy")
    served.ok("commit", "-m", "third")
    told = served.data("mirror", "export", str(mirror))
    assert told["added"]["git"]["files"] == 1
    (address,) = [address for address in listed(mirror)["repositories"] if "Fancy" in address]
    first, second = (mirror / part for part in listed(mirror)["repositories"][address]["parts"])
    assert (first.name.split(".")[1:], second.name.split(".")[1:]) == (["1", "bundle"], ["2", "bundle"])
    assert second.read_bytes().startswith(b"# v2 git bundle\n-")
    (tmp_path / "home").mkdir()
    other = Session(served.program, tmp_path / "workspace", {**served.variables, "HOME": str(tmp_path / "home")})
    other.ok("init")
    other.ok("mirror", "import", str(mirror))
    bundle = str(mirror / "environments/work.tar.gz")
    other.ok("import", bundle, "--name", "work", "--torch-backend", "cpu", "--models", "skip", "--use", "--offline")
    fancy = other.environments / "work/ComfyUI/custom_nodes/Fancy"
    assert (fancy / "later.py").exists()
    other.ok("checkout", "HEAD~1", "--offline")
    assert not (fancy / "later.py").exists()
