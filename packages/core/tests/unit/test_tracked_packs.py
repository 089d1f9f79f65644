"""The node packs of a manifest: read, written, replaced, taken out."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.managers.pyproject_manager import PyprojectManager
from comfydock_core.models.exceptions import ManifestDamaged, PackNotFound
from comfydock_core.models.shared import NodeInfo, NodePackage
from comfydock_core.repositories.definition.tracked_packs import find_pack, group_name, matching_pack, tracked_packs

PLAIN = '[project]\nname = "x"\n\n# kept\n[tool.comfydock]\nschema_version = 2\n'
FANCY = NodePackage(
    NodeInfo(
        identifier="comfyui-fancy",
        name="ComfyUI-Fancy",
        source="registry",
        version="1.0.0",
        repository="https://github.com/alice/ComfyUI-Fancy",
        registry_id="comfyui-fancy",
        download_url="https://cdn.example/100.zip",
        sha256="ab" * 32,
    ),
    ("six>=1.0", 'other ; sys_platform == "linux"'),
)
MINE = NodePackage(NodeInfo("MyDev", "MyDev", "development", "dev"))


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "pyproject.toml"
    path.write_text(PLAIN)
    return path


def read(path: Path) -> dict[str, NodePackage]:
    return tracked_packs(tomllib.loads(path.read_text()), str(path))


def manager(path: Path) -> PyprojectManager:
    return PyprojectManager(str(path))


def test_what_was_written_is_read_again(manifest: Path) -> None:
    manager(manifest).put_packs([FANCY, MINE])
    assert read(manifest) == {"comfyui-fancy": FANCY, "MyDev": MINE}


def test_an_entry_has_the_keys_of_older_versions_and_none_without_a_value(manifest: Path) -> None:
    manager(manifest).put_packs([MINE])
    nodes = tomllib.loads(manifest.read_text())["tool"]["comfydock"]["nodes"]
    assert nodes == {"MyDev": {"name": "MyDev", "version": "dev", "source": "development"}}


@pytest.mark.parametrize(
    ("release", "group"),
    [(FANCY.release, "comfyui-fancy-898c65ad"), (MINE.release, "mydev-ba5f1d0b")],
)
def test_the_group_of_a_pack_is_named_as_in_older_versions(release: NodeInfo, group: str) -> None:
    assert group_name(release) == group


def test_a_pack_that_is_taken_out_leaves_nothing_behind(manifest: Path) -> None:
    manager(manifest).put_packs([FANCY, MINE])
    manager(manifest).remove_packs(["comfyui-fancy", "MyDev"])
    assert tomllib.loads(manifest.read_text()) == tomllib.loads(PLAIN)
    assert "# kept" in manifest.read_text()


def test_another_version_replaces_entry_and_group_and_keeps_keys_of_others(manifest: Path) -> None:
    manager(manifest).put_packs([FANCY])
    manifest.write_text(
        manifest.read_text().replace('source = "registry"', 'source = "registry"\ncriticality = "optional"')
    )
    from_git = NodeInfo("comfyui-fancy", "ComfyUI-Fancy", "git", "0" * 40, "https://elsewhere/fancy", "comfyui-fancy")
    manager(manifest).put_packs([NodePackage(from_git, ("seven",))])
    content = tomllib.loads(manifest.read_text())
    assert content["dependency-groups"] == {group_name(from_git): ["seven"]}
    entry = content["tool"]["comfydock"]["nodes"]["comfyui-fancy"]
    assert entry["criticality"] == "optional"
    assert "download_url" not in entry and "sha256" not in entry


def test_a_pack_that_is_turned_off_says_so_and_keeps_its_requirements(manifest: Path) -> None:
    manager(manifest).put_packs([replace(FANCY, enabled=False)])
    assert read(manifest)["comfyui-fancy"] == replace(FANCY, enabled=False)
    assert read(manifest)["comfyui-fancy"].directory == "ComfyUI-Fancy.disabled"
    manager(manifest).put_packs([FANCY])
    assert "enabled" not in manifest.read_text()


def excluded(manifest: Path) -> object:
    return tomllib.loads(manifest.read_text())["tool"].get("uv", {}).get("exclude-dependencies")


def test_what_a_package_stands_in_for_is_kept_out_while_a_pack_asks_for_it(manifest: Path) -> None:
    own = 'exclude-dependencies = ["mine", {package = {name = "torch"}, dependencies = ["x"]}]'
    manifest.write_text(f"{PLAIN}[tool.uv]\n{own}\n")
    before = excluded(manifest)
    vision = NodePackage(NodeInfo("vision", "vision", "git", "0" * 40), ("opencv-contrib-python-headless>=4",))
    manager(manifest).put_packs([vision])
    names = ["opencv-python", "opencv-python-headless", "opencv-contrib-python"]
    assert excluded(manifest) == [*before, *names]  # type: ignore[misc]
    manager(manifest).put_packs([MINE])
    assert len(excluded(manifest)) == 5  # type: ignore[arg-type]
    manager(manifest).remove_packs(["vision"])
    assert excluded(manifest) == before


def test_what_somebody_asks_for_by_name_is_not_kept_out(manifest: Path) -> None:
    manifest.write_text(PLAIN.replace('name = "x"', 'name = "x"\ndependencies = ["opencv-python"]'))
    vision = NodePackage(NodeInfo("vision", "vision", "git", "0" * 40), ("opencv-contrib-python-headless>=4",))
    manager(manifest).put_packs([vision])
    assert excluded(manifest) == ["opencv-python-headless", "opencv-contrib-python"]


def test_sources_of_an_older_manifest_go_with_the_last_pack_that_named_them(manifest: Path) -> None:
    manifest.write_text(
        PLAIN
        + '[tool.comfydock.nodes.a]\nname = "a"\ndependency_sources = ["one", "both"]\n'
        + '[tool.comfydock.nodes.b]\nname = "b"\ndependency_sources = ["both"]\n'
        + '[tool.uv.sources]\none = {url = "https://one"}\nboth = {url = "https://both"}\nother = {url = "https://o"}\n'
    )
    manager(manifest).remove_packs(["a"])
    assert tomllib.loads(manifest.read_text())["tool"]["uv"]["sources"].keys() == {"both", "other"}


def test_development_packs_of_very_old_manifests_are_found_and_can_be_taken_out(manifest: Path) -> None:
    manifest.write_text(PLAIN + '[tool.comfydock.nodes.development.Mine]\nname = "Mine"\n')
    assert read(manifest)["Mine"].is_development
    manager(manifest).remove_packs(["Mine"])
    assert read(manifest) == {}


@pytest.mark.parametrize("word", ["comfyui-fancy", "COMFYUI-FANCY", "ComfyUI-Fancy"])
def test_a_pack_is_found_by_any_of_its_names(word: str) -> None:
    assert find_pack({"comfyui-fancy": FANCY, "MyDev": MINE}, word) is FANCY


def test_the_exact_identifier_wins_over_the_name_of_another_pack() -> None:
    other = NodePackage(replace(MINE.release, identifier="ComfyUI-Fancy"))
    assert matching_pack({"comfyui-fancy": FANCY, "ComfyUI-Fancy": other}, "ComfyUI-Fancy") is other


def test_an_unknown_pack_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(PackNotFound) as caught:
        find_pack({"comfyui-fancy": FANCY}, "comfyui-fency")
    assert "`comfyui-fancy`" in str(caught.value.hint)


def test_an_entry_without_an_identifier_is_refused_although_it_has_a_name(manifest: Path) -> None:
    manifest.write_text(PLAIN + '[tool.comfydock.nodes.""]\nname = "fancy"\n')
    with pytest.raises(ManifestDamaged, match="without an identifier"):
        read(manifest)


@pytest.mark.parametrize("name", ["", "..", ".", "a/b", "a\\\\b", "a\\u0000b", "n" * 256])
def test_a_name_that_leads_elsewhere_is_refused(manifest: Path, name: str) -> None:
    manifest.write_text(PLAIN + f'[tool.comfydock.nodes.a]\nname = "{name}"\n')
    with pytest.raises(ManifestDamaged, match="which no directory has"):
        read(manifest)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
NAMES = TEXTS.filter(lambda name: name not in (".", "..") and not set(name) & set("/\\\0"))
RELEASES = st.builds(
    NodeInfo,
    identifier=NAMES.filter(lambda name: name != "development"),
    name=NAMES,
    source=st.sampled_from(["registry", "git", "development"]),
    version=TEXTS,
    repository=st.none() | TEXTS,
    registry_id=st.none() | TEXTS,
    download_url=st.none() | TEXTS,
    branch=st.none() | TEXTS,
    sha256=st.none() | TEXTS,
)
PACKS = st.lists(st.builds(NodePackage, RELEASES, st.lists(TEXTS).map(tuple), st.booleans()),
                 unique_by=(lambda one: one.identifier, lambda one: group_name(one.release)))  # fmt: skip


@given(PACKS)
def test_any_packs_are_written_read_and_taken_out(
    tmp_path_factory: pytest.TempPathFactory, packs: list[NodePackage]
) -> None:
    path = tmp_path_factory.mktemp("any") / "pyproject.toml"
    path.write_text(PLAIN)
    manager(path).put_packs(packs)
    assert list(read(path).values()) == packs
    manager(path).remove_packs([pack.identifier for pack in packs])
    assert tomllib.loads(path.read_text()) == tomllib.loads(PLAIN)
