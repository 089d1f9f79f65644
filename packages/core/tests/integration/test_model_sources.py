"""What Hugging Face, Civitai and other hosts offer, and where it goes among the models of a workspace."""

import hashlib
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import open_workspace
from comfydock_core.models.exceptions import (
    ModelExists,
    ModelGated,
    ModelMismatch,
    ModelNotOffered,
    OfflineRefused,
    PlaceUnclear,
    UnusableAnswer,
)
from comfydock_core.models.model_files.downloads import DownloadPlan, DownloadResult
from comfydock_core.repositories.model_index.model_index import open_model_index
from comfydock_core.utils.reporting import SilentReporter
from tests.support.model_host import COMMIT, CivitAI, HuggingFace, ModelHost, model_host

CONTENT = random.Random(2).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
TOKEN = "hf_secret"


@pytest.fixture(autouse=True)
def nobody_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "CIVITAI_API_TOKEN", "HF_HOME", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no cache"))


@pytest.fixture
def storage() -> Iterator[ModelHost]:
    with model_host() as running:
        yield running


@pytest.fixture
def hub(storage: ModelHost, monkeypatch: pytest.MonkeyPatch) -> Iterator[HuggingFace]:
    with model_host() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield HuggingFace(running, storage)


@pytest.fixture
def civitai(storage: ModelHost, monkeypatch: pytest.MonkeyPatch) -> Iterator[CivitAI]:
    with model_host() as running:
        monkeypatch.setenv("COMFYDOCK_CIVITAI_URL", running.url)
        yield CivitAI(running, storage)


@pytest.fixture
def bare(tmp_path: Path) -> Workspace:
    """A workspace without environments."""
    made = Workspace.initialise(Workspace.plan_initialisation(str(tmp_path / "workspace ☃")))
    return open_workspace(made.layout)


def planned(workspace: Workspace, url: str, **options: object) -> DownloadPlan:
    (plan,) = workspace.downloads.plan([url], SilentReporter(), **options)  # type: ignore[arg-type]
    return plan


def fetched(workspace: Workspace, url: str, **options: object) -> DownloadResult:
    (outcome,) = workspace.downloads.download([planned(workspace, url, **options)], SilentReporter())
    assert outcome.error is None, outcome.error
    assert outcome.result is not None
    return outcome.result


def models(workspace: Workspace) -> list[str]:
    root = Path(workspace.layout.models)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def sources(workspace: Workspace, result: DownloadResult) -> list[tuple[str, str]]:
    with open_model_index(workspace.layout.model_index) as index:
        return [(one.kind, one.url) for one in index.sources_of(result.blake3)]


# Hugging Face.


def test_a_file_of_hugging_face_is_checked_by_its_digest_and_noted_by_its_commit(
    bare: Workspace, hub: HuggingFace
) -> None:
    plan = planned(bare, hub.put("alice/models", "sd/my vae.safetensors", CONTENT), to="vae")
    assert (plan.request.size, plan.request.sha256, plan.request.name) == (len(CONTENT), SHA256, "my vae.safetensors")
    (outcome,) = bare.downloads.download([plan], SilentReporter())
    assert outcome.result is not None
    assert models(bare) == ["vae/my vae.safetensors"]
    assert sources(bare, outcome.result) == [
        ("huggingface", f"{hub.host.url}/alice/models/resolve/{COMMIT}/sd/my%20vae.safetensors")
    ]
    with open_model_index(bare.layout.model_index) as index:
        (place,) = index.locations_with(SHA256)
    assert place.path == "vae/my vae.safetensors"


@pytest.mark.parametrize("view", ["blob", "resolve", "raw"])
def test_the_page_of_a_file_means_the_file(bare: Workspace, hub: HuggingFace, view: str) -> None:
    hub.put("alice/models", "a.safetensors", CONTENT)
    url = f"https://huggingface.co/alice/models/{view}/main/a.safetensors?download=true"
    assert planned(bare, url, to="vae").request.sha256 == SHA256


def test_a_page_of_a_repository_is_refused(bare: Workspace, hub: HuggingFace) -> None:
    with pytest.raises(PlaceUnclear, match="not one file"):
        planned(bare, "https://huggingface.co/alice/models/tree/main")
    assert hub.host.requests == []


def test_a_folder_of_the_repository_that_is_a_model_folder_is_the_place(bare: Workspace, hub: HuggingFace) -> None:
    os.makedirs(f"{bare.layout.models}/text_encoders")
    plan = planned(bare, hub.put("Comfy/x", "split_files/text_encoders/clip_l.safetensors", CONTENT))
    assert plan.request.path == f"{bare.layout.models}/text_encoders/clip_l.safetensors"


@pytest.mark.parametrize("where", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "a file"])
def test_the_token_is_found_and_goes_to_its_own_host_only(
    bare: Workspace, hub: HuggingFace, storage: ModelHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    if where == "a file":
        (tmp_path / "hf").mkdir()
        (tmp_path / "hf/token").write_text(f"{TOKEN}\n")
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    else:
        monkeypatch.setenv(where, TOKEN)
    url = hub.put("alice/models", "a.safetensors", CONTENT, needs=f"Bearer {TOKEN}")
    fetched(bare, url, to="vae")
    with model_host() as stranger:
        fetched(bare, stranger.put("/huggingface.co/b.safetensors", b"x" * 100), to="vae")
        assert TOKEN not in str(stranger.requests)
    assert storage.requests
    assert TOKEN not in str(storage.requests)


@pytest.mark.parametrize(
    ("status", "code", "error", "words"),
    [
        (403, "GatedRepo", ModelGated, "accept them at {url}/alice/models"),
        (401, "GatedRepo", ModelGated, "set HF_TOKEN"),
        (401, "RepoNotFound", ModelGated, "no repository `alice/models` that you may see"),
        (404, "EntryNotFound", ModelNotOffered, "no file `a.safetensors`"),
        (404, "RevisionNotFound", ModelNotOffered, "no revision `main`"),
    ],
)
def test_a_refusal_of_hugging_face_is_explained(
    bare: Workspace, hub: HuggingFace, status: int, code: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        planned(bare, hub.refuse("alice/models", "a.safetensors", status, code), to="vae")
    assert words.format(url=hub.host.url) in f"{caught.value.message} {caught.value.hint}"  # type: ignore[attr-defined]


def test_a_file_that_is_not_what_hugging_face_says_is_refused(
    bare: Workspace, hub: HuggingFace, storage: ModelHost
) -> None:
    url = hub.put("alice/models", "a.safetensors", CONTENT)
    storage.files[f"/{SHA256}"].content = CONTENT[:-1] + b"!"
    (outcome,) = bare.downloads.download([planned(bare, url, to="vae")], SilentReporter())
    assert isinstance(outcome.error, ModelMismatch)
    assert models(bare) == []
    with open_model_index(bare.layout.model_index) as index:
        assert index.locations() == []


# Civitai.


def test_a_file_of_civitai_gets_its_name_its_folder_and_its_digest_from_there(
    bare: Workspace, civitai: CivitAI
) -> None:
    result = fetched(bare, civitai.put(122359, 135867, "detail-tweaker-xl.safetensors", CONTENT))
    assert models(bare) == ["loras/detail-tweaker-xl.safetensors"]
    assert result.sha256 == SHA256
    assert sources(bare, result) == [("civitai", f"{civitai.host.url}/api/download/models/135867")]


@pytest.mark.parametrize("page", ["/models/5/a-name?modelVersionId=7", "/models/5", "/api/download/models/7?token=s"])
def test_the_page_of_a_model_means_its_file(bare: Workspace, civitai: CivitAI, page: str) -> None:
    civitai.put(5, 7, "a.safetensors", CONTENT)
    assert planned(bare, f"https://civitai.com{page}").request.sha256 == SHA256
    assert "token" not in str(civitai.host.requests)


def test_a_version_in_early_access_is_told_apart_from_one_that_needs_a_login(bare: Workspace, civitai: CivitAI) -> None:
    early = civitai.put(1, 2, "a.safetensors", CONTENT, refused=403, earlyAccessEndsAt="2027-01-01T00:00:00Z")
    with pytest.raises(ModelGated, match="early access until 2027-01-01"):
        planned(bare, early)
    with pytest.raises(ModelGated, match="only to those who are logged in"):
        planned(bare, civitai.put(3, 4, "b.safetensors", CONTENT, refused=401))


def test_a_model_that_was_removed_is_told(bare: Workspace, civitai: CivitAI) -> None:
    with pytest.raises(ModelNotOffered, match="was removed"):
        planned(bare, f"{civitai.host.url}/api/download/models/99")
    with pytest.raises(ModelNotOffered, match="was removed"):
        planned(bare, f"{civitai.host.url}/models/99")


def test_a_model_for_the_site_alone_is_told(bare: Workspace, civitai: CivitAI) -> None:
    with pytest.raises(ModelGated, match="only be used on Civitai's own site"):
        planned(bare, civitai.put(1, 2, "a.safetensors", CONTENT, usageControl="Generation"))


@pytest.mark.parametrize("where", ["variable", "workspace"])
def test_the_key_for_civitai_goes_there_alone(
    bare: Workspace, civitai: CivitAI, storage: ModelHost, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    if where == "variable":
        monkeypatch.setenv("CIVITAI_API_TOKEN", "key")
    else:
        bare.settings().set_civitai_token("key")
    fetched(bare, civitai.put(1, 2, "a.safetensors", CONTENT, needs="Bearer key"))
    assert [headers for _, headers in storage.requests if "authorization" in headers] == []


def test_an_answer_that_is_no_json_is_an_error(bare: Workspace, civitai: CivitAI) -> None:
    civitai.host.put("/api/v1/model-versions/7", b"<html>busy</html>", kind="text/html")
    with pytest.raises(UnusableAnswer, match="JSON"):
        planned(bare, f"{civitai.host.url}/api/download/models/7")


def test_odd_records_of_civitai_are_survived(bare: Workspace, civitai: CivitAI) -> None:
    for record in ({}, {"id": 7}, {"id": 7, "files": "x"}, {"id": 7, "files": [{"hashes": [], "sizeKB": "x"}]}, []):
        civitai.host.put("/api/v1/model-versions/7", json.dumps(record).encode())
        with pytest.raises((UnusableAnswer, ModelNotOffered, PlaceUnclear)):
            planned(bare, f"{civitai.host.url}/api/download/models/7")


# Where it goes.


@pytest.mark.parametrize("to", ["../x", "/etc", "a/../../b", "~/x", "loras/..", "a\\..\\b", "loras/\x07"])
def test_no_place_leads_out_of_the_models_directory(bare: Workspace, storage: ModelHost, to: str) -> None:
    with pytest.raises(PlaceUnclear, match="no place below"):
        planned(bare, storage.put("/a.safetensors", CONTENT), to=to)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="../../etc/passwd.pt"', "passwd.pt"),
        ("attachment; filename*=UTF-8''na%C3%AFve%20x.pt", "naïve x.pt"),
        ('attachment; filename="C:\\\\evil\\\\x.pt"', "x.pt"),
        ('attachment; filename=".hidden.pt"', "hidden.pt"),
        ('attachment; filename="con.pt"', "_con.pt"),
        ('attachment; filename="a\u202etp.exe"', "atp.exe"),
        ("attachment", "a.safetensors"),
    ],
)
def test_a_name_of_a_server_is_made_safe(bare: Workspace, storage: ModelHost, disposition: str, name: str) -> None:
    sent = disposition.encode().decode("latin-1")
    assert planned(bare, storage.put("/a.safetensors", CONTENT, disposition=sent), to="x").request.name == name


def test_a_place_may_name_the_file(bare: Workspace, storage: ModelHost) -> None:
    url = storage.put("/a.safetensors", CONTENT)
    assert planned(bare, url, to="loras/flux/b.safetensors").request.path.endswith("models/loras/flux/b.safetensors")
    assert planned(bare, url, to="loras/v1.5").request.path.endswith("models/loras/v1.5/a.safetensors")


def test_the_header_tells_the_folder(bare: Workspace, storage: ModelHost) -> None:
    shapes = {f"lora_unet_down_blocks_0_attentions_0_proj_in.{end}": shape
              for end, shape in (("lora_down.weight", [4, 8]), ("lora_up.weight", [8, 4]), ("alpha", []))}  # fmt: skip
    at, tensors = 0, {}
    for name, shape in shapes.items():
        size = 4 * (shape[0] * shape[1] if shape else 1)
        tensors[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    header = json.dumps(tensors).encode()
    content = len(header).to_bytes(8, "little") + header + bytes(at)
    plan = planned(bare, storage.put("/a.safetensors", content))
    assert plan.request.path == f"{bare.layout.models}/loras/a.safetensors"


def test_where_nothing_tells_the_folder_the_option_is_named(bare: Workspace, storage: ModelHost) -> None:
    with pytest.raises(PlaceUnclear) as caught:
        planned(bare, storage.put("/a.safetensors", CONTENT))
    assert "--to FOLDER" in str(caught.value.hint)


def test_two_addresses_do_not_become_one_file(bare: Workspace, storage: ModelHost) -> None:
    urls = [storage.put("/1/a.pt", CONTENT), storage.put("/2/a.pt", b"other")]
    with pytest.raises(PlaceUnclear, match="two of the addresses"):
        bare.downloads.plan(urls, SilentReporter(), to="loras")


def test_a_page_that_comes_instead_of_a_file_is_told_when_planning(bare: Workspace, storage: ModelHost) -> None:
    page = storage.put("/a.safetensors", b"<html><title>Log in</title></html>", kind="text/html")
    with pytest.raises(UnusableAnswer, match="“Log in”"):
        planned(bare, page, to="loras")


# What is there already.


def test_the_same_content_elsewhere_is_reported_and_linked_when_asked_for(bare: Workspace, hub: HuggingFace) -> None:
    url = hub.put("alice/models", "a.safetensors", CONTENT)
    fetched(bare, url, to="vae")
    plan = planned(bare, url, to="loras")
    assert (plan.action, plan.existing) == ("elsewhere", f"{bare.layout.models}/vae/a.safetensors")
    result = fetched(bare, url, to="loras", link=True)
    assert result.outcome == "linked"
    assert os.path.samefile(f"{bare.layout.models}/vae/a.safetensors", f"{bare.layout.models}/loras/a.safetensors")


def test_a_file_that_changed_since_it_was_read_is_not_linked_to(bare: Workspace, hub: HuggingFace) -> None:
    url = hub.put("alice/models", "a.safetensors", CONTENT)
    fetched(bare, url, to="vae")
    Path(f"{bare.layout.models}/vae/a.safetensors").write_bytes(b"mine")
    assert planned(bare, url, to="loras").action == "download"


def test_the_right_file_in_its_place_needs_nothing_and_another_one_is_refused(
    bare: Workspace, hub: HuggingFace
) -> None:
    url = hub.put("alice/models", "a.safetensors", CONTENT)
    fetched(bare, url, to="vae")
    assert fetched(bare, url, to="vae").outcome == "present"
    Path(f"{bare.layout.models}/vae/a.safetensors").write_bytes(b"mine")
    with pytest.raises(ModelExists):
        planned(bare, url, to="vae")


def test_offline_nothing_is_asked(bare: Workspace, hub: HuggingFace) -> None:
    url = hub.put("alice/models", "a.safetensors", CONTENT)
    with pytest.raises(OfflineRefused):
        planned(open_workspace(bare.layout, offline=True), url, to="vae")
    assert hub.host.requests == []


# Searching for sources.


def test_a_source_is_found_by_content_and_remembered(bare: Workspace, civitai: CivitAI) -> None:
    civitai.put(1, 2, "theirs.safetensors", CONTENT)
    os.makedirs(f"{bare.layout.models}/loras")
    Path(f"{bare.layout.models}/loras/mine.safetensors").write_bytes(CONTENT)
    bare.models.sync(SilentReporter())
    (found,) = bare.downloads.sources_of("mine.safetensors", SilentReporter())
    assert (found.kind, found.matched, found.name) == ("civitai", "sha256", "theirs.safetensors")
    (noted,) = bare.downloads.sources_of("mine.safetensors", SilentReporter(), offline=True)
    assert (noted.url, noted.matched) == (found.url, "noted")


def test_what_nobody_has_has_no_source(bare: Workspace, civitai: CivitAI) -> None:
    os.makedirs(f"{bare.layout.models}/loras")
    Path(f"{bare.layout.models}/loras/mine.safetensors").write_bytes(CONTENT)
    bare.models.sync(SilentReporter())
    assert bare.downloads.sources_of("mine.safetensors", SilentReporter()) == []
