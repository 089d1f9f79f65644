"""How people name node packs, and what their directories are called."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.models.exceptions import InvalidSetting
from comfydock_core.models.packs.node_packs import PackReference
from comfydock_core.resolvers.pack_references import pack_name, parse_reference, possible_refs

LIST = Path(__file__).parents[5] / "shared" / "data" / "manager" / "custom-node-list.json"
SHA = "0123456789abcdef0123456789abcdef01234567"
HUB = "https://github.com/alice/ComfyUI-Fancy"


@pytest.mark.parametrize(
    ("text", "identifier", "version"),
    [
        ("comfyui-fancy", "comfyui-fancy", None),
        (" comfyui-fancy ", "comfyui-fancy", None),
        ("ComfyUI_Fancy.x", "ComfyUI_Fancy.x", None),
        ("comfyui-fancy@1.2.0", "comfyui-fancy", "1.2.0"),
        ("comfyui-fancy@latest", "comfyui-fancy", None),
        ("comfyui-fancy@nightly", "comfyui-fancy", "nightly"),
        ("comfyui-fancy@1.0.0-rc.1+local", "comfyui-fancy", "1.0.0-rc.1+local"),
    ],
)
def test_identifiers_of_the_registry(text: str, identifier: str, version: str | None) -> None:
    assert parse_reference(text) == PackReference(text, "registry", identifier=identifier, version=version)


@pytest.mark.parametrize(
    ("text", "address", "ref"),
    [
        (HUB, HUB, None),
        (f"{HUB}.git", f"{HUB}.git", None),
        (f"{HUB}/", HUB, None),
        (f"git+{HUB}", HUB, None),
        ("github.com/alice/ComfyUI-Fancy", HUB, None),
        (f"HTTPS{HUB[5:]}", HUB, None),
        (f"{HUB}?tab=readme-ov-file#usage", HUB, None),
        (f"{HUB}@v1.2", HUB, "v1.2"),
        (f"{HUB}@feature/x", HUB, "feature/x"),
        (f"{HUB}@{SHA}", HUB, SHA),
        (f"{HUB}@refs/heads/main", HUB, "main"),
        (f"{HUB}/tree/main", HUB, "main"),
        (f"{HUB}/tree/feature/x", HUB, "feature/x"),
        (f"{HUB}/tree/refs/tags/v1", HUB, "v1"),
        (f"{HUB}/commit/{SHA}", HUB, SHA),
        (f"{HUB}/commit/{SHA}?diff=split", HUB, SHA),
        (f"{HUB}/blob/main/nodes/a.py#L10", HUB, "main"),
        (f"{HUB}/releases/tag/v1.0", HUB, "v1.0"),
        (f"{HUB}/wiki/Some-Page", HUB, None),
        (f"{HUB}/issues/12", HUB, None),
        ("https://github.com/a/dots.in.name", "https://github.com/a/dots.in.name", None),
        ("https://github.com/a/node.py", "https://github.com/a/node.py", None),
        ("https://gitlab.com/g/sub/repo", "https://gitlab.com/g/sub/repo", None),
        ("https://gitlab.com/g/sub/repo/-/tree/main", "https://gitlab.com/g/sub/repo", "main"),
        ("https://gitlab.com/g/repo/-/commit/" + SHA, "https://gitlab.com/g/repo", SHA),
        ("https://gitlab.com/g/repo/-/blob/dev/a.py", "https://gitlab.com/g/repo", "dev"),
        ("https://gitlab.com/g/repo/-/tags/v2", "https://gitlab.com/g/repo", "v2"),
        ("https://gitlab.com/g/repo/-/releases/v2", "https://gitlab.com/g/repo", "v2"),
        ("https://codeberg.org/a/b/src/branch/main", "https://codeberg.org/a/b", "main"),
        ("https://codeberg.org/a/b/src/commit/" + SHA, "https://codeberg.org/a/b", SHA),
        ("https://codeberg.org/a/b/releases/tag/v3", "https://codeberg.org/a/b", "v3"),
        ("https://git.example.org/deep/er/repo.git@v1", "https://git.example.org/deep/er/repo.git", "v1"),
        ("https://git.example.org:8443/a/b", "https://git.example.org:8443/a/b", None),
        ("https://host.example/@user/repo", "https://host.example/@user/repo", None),
        ("https://host.example/@user/repo@v1", "https://host.example/@user/repo", "v1"),
        ("http://127.0.0.1:1/a", "http://127.0.0.1:1/a", None),
        ("https://name:secret@host.example/a/b@v1", "https://name:secret@host.example/a/b", "v1"),
        ("https://name:secret@github.com/a/b/tree/x", "https://name:secret@github.com/a/b", "x"),
        ("git@github.com:alice/repo", "git@github.com:alice/repo", None),
        ("git@github.com:alice/repo.git@v1.2", "git@github.com:alice/repo.git", "v1.2"),
        ("bob@host.example:deep/path/repo@feature/x", "bob@host.example:deep/path/repo", "feature/x"),
        ("myhost:repo", "myhost:repo", None),
        ("ssh://git@host.example:2222/a/b.git", "ssh://git@host.example:2222/a/b.git", None),
        ("ssh://git@host.example/a/b.git@v1", "ssh://git@host.example/a/b.git", "v1"),
        ("git://host.example/a/b", "git://host.example/a/b", None),
        ("file:///srv/git/a.git", "file:///srv/git/a.git", None),
        ("file:///srv/git/a.git@v1", "file:///srv/git/a.git", "v1"),
    ],
)
def test_repositories(text: str, address: str, ref: str | None) -> None:
    assert parse_reference(text) == PackReference(text, "git", address=address, ref=ref)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has to be named"),
        ("a\nb", "cannot be printed"),
        ("htps://github.com/a/b", "`htps://`"),
        ("https:/github.com/a/b", "not followed by `//`"),
        ("ftp://host.example/a", "`ftp://`"),
        ("https://github.com/alice", "names no repository of github.com"),
        ("https://github.com/", "names no repository of github.com"),
        ("https:///a/b", "names no host"),
        ("https://host.example", "no repository"),
        ("https://host.example/a b", "no spaces"),
        ("https://host.example/a?token=secret", "no `?`"),
        ("https://host.example/nodes.py", "single file"),
        ("https://raw.githubusercontent.com/a/b/main/c.py", "single file"),
        ("https://civitai.com/api/download/models/1", "no git repository"),
        (f"{HUB}/raw/refs/heads/main/a.py", "leads to a file"),
        (f"{HUB}/archive/refs/heads/main.zip", "leads to a file"),
        (f"{HUB}/releases/download/v1/a.zip", "leads to a file"),
        (f"{HUB}/pull/12", "neither a branch nor a commit"),
        (f"{HUB}@", "follows the `@`"),
        (f"{HUB}@a..b", "cannot be the name"),
        (f"{HUB}@--upload-pack=x", "cannot be the name"),
        ("ssh://-oProxyCommand=x/a", "begin with `-`"),
        ("git@-oProxyCommand=x:a/b", "begin with `-`"),
        ("git@host.example:", "no repository"),
        ("alice/ComfyUI-Fancy", "neither an address nor a directory"),
        ("comfyui fancy", "not an identifier"),
        ("-rf", "not an identifier"),
        ("fancy@", "no version follows"),
        ("fancy@1 2", "not a version"),
        ("./nowhere-at-all", "no such directory"),
        ("/", "no name for a directory"),
    ],
)
def test_what_names_no_pack_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidSetting, match=re.escape(reason)) as caught:
        parse_reference(text)
    assert caught.value.exit_code == 2
    assert caught.value.hint
    assert "secret" not in caught.value.message


def test_credentials_are_in_no_message() -> None:
    with pytest.raises(InvalidSetting) as caught:
        parse_reference("https://name:secret@github.com/alice")
    assert "secret" not in f"{caught.value.message}{caught.value.hint}{caught.value.context}"


def test_directories_and_repositories_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for command in (["init", "-q", "work"], ["init", "-q", "--bare", "bare.git"]):
        subprocess.run(["git", *command], check=True)
    (tmp_path / "plain@1").mkdir()
    (tmp_path / "file.zip").write_text("")
    work, bare = str(tmp_path / "work"), str(tmp_path / "bare.git")
    for text in ("./work", work, "~/work", "../" + tmp_path.name + "/work", f"{work}/"):
        assert parse_reference(text) == PackReference(text, "directory", path=work)
    assert parse_reference("./work@v1") == PackReference("./work@v1", "git", address=work, ref="v1")
    assert parse_reference("./bare.git") == PackReference("./bare.git", "git", address=bare)
    assert parse_reference("./bare.git@v1").ref == "v1"
    assert parse_reference("./plain@1").path == str(tmp_path / "plain@1")
    assert parse_reference("work").kind == "registry"
    (tmp_path / "below" / "deep").mkdir(parents=True)
    assert parse_reference("below/deep").path == str(tmp_path / "below" / "deep")
    for text, reason in (("./plain@1@v1", "not a git repository"), ("./file.zip", "is a file"), ("./no", "no such")):
        with pytest.raises(InvalidSetting, match=reason):
            parse_reference(text)


def test_the_address_of_a_page_leaves_several_refs_possible() -> None:
    assert possible_refs(parse_reference(f"{HUB}/tree/feature/x")) == ("feature/x", "feature")
    assert possible_refs(parse_reference(f"{HUB}/blob/feature/x/a.py")) == ("feature/x/a.py", "feature/x", "feature")
    assert possible_refs(parse_reference(f"{HUB}@feature/x")) == ("feature/x",)
    assert possible_refs(parse_reference(HUB)) == ()


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (HUB, "ComfyUI-Fancy"),
        (f"{HUB}.git", "ComfyUI-Fancy"),
        ("git@github.com:alice/repo.git", "repo"),
        ("host:repo", "repo"),
        ("/srv/git/größe.git", "größe"),
        ("https://host.example/a/My%20Pack", "My-Pack"),
        ("https://host.example/a/..", None),
        ("https://host.example/a/%2e%2e%2fetc", "etc"),
        ("https://host.example/a/.hidden", "hidden"),
        ("https://host.example/a/CON", "pack-CON"),
        ("https://host.example/a/aux.nodes", "pack-aux.nodes"),
        ("https://host.example/a/old.disabled", "old-disabled"),
        ("https://host.example/a/__pycache__", "pack-__pycache__"),
        ("C:\\packs\\mine", "mine"),
    ],
)
def test_directory_names(address: str, name: str | None) -> None:
    if name is None:
        with pytest.raises(InvalidSetting):
            pack_name(address)
    else:
        assert pack_name(address) == name


@given(st.text())
def test_every_text_is_a_reference_or_is_refused(text: str) -> None:
    try:
        reference = parse_reference(text)
    except InvalidSetting as error:
        assert error.message and error.hint
        return
    assert reference.kind in ("registry", "git", "directory")
    assert (reference.identifier, reference.address, reference.path).count(None) == 2
    for ref in possible_refs(reference):
        assert not ref.startswith("-")


_WORD = st.text("abcXYZ019._-", min_size=1, max_size=12).filter(
    lambda word: word.strip(".-_") == word and ".." not in word
)


@given(st.sampled_from(["https://host.example/", "git@host.example:", "ssh://git@h.example:22/"]), _WORD, _WORD, _WORD)
def test_a_ref_is_split_from_every_kind_of_address(start: str, owner: str, name: str, ref: str) -> None:
    address = f"{start}{owner}/{name}x"
    for refs in ("", f"@{ref}x"):
        reference = parse_reference(address + refs)
        assert (reference.address, reference.ref) == (address, refs[1:] or None)


@given(st.text(max_size=60))
def test_directory_names_are_always_safe(address: str) -> None:
    try:
        name = pack_name(address)
    except InvalidSetting:
        return
    assert name and name == name.strip(". ") and not set(name) & set('/\\:\0<>|"?*')
    assert name.partition(".")[0].lower() not in ("con", "prn", "aux", "nul", "com1", "lpt9")
    assert pack_name(name) == name


def test_every_entry_of_the_managers_list_is_a_reference_or_a_named_refusal(
    record_property: Callable[[str, object], None],
) -> None:
    if not LIST.exists():
        pytest.skip("the manager's list is not on this machine")
    entries = json.loads(LIST.read_text(encoding="utf-8"))["custom_nodes"]
    outcome: Counter[str] = Counter()
    for entry in entries:
        for text in (*entry["files"], entry["reference"], *([entry["id"]] if entry.get("id") else [])):
            try:
                reference = parse_reference(text)
                pack_name(reference.address or reference.identifier or "")
                outcome[reference.kind] += 1
            except InvalidSetting as error:
                outcome[f"refused: {re.sub('`[^`]*`', '…', str(error.context['reason']))}"] += 1
    print(*outcome.most_common(), sep="\n")
    record_property("outcome", dict(outcome))
    assert len(entries) == 5896
    refused = sum(count for kind, count in outcome.items() if kind.startswith("refused"))
    assert outcome["git"] > 11_700
    assert refused < 120
