"""Bundles and repositories that mean harm: each is refused with a reason, and nothing of it lies anywhere then."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import ODD
from tests.support.miniature import git
from tests.support.sessions import Session, names_in

MANIFEST = b'[project]\nname = "x"\nversion = "0"\n\n[tool.comfydock]\ncomfyui_version = "v0.10.0"\n'
WORDS = ("--name", "copy", "--torch-backend", "none", "--models", "skip")
PLAIN = {"pyproject.toml": MANIFEST, "workflows/flow.json": b'{"nodes": [], "links": []}'}
Member = tuple[tarfile.TarInfo, bytes]


@pytest.fixture(scope="module")
def session(made_environment: Session, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A workspace without environments; nothing that a test does may change it."""
    place = tmp_path_factory.mktemp("hostile") / ODD
    (place / "home").mkdir(parents=True)
    made = Session(made_environment.program, place / "workspace", {**made_environment.variables})
    made.variables["HOME"] = str(place / "home")
    made.ok("init")
    return made


def file(name: str, content: bytes = b"", **facts: Any) -> Member:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for key, value in facts.items():
        setattr(member, key, value)
    return member, content


def files(found: Mapping[str, bytes]) -> list[Member]:
    return [file(name, content) for name, content in found.items()]


def listed(found: Mapping[str, bytes], **changes: object) -> Member:
    """`comfydock.json` of some files."""
    digests = {name: {"sha256": hashlib.sha256(one).hexdigest(), "size": len(one)} for name, one in found.items()}
    return file("comfydock.json", json.dumps({"format": 1, "members": digests, **changes}).encode())


def write(path: Path, found: Iterable[Member], encoding: str = "utf-8") -> Path:
    with tarfile.open(path, "w:gz", encoding=encoding, errors="surrogateescape") as archive:
        for member, content in found:
            archive.addfile(member, io.BytesIO(content))
    return path


def is_refused(session: Session, source: str, *words: str, codes: tuple[str, ...] = ("bundle-damaged",)) -> str:
    """What is told, after seeing that nothing was made, here or elsewhere."""
    around = sorted(session.workspace.parent.rglob("*"))
    error = session.error("import", source, *WORDS, *words)
    assert error["code"] in codes, error
    assert error["hint"]
    assert names_in(session.environments) == [] if session.environments.exists() else True
    left = [path for path in sorted(session.workspace.parent.rglob("*")) if path not in around]
    assert [path for path in left if not {"logs", ".ops"}.intersection(path.parts)] == []
    return f"{error['message']}"


EVIL: dict[str, Callable[[], list[Member]]] = {
    "an escape": lambda: [file("../evil.json", b"x")],
    "a hidden escape": lambda: [file("workflows/../../evil.json", b"x")],
    "an absolute path": lambda: [file("/tmp/evil.json", b"x")],
    "a path of Windows": lambda: [file("C:/evil.json", b"x")],
    "a backslash": lambda: [file("workflows\\..\\evil.json", b"x")],
    "a link": lambda: [file("workflows/link.json", type=tarfile.SYMTYPE, linkname="/etc/passwd")],
    "a link as manifest": lambda: [file("uv.lock", type=tarfile.SYMTYPE, linkname="/etc/passwd")],
    "a hard link": lambda: [file("workflows/link.json", type=tarfile.LNKTYPE, linkname="pyproject.toml")],
    "a device": lambda: [file("workflows/null.json", type=tarfile.CHRTYPE, devmajor=1, devminor=3)],
    "a pipe": lambda: [file("workflows/pipe.json", type=tarfile.FIFOTYPE)],
    "a name that steers": lambda: [file("workflows/\x1b[2Jx.json", b"x")],
    "a name that is too long": lambda: [file(f"workflows/{'x' * 300}.json", b"x")],
    "a duplicate": lambda: [file("workflows/flow.json", b"other")],
    "another case": lambda: [file("Workflows/Flow.json", b"other")],
    "a file below a file": lambda: [file("workflows/flow.json/x.json", b"x")],
    "a file for a directory": lambda: [file("workflows", b"x")],
    "another manifest": lambda: [file("./pyproject.toml", MANIFEST)],
}


@pytest.mark.parametrize("what", EVIL)
def test_a_member_that_means_harm_is_refused(session: Session, tmp_path: Path, what: str) -> None:
    path = write(tmp_path / "b.tar.gz", [*files(PLAIN), *EVIL[what]()])
    is_refused(session, str(path))
    assert not (session.workspace.parent / "evil.json").exists()


def test_a_name_in_no_encoding_is_refused(session: Session, tmp_path: Path) -> None:
    path = write(tmp_path / "b.tar.gz", [*files(PLAIN), file("workflows/\udcff.json", b"x")])
    assert "UTF-8" in is_refused(session, str(path))


DIGESTS: dict[str, Callable[[], list[Member]]] = {
    "another content": lambda: [*files({**PLAIN, "workflows/flow.json": b"{}"}), listed(PLAIN)],
    "a member more": lambda: [*files({**PLAIN, "workflows/other.json": b"{}"}), listed(PLAIN)],
    "a member less": lambda: [*files({"pyproject.toml": MANIFEST}), listed(PLAIN)],
    "two lists": lambda: [listed({}), *files(PLAIN), listed(PLAIN)],
    "swapped members": lambda: [
        *files({"pyproject.toml": MANIFEST, "workflows/a.json": b"1", "workflows/b.json": b"2"}),
        listed({"pyproject.toml": MANIFEST, "workflows/a.json": b"2", "workflows/b.json": b"1"}),
    ],
    "a list that is no JSON": lambda: [*files(PLAIN), file("comfydock.json", b"{")],
    "a list in no encoding": lambda: [*files(PLAIN), file("comfydock.json", b'{"\xff": 1}')],
    "a list with a name twice": lambda: [*files(PLAIN), file("comfydock.json", b'{"format": 1, "format": 1}')],
    "a list without end": lambda: [*files(PLAIN), file("comfydock.json", b"[" * 100_000)],
    "a later format": lambda: [*files(PLAIN), listed(PLAIN, format=2)],
    "a format that is true": lambda: [*files(PLAIN), listed(PLAIN, format=True)],
    "a signature without a list": lambda: [*files(PLAIN), file("comfydock.json.sig", b"x")],
}  # fmt: skip


@pytest.mark.parametrize("what", DIGESTS)
def test_what_a_bundle_lists_must_be_all_there_is(session: Session, tmp_path: Path, what: str) -> None:
    told = is_refused(session, str(write(tmp_path / "b.tar.gz", DIGESTS[what]())))
    assert ("newer" in told) == (what == "a later format")


def test_the_place_of_the_list_does_not_matter(session: Session, tmp_path: Path) -> None:
    for found in ([listed(PLAIN), *files(PLAIN)], [*files(PLAIN), listed(PLAIN)]):
        assert session.data("bundle", "verify", str(write(tmp_path / "b.tar.gz", found)))["digests"]


def test_a_signature_that_is_none_is_refused(session: Session, tmp_path: Path) -> None:
    path = write(tmp_path / "b.tar.gz", [*files(PLAIN), listed(PLAIN), file("comfydock.json.sig", b"-----BEGIN")])
    is_refused(session, str(path), codes=("signature-refused",))


def test_ten_thousand_members_are_read(session: Session, tmp_path: Path) -> None:
    many = {**PLAIN, **{f"workflows/{number}.json": b"{}" for number in range(10_000)}}
    path = write(tmp_path / "b.tar.gz", [*files(many), listed(many)])
    assert session.data("bundle", "verify", str(path))["members"] == 10_003


def bomb(path: Path, name: str, size: int, claimed: int | None = None) -> Path:
    """A member of zeros, which compress a thousand times."""
    head = file(name)[0]
    head.size = size if claimed is None else claimed
    with gzip.open(path, "wb", compresslevel=9) as stream:
        for member, content in files(PLAIN):
            stream.write(member.tobuf() + content + bytes(-len(content) % 512))
        stream.write(head.tobuf(tarfile.GNU_FORMAT))
        for _ in range(size >> 20):
            stream.write(bytes(1 << 20))
        stream.write(bytes(1024))
    return path


@pytest.mark.parametrize("name", ["workflows/bomb.json", "models/checkpoints/bomb.safetensors"])
def test_a_bomb_is_refused(session: Session, tmp_path: Path, name: str) -> None:
    assert "more than" in is_refused(session, str(bomb(tmp_path / "b.tar.gz", name, 700 << 20)))


@pytest.mark.parametrize("name", ["workflows/big.json", "models/checkpoints/big.safetensors"])
@pytest.mark.parametrize("claimed", [1 << 40, (1 << 63) - 512])
def test_a_size_that_is_only_claimed_is_refused(session: Session, tmp_path: Path, name: str, claimed: int) -> None:
    is_refused(session, str(bomb(tmp_path / "b.tar.gz", name, 1 << 20, claimed)))


def test_a_sparse_member_is_refused(session: Session, tmp_path: Path) -> None:
    member, _ = file("workflows/sparse.json")
    member.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "workflows/sparse.json",
                          "GNU.sparse.size": str(1 << 50), "GNU.sparse.map": "0,0"}  # fmt: skip
    is_refused(session, str(write(tmp_path / "b.tar.gz", [*files(PLAIN), (member, b"")])))


@pytest.mark.parametrize("cut", [10, 100, 300])
def test_a_bundle_that_is_cut_short_is_refused(session: Session, tmp_path: Path, cut: int) -> None:
    path = write(tmp_path / "b.tar.gz", files({**PLAIN, "workflows/x.json": bytes(range(256)) * 40}))
    path.write_bytes(path.read_bytes()[:-cut])
    is_refused(session, str(path))


@pytest.mark.parametrize(
    "content",
    [b"\xff", b"[tool", b"x = 1\n" * 3_000_000, MANIFEST + b'[tool.comfydock.nodes.x]\nname = "../evil"\n'],
    ids=["no text", "no TOML", "huge", "an escape"],
)
def test_a_manifest_that_cannot_be_is_refused(session: Session, tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "b.tar.gz", files({**PLAIN, "pyproject.toml": content}))
    is_refused(session, str(path), codes=("template-damaged", "manifest-damaged"))


def test_a_history_that_is_not_that_of_the_files_is_refused(session: Session, tmp_path: Path) -> None:
    repository = repository_of(tmp_path / "evil", {"pyproject.toml": MANIFEST + b"# other\n"})
    bundle = tmp_path / "history"
    git(repository, "bundle", "create", "--quiet", str(bundle), "main")
    commit = git(repository, "rev-parse", "HEAD").strip()
    for tip, branch in ((commit, "main"), ("f" * 40, "main"), (commit, "-x"), (commit, "../x"), (commit, "a:b")):
        found = {**PLAIN, "history.bundle": bundle.read_bytes()}
        history = {"commit": tip, "branch": branch}
        is_refused(session, str(write(tmp_path / "b.tar.gz", [*files(found), listed(found, history=history)])))


# Repositories


def repository_of(place: Path, found: Mapping[str, bytes]) -> Path:
    place.mkdir()
    git(place, "init", "--quiet", "--initial-branch=main")
    for name, content in found.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    git(place, "add", "--all", "--force")
    save(place)
    return place


def save(place: Path) -> None:
    git(place, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "evil")


def with_entry(place: Path, mode: str, path: str, content: str) -> Path:
    """A commit with something that git itself would not add."""
    repository = repository_of(place, PLAIN)
    (place / ".content").write_text(content)
    blob = git(repository, "hash-object", "-w", ".content").strip() if mode != "160000" else "1" * 40
    top, _, rest = path.rpartition("/")
    tree = raw_tree(repository, mode, rest, blob)
    for part in reversed(top.split("/") if top else []):
        tree = raw_tree(repository, "40000", part, tree)
    entries = git(repository, "ls-tree", "HEAD^{tree}")
    merged = place / ".tree"
    own = git(repository, "ls-tree", tree)
    names = {line.partition("\t")[2] for line in own.splitlines()}
    kept = [line for line in entries.splitlines() if line.partition("\t")[2] not in names]
    merged.write_bytes(
        b"".join(raw(line) for line in sorted([*kept, *own.splitlines()], key=lambda one: one.partition("\t")[2]))
    )
    whole = git(repository, "hash-object", "-w", "-t", "tree", "--literally", ".tree").strip()
    commit = git(repository, "-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", "-m", "x", whole).strip()
    git(repository, "update-ref", "refs/heads/main", commit)
    return repository


def raw(line: str) -> bytes:
    facts, _, name = line.partition("\t")
    mode, _, digest = facts.split()
    return f"{mode.lstrip('0')} {name}\0".encode() + bytes.fromhex(digest)


def raw_tree(repository: Path, mode: str, name: str, digest: str) -> str:
    (repository / ".tree").write_bytes(f"{mode} {name}\0".encode() + bytes.fromhex(digest))
    return git(repository, "hash-object", "-w", "-t", "tree", "--literally", ".tree").strip()


REFUSED = ("template-damaged", "history-damaged", "git-failed", "repository-not-found")


@pytest.mark.parametrize(
    ("mode", "path", "content"),
    [
        ("120000", "pyproject.toml", "/etc/passwd"),
        ("120000", "workflows/flow.json", "../../../../evil"),
        ("160000", "uv.lock", ""),
        ("100644", ".git/hooks/post-checkout", "#!/bin/sh\n"),
        ("100644", ".GIT/config", "[core]\n"),
        ("100644", "git~1/config", "[core]\n"),
        ("100644", ".git /config", "[core]\n"),
        ("100644", "..", "x"),
        ("100644", "workflows/../x.json", "x"),
    ],
)
def test_a_repository_with_what_leads_elsewhere_is_refused(
    session: Session, tmp_path: Path, mode: str, path: str, content: str
) -> None:
    is_refused(session, str(with_entry(tmp_path / "evil", mode, path, content)), codes=REFUSED)


@pytest.mark.parametrize("source", ["ext::sh -c touch% /tmp/run", "--upload-pack=touch", "file:///nowhere/at/all"])
def test_an_address_that_is_a_program_is_none(session: Session, source: str) -> None:
    ran = session.run("import", source, *WORDS)
    assert ran.code in (2, 3, 6, 8), ran
    assert "Traceback" not in ran.err


def test_programs_that_a_repository_names_do_not_run(session: Session, tmp_path: Path) -> None:
    """Hooks, filters, monitors and submodules; the last are passed over and named."""
    mark = tmp_path / "run"
    address = f"ext::sh -c touch% {mark}"
    found = {
        **PLAIN,
        ".gitattributes": b"* filter=evil diff=evil merge=evil\n",
        ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = {address}\n'.encode(),
    }
    repository = repository_of(tmp_path / "evil", found)
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},x")
    save(repository)
    hook = repository / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch '{mark}'\n")
    hook.chmod(0o755)
    for key in ("core.fsmonitor", "filter.evil.smudge", "filter.evil.clean", "uploadpack.packObjectsHook"):
        git(repository, "config", key, f"touch '{mark}'")
    told = session.data("import", str(repository), *WORDS, "--preview")
    assert told["contents"]["passed_over"] == ["x"]
    assert not mark.exists()


def test_a_branch_that_is_named_like_an_option_is_a_branch(session: Session, tmp_path: Path) -> None:
    repository = repository_of(tmp_path / "evil", PLAIN)
    git(repository, "update-ref", "refs/heads/--output=x", "HEAD")
    git(repository, "symbolic-ref", "HEAD", "refs/heads/--output=x")
    told = session.data("import", str(repository), *WORDS, "--preview")
    assert told["contents"]["history"]["branch"] == "--output=x"
