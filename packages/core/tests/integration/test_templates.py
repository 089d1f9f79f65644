"""Environments made from templates: manifests and bundles of every age, and bundles that mean harm."""

import gzip
import io
import os
import shutil
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.core.environment import Environment
from comfydock_core.core.workspace import Workspace
from comfydock_core.factories.workspace_factory import open_workspace
from comfydock_core.integrations.uv_command import find_uv
from comfydock_core.models.environments.creation import CreateRequest
from comfydock_core.models.exceptions import (
    ComfyDockError,
    InvalidSetting,
    ManifestDamaged,
    PacksUnobtainable,
    PackVersionNotFound,
    RepositoryNotFound,
    TemplateDamaged,
    TemplateNotFound,
)
from comfydock_core.models.operation import Initiator
from comfydock_core.repositories.bundles import reading as bundle_reading
from comfydock_core.repositories.definition.template_reader import read_template
from comfydock_core.repositories.definition.uv_lock import read_lock
from comfydock_core.utils.reporting import SilentReporter
from tests.support import sessions
from tests.support.miniature import BRANCH, NEWEST, Miniature, build_indexes, build_repository, commit, git
from tests.support.older_workspace import add_environment, build_workspace
from tests.support.reporters import RecordingReporter
from tests.support.wheels import add_to_index, write_index

INITIATOR = Initiator(("create", "new"))
MINIMAL = b'[project]\nname = "x"\nversion = "0"\n\n[tool.comfydock]\ncomfyui_version = "v0.10.0"\n'
PACKAGES = "lib/python3.11/site-packages"


@dataclass(frozen=True, slots=True)
class Made:
    """Definitions that were locked before the indexes got newer versions."""

    ours: Path
    older: Path
    variables: Mapping[str, str]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, miniature: Miniature) -> Made:
    place = tmp_path_factory.mktemp("definitions")
    index, pytorch = build_indexes(place)
    mine = replace(miniature, index=index, pytorch=pytorch)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("COMFYDOCK_", "UV_", "GIT_"))]:
            patch.delenv(name)
        for name, value in mine.variables().items():
            patch.setenv(name, value)
        workspace = open_workspace(Workspace.initialise(Workspace.plan_initialisation(str(place / "workspace"))).layout)
        plan = workspace.environments.plan_creation(CreateRequest("first", torch_backend="cu128"), SilentReporter())
        workspace.environments.create(plan, INITIATOR, SilentReporter())
        older = add_environment(build_workspace(place / "older"), mine, "old", version=NEWEST, uv=find_uv())
    for name, version in (("mini-imaging", "1.2"), ("mini-math", "2.1"), ("mini-base", "1.6")):
        add_to_index(index, name, version)
    for backend in ("", "cpu", "cu128"):
        local = f"+{backend}" if backend else ""
        for name, version in (("torch", "2.10.0"), ("torchvision", "0.25.0"), ("torchaudio", "2.10.0")):
            requires = [] if name == "torch" else [f"torch==2.10.0{local}"]
            add_to_index(pytorch / backend if backend else index, name, f"{version}{local}", requires=requires)
        write_index(pytorch / backend if backend else index)
    return Made(Path(workspace.layout.environments, "first/.cec"), older / ".cec", mine.variables())


@pytest.fixture
def definitions(made: Made, local: Miniature, monkeypatch: pytest.MonkeyPatch) -> Made:
    for name, value in made.variables.items():
        monkeypatch.setenv(name, value)
    return made


def bundle(path: Path, members: Mapping[str, bytes]) -> Path:
    """A gzip-compressed tar, its members at the root and without directories, as exports are."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def files_of(definition: Path, *names: str) -> dict[str, bytes]:
    return {name: (definition / name).read_bytes() for name in names}


OF_OLDER = ("pyproject.toml", "uv.lock", ".python-version", "workflows/my wf.json")
OF_OURS = ("pyproject.toml", "uv.lock", ".python-version", "backends/cu128/pylock.toml")


def create(
    workspace: Workspace, template: Path, reporter: RecordingReporter | None = None, **options: object
) -> Environment:
    wanted: dict[str, object] = {"torch_backend": "cpu", "template": str(template), **options}
    request = CreateRequest("new", **wanted)  # type: ignore[arg-type]
    plan = workspace.environments.plan_creation(request, SilentReporter())
    workspace.environments.create(plan, INITIATOR, reporter or RecordingReporter())
    return workspace.open_environment("new")


def refused(workspace: Workspace, template: Path, **options: object) -> ComfyDockError:
    """The error, after seeing that nothing was made."""
    with pytest.raises(ComfyDockError) as caught:
        create(workspace, template, **options)
    assert sessions.names_in(Path(workspace.layout.environments)) == []
    assert caught.value.hint
    return caught.value


def installed(new: Environment) -> dict[str, str]:
    names = [path.name.removesuffix(".dist-info") for path in Path(new.layout.venv, PACKAGES).glob("*.dist-info")]
    return {name.split("-")[0]: name.split("-")[1] for name in names}


def versions(definition: Path) -> dict[str, str]:
    """The versions in a lock without their local parts and without the project itself."""
    found = read_lock(str(definition / "uv.lock")).versions()
    return {name: min(each).partition("+")[0] for name, each in found.items() if not name.startswith("comfydock-env")}


# Templates of every age


def test_our_own_definition_is_made_again_to_the_version(
    workspace: Workspace, definitions: Made, tmp_path: Path
) -> None:
    template = bundle(tmp_path / "größe ☃.tar.gz", files_of(definitions.ours, *OF_OURS))
    new = create(workspace, template, torch_backend="cu128")
    for name in OF_OURS:
        assert Path(new.layout.definition, name).read_bytes() == (definitions.ours / name).read_bytes(), name
    assert installed(new)["torch"] == "2.9.1+cu128"
    assert installed(new)["mini_imaging"] == "1.1"
    assert new.status().in_sync
    assert git(Path(new.layout.definition), "rev-list", "--count", "HEAD") == "1\n"


def test_another_back_end_is_locked_beside_those_of_the_template(
    workspace: Workspace, definitions: Made, tmp_path: Path
) -> None:
    new = create(workspace, bundle(tmp_path / "b.tar.gz", files_of(definitions.ours, *OF_OURS)))
    assert sorted(os.listdir(f"{new.layout.definition}/backends")) == ["cpu", "cu128"]
    assert installed(new)["torch"] == "2.9.1+cpu"
    assert Path(new.layout.lock).read_bytes() == (definitions.ours / "uv.lock").read_bytes()


def test_a_manifest_alone_gives_the_newest_versions_but_the_release_that_it_pins(
    workspace: Workspace, definitions: Made
) -> None:
    found = installed(create(workspace, definitions.ours / "pyproject.toml"))
    assert (found["torch"], found["mini_imaging"], found["mini_math"]) == ("2.9.1+cpu", "1.2", "2.1")


def test_what_a_manifest_says_of_comfyui_is_kept(workspace: Workspace, definitions: Made, miniature: Miniature) -> None:
    new = create(workspace, definitions.ours / "pyproject.toml")
    settings = new.manifest_section("tool.comfydock")
    assert isinstance(settings, dict)
    assert (settings["comfyui_version"], settings["comfyui_version_type"]) == (NEWEST, "release")
    assert settings["comfyui_commit_sha"] == miniature.commits[NEWEST]
    assert git(Path(new.layout.comfyui), "rev-parse", "HEAD").strip() == miniature.commits[NEWEST]


@pytest.mark.parametrize(("version", "kind"), [("v0.2.0", "release"), (BRANCH, "branch"), ("commit", "commit")])
def test_a_manifest_of_1x_names_its_version_by_a_name_alone(
    workspace: Workspace, definitions: Made, miniature: Miniature, tmp_path: Path, version: str, kind: str
) -> None:
    name = miniature.commits["v0.2.0"] if version == "commit" else version
    content = (definitions.older / "pyproject.toml").read_text().replace(f'"{NEWEST}"', f'"{name}"')
    (tmp_path / "pyproject.toml").write_text(content)
    new = create(workspace, tmp_path / "pyproject.toml", keep_going=True)
    state = new.status().comfyui
    commit = miniature.commits["v0.2.0" if version == "commit" else version]
    assert (state.version, state.version_type, state.commit) == (name, kind, commit)
    assert state.matches


def test_a_bundle_of_1x_becomes_neutral_with_exactly_the_versions_of_its_lock(
    workspace: Workspace, definitions: Made, tmp_path: Path
) -> None:
    members = files_of(definitions.older, *OF_OLDER)
    members["dev_nodes/MyDev/__init__.py"] = b"mine = 1\n"
    members["dev_nodes/MyDev/sub/more.py"] = b"more = 1\n"
    new = create(workspace, bundle(tmp_path / "b.tar.gz", members), keep_going=True)
    before, after = versions(definitions.older), versions(Path(new.layout.definition))
    assert {name: after[name] for name in before} == before
    assert (installed(new)["torch"], installed(new)["mini_imaging"]) == ("2.9.1+cpu", "1.1")
    assert new.status().packages.state == "in-sync"
    assert Path(new.layout.custom_nodes, "MyDev/sub/more.py").read_text() == "more = 1\n"
    assert Path(new.layout.comfyui, "user/default/workflows/my wf.json").read_text() == "{}"
    assert new.manifest_section("tool.comfydock.workflows") == {
        "my wf": {"nodes": ["comfyui-fancy"], "path": "workflows/my wf.json",
                  "custom_node_map": {"Unknowny": False, "DualNode": "pack-b"}},
    }  # fmt: skip
    assert git(Path(new.layout.definition), "status", "--porcelain") == ""


def test_a_manifest_of_comfygit_is_understood(workspace: Workspace, definitions: Made, tmp_path: Path) -> None:
    content = (definitions.older / "pyproject.toml").read_text().replace("[tool.comfydock", "[tool.comfygit")
    (tmp_path / "pyproject.toml").write_text(content)
    new = create(workspace, tmp_path / "pyproject.toml", keep_going=True)
    tool = new.manifest()["tool"]
    assert isinstance(tool, dict)
    assert set(tool) == {"uv", "comfydock"}
    assert set(tool["comfydock"]["nodes"]) == {"comfyui-fancy", "MyDev"}


def test_packs_from_git_are_cloned_at_their_commit(workspace: Workspace, definitions: Made, tmp_path: Path) -> None:
    build_repository(tmp_path / "pack")
    wanted = git(tmp_path / "pack", "rev-parse", "v0.1.0^{commit}").strip()
    template = with_nodes(definitions, tmp_path, pack={"name": "Päck 1", "source": "git", "version": wanted,
                                                       "repository": str(tmp_path / "pack")})  # fmt: skip
    new = create(workspace, template)
    assert git(Path(new.layout.custom_nodes, "Päck 1"), "rev-parse", "HEAD").strip() == wanted


def with_nodes(definitions: Made, place: Path, **nodes: Mapping[str, str]) -> Path:
    """A manifest of ours with node packs."""
    lines = [
        f"\n[tool.comfydock.nodes.{key}]\n" + "".join(f"{name} = {value!r}\n" for name, value in node.items())
        for key, node in nodes.items()
    ]
    template = place / "with nodes.toml"
    template.write_text((definitions.ours / "pyproject.toml").read_text() + "".join(lines))
    return template


def test_members_that_no_definition_has_are_passed_over_and_told(
    workspace: Workspace, definitions: Made, tmp_path: Path
) -> None:
    members = {**files_of(definitions.ours, *OF_OURS), ".git/config": b"", "evil.sh": b"", "dev_nodes/file": b"x"}
    reporter = RecordingReporter()
    new = create(workspace, bundle(tmp_path / "b.tar.gz", members), reporter)
    for name in (".git/config", "evil.sh", "dev_nodes/file"):
        assert [warning for warning in reporter.warnings if f"`{name}`" in warning], name
    assert not Path(new.layout.definition, "evil.sh").exists()
    assert not Path(new.layout.custom_nodes, "file").exists()


# What cannot be had, and what contradicts


def test_packs_that_cannot_be_had_are_named_and_left_out_only_if_wanted(
    workspace: Workspace, definitions: Made, tmp_path: Path
) -> None:
    template = bundle(tmp_path / "b.tar.gz", files_of(definitions.older, *OF_OLDER))
    error = refused(workspace, template)
    assert isinstance(error, PacksUnobtainable)
    assert "MyDev" in error.message
    assert "--keep-going" in (error.hint or "")
    reporter = RecordingReporter()
    new = create(workspace, template, reporter, keep_going=True)
    assert sorted(new.status().packs.missing) == ["ComfyUI-Fancy", "MyDev"]
    assert len([warning for warning in reporter.warnings if "is missing" in warning]) == 2


@pytest.mark.parametrize("lacks", ["repository", "commit"])
def test_a_pack_whose_repository_is_gone_is_left_out_only_if_wanted(
    workspace: Workspace, definitions: Made, tmp_path: Path, lacks: str
) -> None:
    build_repository(tmp_path / "pack")
    gone = {"name": "Gone", "source": "git", "version": "f" * 40,
            "repository": str(tmp_path / ("nowhere" if lacks == "repository" else "pack"))}  # fmt: skip
    template = with_nodes(definitions, tmp_path, gone=gone)
    error = refused(workspace, template)
    assert isinstance(error, RepositoryNotFound if lacks == "repository" else PackVersionNotFound)
    assert "Gone" in error.message
    assert "--keep-going" in (error.hint or "")
    plan = workspace.environments.plan_creation(
        CreateRequest("new", torch_backend="cpu", template=str(template), keep_going=True), SilentReporter()
    )
    reporter = RecordingReporter()
    created = workspace.environments.create(plan, INITIATOR, reporter)
    assert created.missing_packs == ("Gone",)
    assert [warning for warning in reporter.warnings if "Gone" in warning]
    assert not os.path.exists(f"{workspace.open_environment('new').layout.custom_nodes}/Gone")


@pytest.mark.parametrize(("field", "value"), [("comfyui", "v0.1.0"), ("python", "3.12")])
def test_a_version_beside_a_template_is_a_contradiction(
    workspace: Workspace, definitions: Made, field: str, value: str
) -> None:
    error = refused(workspace, definitions.ours / "pyproject.toml", **{field: value})
    assert isinstance(error, InvalidSetting)
    assert f"--{field}" in error.message


def test_another_repository_of_comfyui_may_be_named(
    workspace: Workspace, definitions: Made, miniature: Miniature, tmp_path: Path
) -> None:
    manifest = tmp_path / "pyproject.toml"
    manifest.write_text((definitions.ours / "pyproject.toml").read_text().replace(str(miniature.repository), "/gone"))
    error = refused(workspace, manifest)
    assert "--comfyui-repository" in (error.hint or "")
    assert create(workspace, manifest, repository=str(miniature.repository)).status().comfyui.version == NEWEST


@pytest.mark.parametrize("python", ["four", "3.11\n3.12", "pypy3.10", "\udcff"])
def test_a_python_version_that_is_none_is_told_of_the_template(
    workspace: Workspace, definitions: Made, tmp_path: Path, python: str
) -> None:
    members = files_of(definitions.ours, *OF_OURS)
    members[".python-version"] = python.encode("utf-8", "surrogateescape")
    error = refused(workspace, bundle(tmp_path / "b.tar.gz", members))
    assert isinstance(error, TemplateDamaged)
    assert ".python-version" in error.message


def test_a_lock_that_is_damaged_is_told_and_leaves_nothing(
    workspace: Workspace, definitions: Made, tmp_path: Path
) -> None:
    members = {**files_of(definitions.ours, *OF_OURS), "uv.lock": b"version = "}
    assert "uv.lock" in refused(workspace, bundle(tmp_path / "b.tar.gz", members)).message


def test_the_plan_says_what_is_made_of_the_template(workspace: Workspace, definitions: Made, tmp_path: Path) -> None:
    template = bundle(tmp_path / "b.tar.gz", files_of(definitions.ours, *OF_OURS))
    plan = workspace.environments.plan_creation(
        CreateRequest("new", torch_backend="cpu", template=str(template)), SilentReporter()
    )
    steps = {step.action: step for step in plan.change.work}
    assert steps["write"].detail == f"the definition in {template}"
    assert "as the definition has it" in steps["lock"].detail
    assert plan.python == "3.11"


# Files that are no templates, and bundles that mean harm


def test_a_template_that_is_not_there_is_told(workspace: Workspace, tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path, tmp_path / "none" / "x"):
        error = refused(workspace, path)
        assert isinstance(error, TemplateNotFound)
        assert str(path) in error.message


NO_TEMPLATES = (b"", b"[", b"\xff\xfe", b"a = 1\n", b"[tool]\nother = 1\n", b"[" * 100_000, b"\0" * 1000,
                b"PK\x03\x04", b"\x1f\x8b", b"\x1f\x8b\x08" + b"x" * 50)  # fmt: skip


@pytest.mark.parametrize("content", NO_TEMPLATES, ids=range(len(NO_TEMPLATES)))
def test_a_file_that_is_no_template_is_refused(workspace: Workspace, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    error = refused(workspace, tmp_path / "file")
    assert isinstance(error, TemplateDamaged)
    assert str(tmp_path / "file") in error.message


@pytest.mark.parametrize("content", [b"tool = 3\n", b"[tool]\ncomfydock = 3\n", b"[tool.comfydock]\nnodes = 3\n",
                                     b"[tool.comfydock]\ncomfyui_version = 3\n"])  # fmt: skip
def test_a_manifest_with_other_types_is_refused(workspace: Workspace, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert isinstance(refused(workspace, tmp_path / "file"), ManifestDamaged)


def member(name: str, **fields: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(made, key, value)
    return made


EVIL = {
    "absolute": member("/etc/passwd"),
    "upwards": member("workflows/../../../x.json"),
    "upwards at once": member("../x"),
    "dots": member("workflows/./x.json"),
    "twice": member("workflows//x.json"),
    "backslash": member("workflows\\..\\x.json"),
    "symbolic link": member("uv.lock", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hard link": member("uv.lock", type=tarfile.LNKTYPE, linkname="pyproject.toml"),
    "device": member("uv.lock", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
    "block device": member("uv.lock", type=tarfile.BLKTYPE),
    "pipe": member("uv.lock", type=tarfile.FIFOTYPE),
}


@pytest.mark.parametrize("kind", EVIL)
def test_a_member_that_is_no_file_inside_the_bundle_is_refused(tmp_path: Path, kind: str) -> None:
    path = bundle(tmp_path / "b.tar.gz", {"pyproject.toml": MINIMAL})
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(member("pyproject.toml", size=len(MINIMAL)), io.BytesIO(MINIMAL))
        archive.addfile(EVIL[kind])
    with pytest.raises(TemplateDamaged, match="is not a file inside of it"):
        read_template(str(path))


def test_directories_in_a_bundle_are_nothing(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        archive.addfile(member("./", type=tarfile.DIRTYPE))
        archive.addfile(member("workflows/", type=tarfile.DIRTYPE))
        archive.addfile(member("./pyproject.toml", size=len(MINIMAL)), io.BytesIO(MINIMAL))
    assert read_template(str(tmp_path / "b.tar.gz")).comfyui == "v0.10.0"


def test_a_bundle_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateDamaged, match=r"no `pyproject\.toml`"):
        read_template(str(bundle(tmp_path / "b.tar.gz", {"uv.lock": b""})))


def test_a_bundle_that_is_cut_short_is_refused_at_every_byte(tmp_path: Path) -> None:
    whole = bundle(tmp_path / "b.tar.gz", {"pyproject.toml": MINIMAL, "uv.lock": os.urandom(700)}).read_bytes()
    for length in range(2, len(whole) - 8, 7):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(TemplateDamaged):
            read_template(str(tmp_path / "cut"))


def zeros(path: Path, header: tarfile.TarInfo, size: int) -> Path:
    """A bundle whose last member is `size` zeros, which compress to nearly nothing."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(_block("pyproject.toml", MINIMAL))
        header.size = size
        file.write(header.tobuf())
        chunk = bytes(1 << 20)
        for _ in range(size // len(chunk)):
            file.write(chunk)
        file.write(bytes(1024))
    return path


def _block(name: str, content: bytes) -> bytes:
    return member(name, size=len(content)).tobuf() + content + bytes(-len(content) % 512)


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
def test_a_bomb_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: bytes
) -> None:
    """Also where the size is that of a header, which the reader of archives reads by itself."""
    monkeypatch.setattr(bundle_reading, "MOST_BYTES", 1 << 20)
    path = zeros(tmp_path / "bomb.tar.gz", member("workflows/x.json", type=kind), 8 << 20)
    with pytest.raises(TemplateDamaged, match="holds more than a definition can"):
        read_template(str(path))


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE])
@pytest.mark.parametrize("names", ["same", "different"])
def test_a_bomb_of_many_members_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: bytes, names: str
) -> None:
    monkeypatch.setattr(bundle_reading, "_MOST_MEMBERS", 100)
    path = tmp_path / "bomb.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(member("pyproject.toml", size=len(MINIMAL)), io.BytesIO(MINIMAL))
        for number in range(200):
            archive.addfile(member("workflows/x" if names == "same" else f"workflows/x{number}", type=kind))
    with pytest.raises(TemplateDamaged, match=r"holds more than a definition can|comes twice"):
        read_template(str(path))


def test_a_size_below_zero_is_refused(tmp_path: Path) -> None:
    evil = bytearray(member("workflows/x.json").tobuf())
    evil[124:136] = b"\xff" * 10 + b"\xfe\x00"  # -512
    evil[148:156] = b" " * 8
    evil[148:156] = f"{sum(evil):06o}\0 ".encode()
    with gzip.open(tmp_path / "b.tar.gz", "wb") as file:
        file.write(_block("pyproject.toml", MINIMAL) + bytes(evil) + bytes(1024))
    with pytest.raises(TemplateDamaged):
        read_template(str(tmp_path / "b.tar.gz"))


NAMES = ("../outside", "a/b", "..", ".", "/tmp/outside", "a\\b")


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_cannot_put_a_carried_pack_outside_of_its_directory(
    workspace: Workspace, definitions: Made, tmp_path: Path, name: str
) -> None:
    manifest = with_nodes(definitions, tmp_path, evil={"name": name, "version": "dev", "source": "development"})
    members = {**files_of(definitions.ours, *OF_OURS), "pyproject.toml": manifest.read_bytes(),
               "dev_nodes/evil/x.py": b"evil"}  # fmt: skip
    assert isinstance(refused(workspace, bundle(tmp_path / "b.tar.gz", members)), ManifestDamaged)


@pytest.mark.parametrize("name", NAMES)
def test_a_manifest_cannot_have_a_pack_cloned_outside_of_its_directory(
    workspace: Workspace, definitions: Made, tmp_path: Path, name: str
) -> None:
    build_repository(tmp_path / "pack")
    evil = {"name": name, "source": "git", "version": "v0.1.0", "repository": str(tmp_path / "pack")}
    assert isinstance(refused(workspace, with_nodes(definitions, tmp_path, evil=evil)), ManifestDamaged)


@pytest.mark.parametrize("link", ["custom_nodes", "user"])
def test_a_repository_cannot_lead_what_a_bundle_carries_out_of_the_environment(
    workspace: Workspace, definitions: Made, tmp_path: Path, link: str
) -> None:
    (tmp_path / "home").mkdir()
    build_repository(tmp_path / "evil")
    shutil.rmtree(tmp_path / "evil" / link, ignore_errors=True)
    (tmp_path / "evil" / link).symlink_to(tmp_path / "home")
    made = commit(tmp_path / "evil", "Evil")
    manifest = MINIMAL + f'comfyui_commit_sha = "{made}"\ncomfyui_repository = "{tmp_path}/evil"\n'.encode()
    members = {"pyproject.toml": manifest, "dev_nodes/evil/x.py": b"evil", "workflows/w.json": b"{}"}
    error = refused(workspace, bundle(tmp_path / "b.tar.gz", members))
    assert isinstance(error, TemplateDamaged)
    assert list((tmp_path / "home").iterdir()) == []


def test_a_release_that_is_named_beside_its_commit_stays_a_release(
    workspace: Workspace, definitions: Made, miniature: Miniature, tmp_path: Path
) -> None:
    sha = f'comfyui_commit_sha = "{miniature.commits[NEWEST]}"\n'
    content = (definitions.older / "pyproject.toml").read_text().replace("manifest_state", f"{sha}manifest_state")
    (tmp_path / "pyproject.toml").write_text(content)
    state = create(workspace, tmp_path / "pyproject.toml", keep_going=True).status().comfyui
    assert (state.version, state.version_type) == (NEWEST, "release")


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_a_template_or_refused(reading: Callable[[bytes], object], content: bytes, packed: bool) -> None:
    reading(gzip.compress(content) if packed else content)


BLOCKS = st.lists(
    st.tuples(
        st.sampled_from(["pyproject.toml", "uv.lock", "workflows/a.json", "../x", "dev_nodes/a/b", ""]),
        st.sampled_from([b"0", b"x", b"g", b"L", b"K", b"S", b"5", b"2", b"7", b"\0", b"A"]),
        st.binary(max_size=80) | st.just(MINIMAL) | st.sampled_from(
            [b"20 path=workflows/b\n", b"30 GNU.sparse.map=1,2,3,4,5,6\n", b"12 size=-1\n", b"0 a=b\n", b"99999 a=b\n",
             b"25 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n", b"13 size=9999\n", b"16 mtime=nonsense\n"]
        ),
    ),
    max_size=6,
)  # fmt: skip


@given(BLOCKS, st.integers(0, 3000), st.integers(0, 255))
def test_any_archive_of_strange_members_is_a_template_or_refused(
    reading: Callable[[bytes], object], blocks: list[tuple[str, bytes, bytes]], at: int, byte: int
) -> None:
    parts = [member(name, type=kind, size=len(content)).tobuf() + content + bytes(-len(content) % 512)
             for name, kind, content in blocks]  # fmt: skip
    archive = bytearray(b"".join(parts) + bytes(1024))
    archive[at % len(archive)] = byte
    reading(gzip.compress(bytes(archive)))


def test_headers_nested_without_end_are_refused(reading: Callable[[bytes], object]) -> None:
    nested = member("x", type=tarfile.GNUTYPE_LONGNAME, size=2).tobuf() + b"a\0" + bytes(510)
    assert reading(gzip.compress(nested * 5000 + bytes(1024))) is None


@pytest.fixture(scope="session")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], object]:
    """Reads a template with some content; `None` when it is refused in our own words."""
    path = tmp_path_factory.mktemp("reading") / "template"

    def read(content: bytes) -> object:
        path.write_bytes(content)
        try:
            return read_template(str(path))
        except (TemplateDamaged, ManifestDamaged):
            return None

    return read
