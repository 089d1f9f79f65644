"""Reading locks, parts of them, and what manifests say about PyTorch."""

import contextlib
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.markers import Marker

from comfydock_core.analyzers.packages.backend_parts import findings_of
from comfydock_core.managers.pyproject.conversion import neutral_manifest
from comfydock_core.managers.uv_project.indexes import index_of
from comfydock_core.managers.uv_project.installing import changed_files
from comfydock_core.models.exceptions import BackendPartRefused, LockDamaged
from comfydock_core.repositories.definition import pylock
from comfydock_core.repositories.definition.backend_choice import read_choice
from comfydock_core.repositories.definition.backend_parts import parse_part
from comfydock_core.repositories.definition.pytorch_settings import (
    accelerators_of,
    family_of,
    is_neutral,
    is_pin,
    named_backend,
    overridden_names,
    release_of,
    wishes_about,
)
from comfydock_core.repositories.definition.uv_lock import parse_lock, read_lock
from comfydock_core.utils.package_names import public_version, requirement_name
from comfydock_core.validation.requirements import (
    closed_minor,
    needs_linux,
    newest_version,
    oldest_version,
    wheel_markers,
)

# The choice of a machine


@pytest.mark.parametrize(
    ("content", "backend"),
    [
        (b"cu128\n", "cu128"),
        (b"cu128", "cu128"),
        (b"cu128\r\ntorch=2.9.1+cu128\ntorchvision=0.24.1+cu128\n", "cu128"),
        (b"  cpu  \n", "cpu"),
        (b"", None),
        (b"\ncpu\n", None),
    ],
)
def test_the_first_line_of_the_choice_counts(tmp_path: Path, content: bytes, backend: str | None) -> None:
    (tmp_path / ".pytorch-backend").write_bytes(content)
    assert read_choice(str(tmp_path)) == backend


def test_without_a_file_nothing_is_chosen(tmp_path: Path) -> None:
    assert read_choice(str(tmp_path)) is None


@given(st.binary())
def test_any_bytes_are_a_choice_or_none(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    place = tmp_path_factory.mktemp("choice")
    (place / ".pytorch-backend").write_bytes(content)
    chosen = read_choice(str(place))
    assert chosen is None or (chosen == chosen.strip() and "\n" not in chosen)


# Parts

PART = """lock-version = "1.0"
created-by = "uv"
requires-python = ">=3.11"

[[packages]]
name = "torch"
version = "2.9.1+cpu"
wheels = [{ url = "https://x/torch-2.9.1%2Bcpu.whl", hashes = { sha256 = "aa" } }]

[tool.comfydock]
backend = "cpu"
release = { torch = "2.9.1" }
"""


def part(text: str = PART) -> object:
    return parse_part(text, "cpu", "somewhere")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[packages",
        PART.replace('backend = "cpu"', 'backend = "cu128"'),
        PART.replace("[tool.comfydock]", "[tool.other]"),
        PART.replace('release = { torch = "2.9.1" }', "release = 3"),
        PART.replace('release = { torch = "2.9.1" }', "release = { torch = 2 }"),
        PART.replace('name = "torch"', "name = 3"),
        PART.replace("wheels = [", "wheels = 3 #"),
        "packages = 3\n" + PART.partition("[[packages]]")[0] + PART[PART.index("[tool") :],
    ],
)
def test_a_part_that_is_not_what_it_should_be_is_refused(text: str) -> None:
    with pytest.raises(BackendPartRefused):
        part(text)


@given(st.text())
def test_any_text_is_a_part_or_refused(text: str) -> None:
    for whole in (text, PART + text, text + PART):
        try:
            part(whole)
        except BackendPartRefused as error:
            assert error.context["reason"]


@pytest.mark.parametrize(
    ("entry", "unhashed"),
    [
        ('wheels = [{ url = "https://x/a%2Bb.whl", hashes = { sha256 = "aa" } }]', ()),
        ('wheels = [{ url = "https://x/a%2Bb.whl" }]', ("a+b.whl",)),
        ('wheels = [{ url = "https://x/a.whl", hashes = {} }]', ("a.whl",)),
        ('wheels = [{ url = "https://x/a.whl", hashes = { md5 = "aa" } }]', ("a.whl",)),
        ('sdist = { name = "a.tar.gz" }', ("a.tar.gz",)),
        ('archive = { url = "https://x/a.zip", hashes = { sha512 = "aa" } }', ()),
        ('directory = { path = "../x" }', ("directory",)),
        ('vcs = { type = "git", url = "https://x" }', ("vcs",)),
        ("", ("no file",)),
    ],
)
def test_what_could_not_be_checked_is_named(entry: str, unhashed: tuple[str, ...]) -> None:
    line = next(line for line in PART.splitlines() if line.startswith("wheels"))
    found = parse_part(PART.replace(line, entry), "cpu", "somewhere")
    assert found.packages[0].unhashed == unhashed


@pytest.mark.parametrize(
    ("base", "kinds"),
    [
        ({"torch": {"2.9.1"}}, []),
        ({"torch": {"2.10.0"}}, ["stale"]),
        ({"torch": {"2.9.1"}, "torchaudio": {"2.9.1"}}, ["stale"]),
        ({"torch": {"2.9.1"}, "numpy": {"1"}}, []),
        ({"torch": {"2.9.1"}, "triton": {"3"}}, ["duplicate"]),
        ({"torch": {"2.10.0"}, "triton": {"3"}}, ["stale", "duplicate"]),
    ],
)
def test_a_part_is_held_against_the_shared_lock(base: dict[str, set[str]], kinds: list[str]) -> None:
    block = PART[PART.index("[[packages]]") : PART.index("[tool")]
    found = parse_part(PART.replace("[tool", block.replace('"torch"', '"triton"') + "[tool"), "cpu", "somewhere")
    assert [finding.kind for finding in findings_of(found, base, ["torch", "torchaudio"])] == kinds


# Putting locks together

NAMES = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), unique=True, max_size=5)


def written(names: list[str], tail: str = "") -> str:
    blocks = [f'[[packages]]\nname = "{name}"\nversion = "1"\nwheels = [\n    {{ url = "x" }},\n]\n' for name in names]
    return "\n".join(['lock-version = "1.0"\nrequires-python = "==3.11.*"\n', *blocks]) + tail


@given(NAMES, NAMES, st.sampled_from(["", "\n[tool.comfydock]\nbackend = 'x'\n"]))
def test_both_locks_together_hold_the_packages_of_both_and_nothing_else(
    base: list[str], more: list[str], tail: str
) -> None:
    merged = tomllib.loads(pylock.concatenate(written(base), written(more, tail)))
    assert [package["name"] for package in merged.get("packages", [])] == base + more
    assert merged.keys() - {"packages"} == {"lock-version", "requires-python"}


INDEXED = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.booleans(), st.booleans()), max_size=5)


@given(INDEXED, st.text(max_size=8))
@example([("a", False, True)], "\x7f")
def test_packages_get_the_index_that_they_lack_and_stay_what_they_are(
    packages: list[tuple[str, bool, bool]], index: str
) -> None:
    text = 'lock-version = "1.0"\n'
    for name, has_index, has_version in packages:
        text += f'\n[[packages]]\nname = "{name}"\n'
        text += 'version = "1"\n' if has_version else ""
        text += 'index = "own"\n' if has_index else ""
        text += "wheels = [{ url = 'x' }]\n[packages.tool]\nversion = 'x'\n"
    before = tomllib.loads(text).get("packages", [])
    after = tomllib.loads(pylock.from_index(text, index, others=["c"])).get("packages", [])
    expected = [
        {**one, "index": index} if "version" in one and one["name"] != "c" and "index" not in one else one
        for one in before
    ]
    assert after == expected


def test_tables_of_a_package_stay_with_it() -> None:
    text = written(["a"]) + "\n[packages.tool]\nx = 1\n\n[[packages.other]]\ny = 2\n\n[tool.z]\nq = 1\n"
    head, packages, tail = pylock.split(text)
    assert (head.strip().startswith("lock-version"), len(packages), tail) == (True, 1, "[tool.z]\nq = 1\n")
    assert tomllib.loads(pylock.concatenate(written([]), text))["packages"][0]["other"] == [{"y": 2}]


def test_a_lock_whose_packages_cannot_be_told_apart_is_not_put_together() -> None:
    with pytest.raises(ValueError, match="distinguished"):
        pylock.concatenate(written(["a"]), 'packages = [{ name = "b" }]\n')


@pytest.mark.parametrize(
    ("line", "anchored"),
    [
        ('directory = { path = "../local", editable = true }', 'directory = { path = "/p/../local", editable = true }'),
        ('archive = { path = "x.whl" }', 'archive = { path = "/p/x.whl" }'),
        ('archive = { path = "/abs/x.whl" }', 'archive = { path = "/abs/x.whl" }'),
        ('archive = { path = "C:/x.whl" }', 'archive = { path = "C:/x.whl" }'),
        ('url = "https://x/path"', 'url = "https://x/path"'),
    ],
)
def test_paths_are_told_from_the_directory_of_the_project(line: str, anchored: str) -> None:
    assert pylock.anchored(line, "/p") == anchored


def test_a_file_whose_hash_changed_is_noticed() -> None:
    def with_hash(digest: str) -> str:
        wheel = f'wheels = [{{ url = "https://x/a.whl", hashes = {{ sha256 = "{digest}" }} }}]\n'
        return f'[[packages]]\nname = "a"\nversion = "1"\n{wheel}'

    assert changed_files(with_hash("aa"), with_hash("bb")) == ["a"]
    assert changed_files(with_hash("aa"), with_hash("aa")) == []
    assert changed_files("no toml [", with_hash("bb")) == []


# `uv.lock`


def test_versions_of_a_lock_leave_the_project_out() -> None:
    text = '[[package]]\nname = "env"\nversion = "1"\nsource = { virtual = "." }\n' + "".join(
        f'[[package]]\nname = "a"\nversion = "{version}"\n' for version in (1, 2)
    )
    assert parse_lock(text, "x").versions() == {"a": {"1", "2"}}


@pytest.mark.parametrize("text", ["[", "package = 1", "[[package]]\nversion = '1'"])
def test_a_damaged_lock_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "uv.lock").write_text(text)
    with pytest.raises(LockDamaged):
        read_lock(str(tmp_path / "uv.lock"))


def test_a_missing_lock_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LockDamaged, match="no such file"):
        read_lock(str(tmp_path / "uv.lock"))
    (tmp_path / "uv.lock").write_bytes(b"\xff")
    with pytest.raises(LockDamaged):
        read_lock(str(tmp_path / "uv.lock"))


@given(st.text())
def test_any_text_is_a_uv_lock_or_refused(text: str) -> None:
    with contextlib.suppress(LockDamaged):
        parse_lock(text, "x").versions()


# Manifests


def settings(**uv: object) -> dict[str, object]:
    return {"tool": {"uv": {key.replace("_", "-"): value for key, value in uv.items()}}}


def test_the_family_and_its_release_are_read() -> None:
    manifest = settings(constraint_dependencies=["torch==2.9.1", "numpy==1", "Torchvision == 0.24.1", "torchaudio<3"])
    assert family_of(manifest) == ("torch", "torchvision", "torchaudio")
    assert release_of(manifest, family_of(manifest)) == {"torch": "2.9.1", "torchvision": "0.24.1"}
    named = {"tool": {"comfydock": {"pytorch": {"family": ["xFormers", 3]}}}}
    assert (is_neutral(named), family_of(named)) == (True, ("torch", "xformers"))


@pytest.mark.parametrize(
    ("text", "pin"),
    [("torch==2.9.1", True), ("torch == 2.9.1 ", True), ("torch==2.9.*", False), ("torch>=2", False),
     ("torch==2.9.1; sys_platform == 'linux'", False), ("torch==2.9.1,!=2.9.2", False)],
)  # fmt: skip
def test_a_pin_names_one_version_for_all_machines(text: str, pin: bool) -> None:
    assert is_pin(text) is pin


def test_wishes_are_all_that_is_asked_of_the_family_but_its_pins() -> None:
    manifest = {
        "project": {"dependencies": ["torch>=2.4", "numpy"]},
        "dependency-groups": {"a": ["torchaudio", {"include-group": "b"}], "b": ["torch>=2.4", "torch[opt]>=2.5"]},
        **settings(constraint_dependencies=["torch==2.9.1", "torch<2.10"]),
    }
    assert wishes_about(manifest, ["torch", "torchaudio"]) == [
        "torch>=2.4", "torchaudio", "torch[opt]>=2.5", "torch<2.10",
    ]  # fmt: skip


def test_exclusions_of_single_packages_and_overrules_are_read() -> None:
    scoped = {"package": {"name": "Torch"}, "dependencies": ["nvidia-x", "triton"]}
    manifest = settings(
        exclude_dependencies=[scoped, "flash-attn", 3],
        override_dependencies=["numpy==2"],
        dependency_metadata=[{"name": "Chumpy"}],
    )
    assert accelerators_of(manifest) == {"torch": ["nvidia-x", "triton"]}
    assert overridden_names(manifest) == {"numpy", "flash-attn", "chumpy"}


JSON = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=5), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(
        st.sampled_from(["tool", "uv", "comfydock", "pytorch", "family", "project", "dependencies", "index", "name",
                         "constraint-dependencies", "exclude-dependencies", "package", "dependency-groups"]), inner)),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["tool", "project", "dependency-groups"]), JSON))
def test_whatever_a_manifest_holds_it_is_read(manifest: dict[str, object]) -> None:
    family = family_of(manifest)
    release_of(manifest, family)
    accelerators_of(manifest)
    wishes_about(manifest, family)
    overridden_names(manifest)
    named_backend(manifest)


@pytest.mark.parametrize(
    ("manifest", "backend"),
    [
        (settings(constraint_dependencies=["torch==2.9.1+cu128"]), "cu128"),
        (settings(constraint_dependencies=["torch==2.9.1+rocm6.4"]), "rocm6.4"),
        (settings(constraint_dependencies=["numpy==1+cu128"]), None),
        (settings(index=[{"name": "mine"}, {"name": "pytorch-xpu"}]), "xpu"),
        ({"tool": {"comfydock": {"torch_backend": "cpu"}}}, "cpu"),
        ({"tool": {"comfydock": {"torch_backend": "auto"}}}, None),
        ({}, None),
    ],
)
def test_the_back_end_of_a_manifest_of_1x_is_found(manifest: dict[str, object], backend: str | None) -> None:
    assert named_backend(manifest) == backend


def test_a_range_of_python_that_says_something_of_its_own_stays() -> None:
    for python, wanted in (("3.11", ">=3.11,<3.12"), ("3.12", ">=3.11"), (None, ">=3.11")):
        neutral, _ = neutral_manifest({"project": {"requires-python": ">=3.11"}, "tool": {}}, python)
        assert neutral["project"] == {"requires-python": wanted}


# Requirements


@pytest.mark.parametrize(
    ("marker", "linux"),
    [
        ("sys_platform == 'linux'", True),
        ("platform_system == 'Linux' and platform_machine == 'x86_64'", True),
        ("sys_platform == 'linux' or sys_platform == 'win32'", False),
        ("platform_machine == 'x86_64'", False),
        ("python_version >= '3.12'", False),
        ("python_full_version < '3.12' and sys_platform == 'linux'", True),
        ("sys_platform != 'darwin'", False),
        ("no marker at all", False),
        ("", False),
    ],
)
def test_what_only_linux_needs_is_told_from_its_marker(marker: str, linux: bool) -> None:
    assert needs_linux(marker) is linux


@pytest.mark.parametrize(
    ("given_range", "below"),
    [(">=3.11,<3.12", "3.12"), (">=3.11, <3.13", "3.13"), ("==3.11.*", "3.12"), ("==3.12", "3.13"), (">=3.11", None),
     ("", None), (">=3.11,<4", None)],
)  # fmt: skip
def test_the_upper_end_of_a_range_of_python_is_read(given_range: str, below: str | None) -> None:
    assert closed_minor(given_range) == below


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Torch_Vision>=1", "torch-vision"),
        ("a[extra]==1", "a"),
        (" b ; x", "b"),
        ("-e ./x", None),
        ("./x", None),
        ("", None),
    ],
)
def test_the_name_of_a_requirement_is_read(text: str, name: str | None) -> None:
    assert requirement_name(text) == name


def test_versions_are_put_in_order_and_local_parts_taken_off() -> None:
    assert newest_version(["1.9", "1.10", "1.10rc1", "junk"]) == "1.10"
    assert oldest_version(["1.9", "1.10"]) == "1.9"
    assert [public_version(text) for text in ("2.9.1+cu128", "2.9.1")] == ["2.9.1", "2.9.1"]


@given(st.lists(st.text(), min_size=1))
def test_any_texts_have_a_newest(texts: list[str]) -> None:
    assert newest_version(texts) in texts


@given(st.text())
def test_any_text_is_a_marker_or_none(text: str) -> None:
    assert needs_linux(text) in (True, False)


@pytest.mark.parametrize(("backend", "url"), [("pypi", None), ("none", None), ("cu128", "https://m/x/cu128")])
def test_each_back_end_has_its_index(monkeypatch: pytest.MonkeyPatch, backend: str, url: str | None) -> None:
    monkeypatch.setenv("COMFYDOCK_PYTORCH_INDEX_URL", "https://m/x/")
    index = index_of(backend)
    assert (index.url if index else None) == url


@pytest.mark.parametrize(
    ("file", "marker"),
    [
        ("torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl", "linux x86_64"),
        ("torch-2.9.1-cp311-cp311-manylinux2014_aarch64.whl", "linux aarch64"),
        ("torch-2.6.0+cu118-cp311-cp311-linux_x86_64.whl", "linux x86_64"),
        ("torch-2.9.1-cp311-none-macosx_11_0_arm64.whl", "darwin arm64"),
        ("torch-2.9.1+cu128-cp311-cp311-win_amd64.whl", "win32 AMD64"),
        ("torch-2.9.1-py3-none-any.whl", None),
        ("torch-2.9.1.tar.gz", None),
        ("", None),
    ],
)
def test_the_name_of_a_wheel_tells_which_machines_it_is_for(file: str, marker: str | None) -> None:
    system, _, machine = (marker or "").partition(" ")
    expected = {f"sys_platform == '{system}' and platform_machine == '{machine}'"} if marker else set()
    assert wheel_markers(file) == expected


@given(st.text())
def test_any_name_of_a_wheel_has_markers_or_none(file: str) -> None:
    assert all(Marker(marker) for marker in wheel_markers(file))
