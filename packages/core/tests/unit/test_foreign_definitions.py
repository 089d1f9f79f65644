"""What other tools wrote down: read as they mean it, and whatever else stands in the file is refused with its place."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from comfydock_core.models.exceptions import TemplateDamaged
from comfydock_core.models.foreign import ForeignDefinition, ForeignPack
from comfydock_core.repositories.foreign_definitions import (
    parse_pack_snapshot,
    parse_snapshot,
    plain_json,
    plain_yaml,
    read_comfy_pack,
    read_foreign,
    yaml_content,
)
from tests.support.pack_host import zip_archive

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SHA256 = "ab" * 32

KEYS = ("comfyui", "git_custom_nodes", "cnr_custom_nodes", "file_custom_nodes", "pips", "custom_nodes", "models",
        "hash", "disabled", "filename", "model", "url", "paths", "path", "hashes", "type", "basic", "python",
        "commit_hash", "sha256", "size", "source", "download_url")  # fmt: skip
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["https://github.com/a/b", "../../x", "models/../../x", COMMIT, SHA256, "a==1", "a\0b", "\ud800",
                       "-x", "C:\\x", "9" * 5000, "/", "nul", ".git/hooks/x"])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner),
    max_leaves=15,
)
snapshots = st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, values))
told = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def refused(data: object, parse: Any = parse_snapshot) -> str:
    with pytest.raises(TemplateDamaged) as caught:
        parse(data, "s.json")
    return caught.value.message


def is_safe(found: ForeignDefinition) -> bool:
    places = [model.place for model in found.models] + [*found.files, *found.inputs]
    return not any(place.startswith("/") or ".." in place.split("/") or "\0" in place for place in places)


# Snapshots of ComfyUI-Manager and locks of comfy-cli


def test_a_snapshot_names_commits_versions_and_pins() -> None:
    found = parse_snapshot(
        {
            "comfyui": COMMIT,
            "git_custom_nodes": {"https://github.com/a/b": {"hash": COMMIT, "disabled": True}},
            "cnr_custom_nodes": {"pack": "1.2.3"},
            "file_custom_nodes": [{"filename": "one.py", "disabled": False}],
            "pips": {"Some_Package==1.0+cu128": "", "other": "2.0", "x @ file:///home/me/x": ""},
        },
        "s.json",
    )
    assert (found.kind, found.comfyui) == ("a snapshot of ComfyUI-Manager", COMMIT)
    assert found.packs == (
        ForeignPack("https://github.com/a/b", COMMIT, enabled=False), ForeignPack("pack", "1.2.3", registered=True)
    )  # fmt: skip
    assert found.pins == {"some-package": "1.0", "other": "2.0"}
    assert [(one.item, one.lacking) for one in found.open] == [("one.py", True), ("x @ file:///home/me/x", False)]


def test_yaml_says_the_same_below_its_own_name_and_a_commit_of_digits_stays_a_text() -> None:
    digits = "1234567890" * 4
    content = {"custom_nodes": {"comfyui": digits, "git_custom_nodes": {}, "cnr_custom_nodes": {"pack": "1.10"}}}
    text = f"custom_nodes:\n  comfyui: {digits}\n  git_custom_nodes: {{}}\n  cnr_custom_nodes:\n    pack: 1.10\n"
    assert plain_yaml(text.encode(), "s.yaml") == content
    assert plain_yaml(yaml_content(content), "s.yaml") == content


def test_a_lock_of_comfy_cli_has_models_with_places_and_digests() -> None:
    text = f"""
basic:
models:
  - model: photo
    url: https://example.com/photo.safetensors
    paths:
      - path: models/checkpoints/sub/photo.safetensors
    hashes:
      - hash: 12345678
        type: CRC32
      - hash: {SHA256}
        type: SHA256
    type: checkpoints
  - model:
custom_nodes:
  comfyui: {COMMIT}
  file_custom_nodes: []
  git_custom_nodes:
    https://github.com/a/b.git:
      disabled: false
      hash: {COMMIT}
"""
    found = parse_snapshot(plain_yaml(text.encode(), "comfy-lock.yaml"), "comfy-lock.yaml")
    assert found.kind == "a lock of comfy-cli"
    (model,) = (one for one in found.models if one.name)
    assert (model.folder, model.name, model.sha256) == ("checkpoints", "sub/photo.safetensors", SHA256)
    assert model.sources == ("https://example.com/photo.safetensors",)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ([], "it is a list, not a mapping"),
        ({}, "it is no snapshot"),
        ({"git_custom_nodes": []}, "git_custom_nodes: it is a list"),
        ({"git_custom_nodes": {"https://a/b": {"hash": 5}}}, "git_custom_nodes.https://a/b.hash: it is a number"),
        ({"git_custom_nodes": {"https://a/b": {"disabled": "no"}}}, "disabled: it is a text, not a truth value"),
        ({"git_custom_nodes": {"https://a/b": "--upload-pack=x"}}, "is neither a commit nor a version"),
        ({"git_custom_nodes": {}, "comfyui": "a b"}, "comfyui: `a b` is neither"),
        ({"cnr_custom_nodes": {"a": "1 2"}}, "cnr_custom_nodes.a: `1 2` is no version"),
        ({"file_custom_nodes": [{}]}, "file_custom_nodes[0].filename: it is missing"),
        ({"cnr_custom_nodes": {"a\nb": "1"}}, "no line of text"),
        ({"file_custom_nodes": [], "models": [{"paths": [{"path": "models/../../x"}]}]}, "models[0]: `models/../../x`"),
    ],
)
def test_what_is_of_another_type_is_refused_with_its_place(data: object, place: str) -> None:
    assert place in refused(data)


@given(values | snapshots)
@told
def test_any_value_is_a_snapshot_or_refused(data: object) -> None:
    with contextlib.suppress(TemplateDamaged):
        assert is_safe(parse_snapshot(data, "s.json"))


@given(st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 100_000)
@example(b"9" * 5000)
@told
def test_any_bytes_are_json_or_refused(data: bytes) -> None:
    with contextlib.suppress(TemplateDamaged):
        plain_json(data, "s.json")


@given(st.binary(max_size=200) | st.text(alphabet="&*!:-?|>{}[],#%@`\"'<\\\n\t ab01", max_size=60).map(str.encode))
@example(b"- " * 50_000)
@example(b"!!python/object/apply:os.system ['true']")
@example(b"a: &a {b: *a}")
@example(b"%YAML 9.9\n---\na")
@told
def test_any_bytes_are_yaml_or_refused(data: bytes) -> None:
    with contextlib.suppress(TemplateDamaged):
        plain_yaml(data, "s.yaml")


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20)]
    assert "multiply" in refused("\n".join(lines).encode(), plain_yaml)


# Packages of comfy-pack


def package(**changes: object) -> dict[str, Any]:
    return {
        "python": "3.11",
        "comfyui": COMMIT,
        "custom_nodes": [{"url": "https://github.com/a/b", "commit_hash": COMMIT, "disabled": False}],
        "models": [
            {"filename": "models/loras/x.safetensors", "size": 3, "sha256": SHA256, "disabled": False,
             "source": {"download_url": "https://example.com/x"}},
            {"filename": "models/loras/unwanted.safetensors", "sha256": SHA256, "disabled": True, "source": None},
        ],
        **changes,
    }  # fmt: skip


def write(path: Path, files: dict[str, str | bytes], links: dict[str, str] | None = None) -> str:
    path.write_bytes(zip_archive(files, links))
    return str(path)


def test_a_package_has_its_python_its_chosen_models_its_workflow_and_its_inputs(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "snapshot.json": json.dumps(package()),
        "requirements.txt": "numpy==1.26.4\n# no line\n-e /home/me/x\ncomfy-cli\n",
        "workflow.json": "{}",
        "workflow_api.json": "{}",
        "input/sub/a.png": b"png",
        "service.py": "",
    }
    path = write(tmp_path / "photo.cpack.zip", files)
    (tmp_path / "scratch").mkdir()
    found = read_foreign(path, str(tmp_path / "scratch"))
    assert (found.python, found.workflow, found.pins) == ("3.11", "photo", {"numpy": "1.26.4"})
    assert [(one.place, one.sources) for one in found.models] == [
        ("loras/x.safetensors", ("https://example.com/x",))
    ]  # fmt: skip
    assert sorted(found.files) == ["workflow_api/photo.json", "workflows/photo.json"]
    assert Path(found.inputs["sub/a.png"] or "").read_bytes() == b"png"
    assert [one.item for one in found.open] == ["-e /home/me/x", "service.py"]
    assert read_foreign(path, None).inputs == {"sub/a.png": None}


@pytest.mark.parametrize(
    ("files", "links"),
    [
        ({"../x": b""}, {}),
        ({"/etc/x": b""}, {}),
        ({"input/../../x": b""}, {}),
        ({"input\\x": b""}, {}),
        ({"input/.git/hooks/x": b""}, {}),
        ({}, {"input/x": "/etc/passwd"}),
        ({"Snapshot.json": b"", "snapshot.json": b""}, {}),
    ],
)
def test_members_that_lead_out_or_are_no_files_are_refused(
    files: dict[str, str | bytes], links: dict[str, str], tmp_path: Path
) -> None:
    path = write(tmp_path / "x.cpack.zip", {"requirements.txt": "", **files}, links)
    assert refused(path, lambda data, _: read_comfy_pack(data, str(tmp_path))).startswith(f"cannot use `{path}`")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["x.cpack.zip"]


def test_an_archive_that_is_out_of_proportion_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.cpack.zip", {"snapshot.json": json.dumps(package()), "input/x": bytes(300_000_000)})
    (tmp_path / "scratch").mkdir()
    assert "out of proportion" in refused(path, lambda data, _: read_comfy_pack(data, str(tmp_path / "scratch")))


@given(values | st.builds(package, models=values, custom_nodes=values, python=scalars, comfyui=scalars))
@told
def test_any_value_is_a_package_or_refused(data: object) -> None:
    with contextlib.suppress(TemplateDamaged):
        assert is_safe(parse_pack_snapshot(data, "s.json"))


@given(st.binary(max_size=100), st.integers(0, 400))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_archive_is_read_or_refused(tmp_path: Path, noise: bytes, at: int) -> None:
    whole = zip_archive({"snapshot.json": json.dumps(package()), "workflow.json": "{}"})
    (tmp_path / "x.zip").write_bytes(whole[:at] + noise + whole[at + len(noise) :])
    with contextlib.suppress(TemplateDamaged):
        read_foreign(str(tmp_path / "x.zip"), None)
