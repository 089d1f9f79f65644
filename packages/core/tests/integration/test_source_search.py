"""Looking for the sources of a model that is here: at Civitai, and in repositories of Hugging Face that are named."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import open_workspace
from comfydock_core.models.exceptions import UnusableAnswer
from comfydock_core.models.shared import ModelSourceResult
from comfydock_core.repositories.model_index import open_model_index
from tests.support.http_server import Reply, Server, serving
from tests.support.model_files import write_safetensors
from tests.support.model_host import COMMIT
from tests.support.node_lists import write_lists
from tests.support.reporters import RecordingReporter

NAME = "mine.safetensors"


class Hub:
    """Hugging Face as its API describes itself, on loopback."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = server.url

    def repository(self, name: str, *pages: list[object], revision: str = "main") -> None:
        """A repository whose files are listed on some pages."""
        first = f"/api/models/{name}/tree/{revision}?recursive=true"
        paths = [first, *(f"{first}&limit=1000&cursor=c{at}" for at in range(1, len(pages)))]
        for at, page in enumerate(pages):
            more = {"Link": f'<{self.url}{paths[at + 1]}>; rel="next"'} if at + 1 < len(pages) else {}
            self.server.replies[paths[at]] = Reply(page, headers=more)

    def file(self, name: str, path: str, sha256: str, *, status: int = 302, code: str = "") -> None:
        """A large file as it answers by itself: with where its bytes are, or with a refusal."""
        headers = {"X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{sha256}"', "Location": f"{self.url}/storage"}
        refusal = {"X-Error-Code": code}
        self.server.replies[f"/{name}/resolve/main/{path}"] = Reply(b"", status, headers if status == 302 else refusal)
        self.server.replies["/storage"] = Reply(b"x")

    def asked(self) -> list[str]:
        """The repositories whose files were asked for."""
        return [
            path.split("/tree/")[0].removeprefix("/api/models/") for path, _ in self.server.requests if "/tree/" in path
        ]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "CIVITAI_API_TOKEN", "HF_HOME", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    with serving({}) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("COMFYDOCK_CIVITAI_URL", f"{running.url}/civitai")
        yield Hub(running)


@pytest.fixture
def bare(tmp_path: Path) -> Workspace:
    made = Workspace.initialise(Workspace.plan_initialisation(str(tmp_path / "workspace ☃")))
    return open_workspace(made.layout)


def put(workspace: Workspace, **metadata: str) -> str:
    """A model that is here; its SHA-256."""
    path = Path(workspace.layout.models, "loras", NAME)
    path.parent.mkdir(exist_ok=True)
    write_safetensors(path, {"weight": (4, 4)}, metadata=metadata)
    workspace.models.sync(RecordingReporter())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def listed(workspace: Workspace, *urls: str, name: str = NAME) -> None:
    entries = [{"filename": name, "url": url, "save_path": "loras", "type": "lora"} for url in urls]
    write_lists(Path(workspace.layout.node_data), models={"models": entries})


def searched(workspace: Workspace, reporter: RecordingReporter | None = None) -> list[ModelSourceResult]:
    return workspace.downloads.sources_of(NAME, reporter or RecordingReporter())


def noted(workspace: Workspace) -> list[str]:
    found = workspace.downloads.sources_of(NAME, RecordingReporter(), offline=True)
    return [one.url for one in found]


def large(path: str, sha256: str) -> dict[str, object]:
    return {"type": "file", "oid": "9" * 40, "size": 5, "path": path,
            "lfs": {"oid": sha256, "size": 5, "pointerSize": 134}, "xetHash": "1" * 64}  # fmt: skip


SMALL = {"type": "file", "oid": "9" * 40, "size": 5, "path": "README.md"}
OTHER = large("other.safetensors", "0" * 64)


def test_a_repository_of_the_list_of_models_is_asked_and_what_has_the_digest_noted(bare: Workspace, hub: Hub) -> None:
    sha256 = put(bare)
    listed(bare, f"{hub.url}/alice/loras/resolve/main/{NAME}")
    hub.repository("alice/loras", [SMALL, OTHER, large("sd/their name.safetensors", sha256)])
    hub.file("alice/loras", "sd/their%20name.safetensors", sha256)
    (found,) = searched(bare)
    url = f"{hub.url}/alice/loras/resolve/{COMMIT}/sd/their%20name.safetensors"
    assert (found.url, found.kind, found.matched, found.name, found.page) == (
        url, "huggingface", "sha256", "sd/their name.safetensors", f"{hub.url}/alice/loras",
    )  # fmt: skip
    assert noted(bare) == [url]


def test_the_same_name_with_another_digest_is_nothing(bare: Workspace, hub: Hub) -> None:
    put(bare)
    listed(bare, f"{hub.url}/alice/loras/resolve/main/{NAME}")
    hub.repository("alice/loras", [large(NAME, "1" * 64)])
    assert searched(bare) == []
    assert noted(bare) == []


@pytest.mark.parametrize(
    "metadata",
    [
        {"ss_sd_model_name": "alice/loras"},
        {"modelspec.description": "see https://huggingface.co/alice/loras/blob/main/README.md."},
    ],
)
def test_repositories_that_the_metadata_names_are_asked(bare: Workspace, hub: Hub, metadata: dict[str, str]) -> None:
    sha256 = put(bare, **metadata)
    hub.repository("alice/loras", [large("a.safetensors", sha256)])
    hub.file("alice/loras", "a.safetensors", sha256)
    assert [one.name for one in searched(bare)] == ["a.safetensors"]


def test_the_repository_of_a_noted_source_is_asked_at_its_revision(bare: Workspace, hub: Hub) -> None:
    sha256 = put(bare)
    searched(bare)
    with open_model_index(bare.layout.model_index) as index:
        (place,) = index.locations_with(sha256)
        index.add_source(place.blake3 or "", f"{hub.url}/alice/loras/blob/v2/moved.safetensors", "url")
    hub.repository("alice/loras", [large("here.safetensors", sha256)], revision="v2")
    assert next(one.url for one in searched(bare)) == f"{hub.url}/alice/loras/resolve/v2/here.safetensors"


def test_all_pages_are_asked(bare: Workspace, hub: Hub) -> None:
    sha256 = put(bare)
    listed(bare, f"{hub.url}/alice/loras/resolve/main/x")
    hub.repository("alice/loras", [OTHER], [SMALL], [large("a.safetensors", sha256)])
    hub.file("alice/loras", "a.safetensors", sha256)
    assert [one.name for one in searched(bare)] == ["a.safetensors"]
    assert len(hub.asked()) == 3


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply({"error": "gated"}, 403, {"X-Error-Code": "GatedRepo"}), "only for those who accepted its terms"),
        (Reply({"error": "gated"}, 401, {"X-Error-Code": "GatedRepo"}), "only for those who accepted its terms"),
        (Reply({"error": "none"}, 401, {"X-Error-Code": "RepoNotFound"}), "that you may see"),
        (Reply({"error": "none"}, 404, {"X-Error-Code": "RevisionNotFound"}), "no revision `main`"),
        (Reply("<html>", 200), "did not answer with JSON"),
        (Reply({"error": "none"}, 200), "without a list"),
        (Reply([], 200, {"Link": '<https://evil.example/>; rel="next"'}), "another place"),
        (Reply(" " * (9 << 20), 200), "more than 8388608 bytes"),
    ],
    ids=["gated", "gated-login", "not-there", "revision", "page", "object", "elsewhere", "endless"],
)
def test_a_repository_that_does_not_answer_is_told_and_keeps_no_other_from_it(
    bare: Workspace, hub: Hub, reply: Reply, words: str
) -> None:
    sha256 = put(bare)
    listed(bare, *(f"{hub.url}/{owner}/loras/resolve/main/x" for owner in ("alice", "bob")))
    hub.server.replies["/api/models/alice/loras/tree/main?recursive=true"] = reply
    hub.repository("bob/loras", [large("a.safetensors", sha256)])
    hub.file("bob/loras", "a.safetensors", sha256)
    reporter = RecordingReporter()
    assert [one.name for one in searched(bare, reporter)] == ["a.safetensors"]
    (warning,) = reporter.warnings
    assert warning.startswith("`alice/loras` was not searched: ")
    assert words in warning


def test_a_listing_without_end_is_given_up(bare: Workspace, hub: Hub) -> None:
    put(bare)
    listed(bare, f"{hub.url}/alice/loras/resolve/main/x")
    hub.repository("alice/loras", *([[SMALL]] * 60))
    reporter = RecordingReporter()
    assert searched(bare, reporter) == []
    assert "more than 50 pages" in reporter.warnings[0]
    assert len(hub.asked()) == 50


def test_a_file_that_only_some_may_have_is_found_by_its_listing(bare: Workspace, hub: Hub) -> None:
    sha256 = put(bare)
    listed(bare, f"{hub.url}/alice/loras/resolve/main/x")
    hub.repository("alice/loras", [large("a.safetensors", sha256)])
    hub.file("alice/loras", "a.safetensors", sha256, status=403, code="GatedRepo")
    assert [one.url for one in searched(bare)] == [f"{hub.url}/alice/loras/resolve/main/a.safetensors"]


def test_a_file_that_became_another_one_meanwhile_is_nothing(bare: Workspace, hub: Hub) -> None:
    sha256 = put(bare)
    listed(bare, f"{hub.url}/alice/loras/resolve/main/x")
    hub.repository("alice/loras", [large("a.safetensors", sha256)])
    hub.file("alice/loras", "a.safetensors", "2" * 64)
    assert searched(bare) == []


def test_no_more_than_some_repositories_are_asked(bare: Workspace, hub: Hub) -> None:
    put(bare)
    listed(bare, *(f"{hub.url}/owner{number}/loras/resolve/main/x" for number in range(20)))
    reporter = RecordingReporter()
    searched(bare, reporter)
    assert len(hub.asked()) == 16
    assert reporter.warnings[0].startswith("20 repositories may have it")


def test_the_token_goes_along_to_the_hub_and_no_further(
    bare: Workspace, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    sha256 = put(bare)
    with serving({"/storage": Reply(b"x")}) as storage:
        listed(bare, f"{hub.url}/alice/loras/resolve/main/x")
        hub.repository("alice/loras", [large("a.safetensors", sha256)])
        hub.file("alice/loras", "a.safetensors", sha256)
        hub.server.replies["/alice/loras/resolve/main/a.safetensors"] = Reply(
            b"", 302, {"X-Linked-Etag": sha256, "Location": f"{storage.url}/storage"}
        )
        searched(bare)
        assert storage.requests
        assert "hf_secret" not in str(storage.requests)
    trees = [headers for path, headers in hub.server.requests if "/tree/" in path]
    assert [headers.get("authorization") for headers in trees] == ["Bearer hf_secret"]


def test_what_is_found_counts_although_civitai_does_not_answer(bare: Workspace, hub: Hub) -> None:
    sha256 = put(bare)
    hub.server.replies[f"/civitai/api/v1/model-versions/by-hash/{sha256}"] = Reply("<html>")
    with pytest.raises(UnusableAnswer):
        searched(bare)
    listed(bare, f"{hub.url}/alice/loras/resolve/main/x")
    hub.repository("alice/loras", [large("a.safetensors", sha256)])
    hub.file("alice/loras", "a.safetensors", sha256)
    reporter = RecordingReporter()
    assert [one.name for one in searched(bare, reporter)] == ["a.safetensors"]
    assert "did not answer with JSON" in reporter.warnings[0]


def test_offline_no_repository_is_asked(bare: Workspace, hub: Hub) -> None:
    put(bare, ss_sd_model_name="alice/loras")
    assert noted(bare) == []
    assert hub.server.requests == []
