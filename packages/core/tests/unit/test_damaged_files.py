"""Whatever stands in a file of a workspace, reading it ends with a meaning, with nothing, or with an error of ours."""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from comfydock_core.caching.answer_cache import AnswerCache
from comfydock_core.caching.api_cache import APICacheManager
from comfydock_core.caching.custom_node_cache import CustomNodeCacheManager
from comfydock_core.models.exceptions import ComfyDockError
from comfydock_core.models.manifest import EnvironmentManifest
from comfydock_core.repositories import (
    changed_files_note,
    install_record,
    operation_log,
    operation_marks,
    own_contradictions,
    pack_release,
    run_log,
    run_state,
    workflow_note,
)
from comfydock_core.repositories.definition import (
    backend_choice,
    backend_parts,
    manifest_reader,
    pyproject_document,
    pytorch_settings,
    template_reader,
    tracked_packs,
    uv_lock,
)
from comfydock_core.repositories.node_data import node_index, node_lists, published
from comfydock_core.repositories.workspace_config_reader import read_active_environment, read_config
from comfydock_core.utils.files.archives import unpack
from comfydock_core.utils.files.locks import Owner, holder
from tests.support.pack_host import pack_files, zip_archive

DEEP = 20_000

# Texts that decoders, paths and systems stumble over.
odd_texts = st.sampled_from(
    [
        "",
        "\0",
        "a\0b",
        "\ud800",
        "\udcff",
        "../x",
        "/",
        "\n",
        "9" * 5000,
        "nan",
        "☃",
        "1.0",
        "x" * 5000,
        "https://[",
        "work",
    ]
) | st.text(max_size=8)
odd_numbers = st.sampled_from([0, -1, 1, 2**31, 2**63, 2**200, 10**400, 0.5, float("inf"), float("nan"), True, None])
KEYS = (
    "version", "state", "line", "steps", "plan", "words", "started", "begin", "apply", "v", "id", "path", "before",
    "pid", "start", "supervisor", "port", "host", "log", "boot", "since", "namespace", "active_environment",
    "headers", "sha256", "global_model_directory", "api_credentials", "civitai_token", "node_policy", "files",
    "missing", "url", "etag", "fetched_at", "checked_at", "packages", "mappings", "metadata", "node_data", "nodes",
    "name", "reference", "title_aux", "custom_nodes", "schema", "has_new", "source", "repository", "old", "new",
    "after", "kind", "nodename_pattern",
)  # fmt: skip
odd_values = st.recursive(
    odd_texts | odd_numbers,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | odd_texts, inner, max_size=5),
    max_leaves=12,
)
odd_json = odd_values.map(lambda value: json.dumps(value).encode())
begun_lines = st.lists(odd_values, max_size=4).map(
    lambda values: b"".join(json.dumps({"line": "plan", "v": 1, "steps": value}).encode() + b"\n" for value in values)
)
TOML_LINES = """
[tool.comfydock]|[tool.comfydock.nodes.a]|[[package]]|[[packages]]|[dependency-groups]|[tool.uv]|[project]|name = %s
version = %s|source = %s|hash = %s|wheels = %s|url = %s|nodes = %s|repository = %s|enabled = %s|torch_backend = %s
schema_version = %s|python_version = %s|a = %s|lock-version = %s|hashes = %s|tool = %s
"" = %s|constraint-dependencies = %s
"""
TOML_VALUES = """
1|-1|"a"|"\\u0000"|[]|[[]]|[1, "a"]|{}|{ a = 1 }|1979-05-27|nan|inf|true|99:99:99|'''|{ git = 1 }|["a>=1", "]"]
0000-00-00T00:00:00Z|[{ name = "a", marker = 1 }]
"""
toml_lines = st.lists(
    st.tuples(
        st.sampled_from(TOML_LINES.strip().replace("\n", "|").split("|")),
        st.sampled_from([*TOML_VALUES.strip().replace("\n", "|").split("|"), "9" * 5000, "0x" + "f" * 5000, "[" * 500]),
    ),
    max_size=8,
).map(lambda lines: "\n".join(line.replace("%s", value) for line, value in lines).encode())
contents = st.binary(max_size=60) | odd_json | begun_lines | toml_lines


Reader = Callable[[Path, bytes], object]


def read_all(*readers: Callable[[str], object], name: str = "file") -> Reader:
    """Each reader of one file, and all of what is lazily made."""

    def read(place: Path, content: bytes) -> None:
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        for reader in readers:
            try:
                value = reader(str(path))
                if isinstance(value, Iterator):
                    list(value)
            except ComfyDockError:
                pass

    return read


def manifest_of(path: str) -> None:
    """Everything that is asked of a manifest."""
    values = manifest_reader.read_manifest(path)
    for asked in ("project", "groups", "uv", "workflows", "python_version", "torch_backend", "comfyui_version",
                  "comfyui_version_type", "comfyui_commit", "comfyui_repository", "nodes"):  # fmt: skip
        read_quietly(lambda asked=asked: getattr(EnvironmentManifest(values, path), asked))  # type: ignore[misc]
    read_quietly(lambda: tracked_packs.tracked_packs(values, path))
    for reader in (pytorch_settings.is_neutral, pytorch_settings.named_backend, pytorch_settings.family_of,
                   pytorch_settings.accelerators_of, pytorch_settings.requires_python,
                   pytorch_settings.overridden_names, pytorch_settings.accepted_without_hash,
                   pytorch_settings.substitutes_of):  # fmt: skip
        read_quietly(lambda reader=reader: reader(values))  # type: ignore[misc]


def read_quietly(read: Callable[[], object]) -> None:
    with contextlib.suppress(ComfyDockError):
        read()


def choice_of(path: str) -> None:
    """It becomes part of a path."""
    with contextlib.suppress(OSError):
        os.stat(f"/nowhere/{backend_choice.read_choice(up(path, 1))}")


def lock_of(path: str) -> None:
    lock = uv_lock.read_lock(path)
    lock.versions()
    lock.unhashed()


def archive_of(path: str) -> None:
    with tempfile.TemporaryDirectory() as target:
        unpack(path, f"{target}/content")


def up(path: str, levels: int) -> str:
    return str(Path(path).parents[levels - 1])


def install_record_of(path: str) -> None:
    """Callers take `ValueError` for "as if it was not there"."""
    venv = up(path, 2)
    for name in ("uv.lock", "pyproject.toml", "distributions", "backend", "part.toml", "pyproject.json"):
        other = Path(up(path, 1), name)
        if not other.exists():
            other.write_bytes(Path(path).read_bytes())
    with contextlib.suppress(ValueError):
        install_record.read_record(venv)
    install_record.recorded_manifest(venv, f"{venv}/.comfydock/pyproject.toml")


def answers_of(path: str) -> None:
    cache = AnswerCache(up(path, 1))
    cache.keep("a", ["q"], {})
    kept = next(one for one in os.listdir(up(path, 1)) if one.startswith("a-"))
    os.replace(path, f"{up(path, 1)}/{kept}")
    cache.recall("a", ["q"], float("inf"))


def http_answer_of(path: str) -> None:
    cache = APICacheManager(up(path, 1))
    cache.keep("http://a/", {}, b"")
    kept = next(one for one in os.listdir(up(path, 1)) if len(one) == 32)
    os.replace(path, f"{up(path, 1)}/{kept}")
    cache.find("http://a/")


def published_of(path: str) -> None:
    content = Path(path).read_bytes()
    for read in (published.read_node_data, published.read_manager_list, published.read_manager_map):
        with contextlib.suppress(published.UnusableList):
            read(content)


def index_of(path: str) -> None:
    with node_index.open_index(up(path, 1)) as index:
        index.facts()
        index.near("a")
        list(index.packs())


READERS: dict[str, Reader] = {
    "workspace.json": read_all(read_config, read_active_environment),
    "manifest": read_all(manifest_of),
    "manifest in style": read_all(pyproject_document.PyprojectDocument.load),
    "uv.lock": read_all(lock_of),
    "backend choice": read_all(choice_of, name=".pytorch-backend"),
    "backend part": read_all(lambda path: backend_parts.read_part(up(path, 3), "cpu"), name="backends/cpu/pylock.toml"),
    "template": read_all(template_reader.read_template),
    "install record": read_all(install_record_of, name=".comfydock/pyproject.json"),
    "installed backend": read_all(install_record_of, name=".comfydock/backend"),
    "contradictions": read_all(lambda path: own_contradictions.read_contradictions(up(path, 2)),
                               name=".comfydock/contradictions"),
    "pack's note": read_all(lambda path: pack_release.read_note(up(path, 1)), name=pack_release.NOTE),
    "note of changed files": read_all(changed_files_note.read_note),
    "note of workflows": read_all(workflow_note.read_note),
    "run's note": read_all(lambda path: run_state.recorded(up(path, 3)), name=".ops/run/1.json"),
    "run's log": read_all(lambda path: run_log.RunLog(path).tail(5)),
    "journal": read_all(
        lambda path: operation_log.Journal(up(path, 3), "000001-a").read(),
        lambda path: operation_log.Journal(up(path, 3), "000001-a").keeps(),
        lambda path: operation_marks.read_mark(up(path, 3)), name=".ops/000001-a/journal"),
    "number": read_all(lambda path: operation_log.new_id(up(path, 2), "a"), name=".ops/number"),
    "owner": read_all(Owner.read, holder),
    "answer": read_all(answers_of),
    "HTTP answer": read_all(http_answer_of),
    "listing": read_all(lambda path: CustomNodeCacheManager(up(path, 2)).find("key"), name="key/listing.json"),
    "notes of lists": read_all(lambda path: node_lists.read_notes(up(path, 1)), name="sources.json"),
    "published lists": read_all(published_of),
    "index of packs": read_all(index_of, name="node_index.sqlite"),
    "archive": read_all(archive_of, name="pack.zip"),
    "tar archive": read_all(archive_of, name="pack.tar.gz"),
}  # fmt: skip


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@example(b"[" * DEEP)
@example(b'{"a":' * DEEP)
@example(b"a = " + b"[" * DEEP)
@example(b"a" + b".a" * 2000 + b" = 1")
@example(b"a = " + b"9" * 5000)
@example(b"\0")
@example(b"\xff\xfe")
@example(b"cpu\0x")
@example(b"abc x file")
@example(b"abc " + b"9" * 5000 + b" file")
@example(b'{"pid": 1e400, "start": ""}')
@example(json.dumps({"pid": 10**30, "start": ""}).encode())
@example(json.dumps({"pid": -(2**40), "start": "", "port": "x", "supervisor": []}).encode())
@example(json.dumps({"active_environment": "\ud800"}).encode())
@given(content=contents)
def test_no_content_of_a_file_ends_as_anything_unexpected(reader: Reader, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        reader(Path(place), content)


SOUND = zip_archive(pack_files())


@settings(max_examples=300, deadline=None)
@given(places=st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_no_damage_of_an_archive_ends_as_anything_unexpected(places: list[tuple[int, int]]) -> None:
    content = bytearray(SOUND)
    for place, value in places:
        content[place] = value
    with tempfile.TemporaryDirectory() as place:
        READERS["archive"](Path(place), bytes(content))


@settings(max_examples=100, deadline=None)
@given(end=st.integers(0, len(SOUND)), before=st.binary(max_size=30))
def test_a_cut_archive_ends_as_nothing_unexpected(end: int, before: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        READERS["archive"](Path(place), before + SOUND[:end])
