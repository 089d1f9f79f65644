"""Parsers: what they promise for examples, and for anything at all."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.analyzers.git_change_parser import GitChangeParser
from comfydock_core.analyzers.packages.package_dry_run import judge_dry_run
from comfydock_core.core.usecases.definition.manifest import manifest_section
from comfydock_core.integrations.git.remotes import clone_progress, parse_refs
from comfydock_core.integrations.process import Completed
from comfydock_core.integrations.uv_errors import uv_failure
from comfydock_core.managers.uv_project.installed import named_in
from comfydock_core.models.addresses import without_credentials
from comfydock_core.models.exceptions import (
    ComfyDockError,
    FileSystemError,
    InvalidSetting,
    NetworkUnavailable,
    OfflineRefused,
    PythonNotFound,
    RequirementInvalid,
    RequirementsConflict,
    SectionNotFound,
    UvFailed,
)
from comfydock_core.utils.git_urls import github_repository, local_path, same_repository
from comfydock_core.utils.versions import is_full_commit, looks_like_commit, newest_tag, tag_key
from comfydock_core.validation.requirements import parse_requirements, pin_of

NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=10).map(lambda text: f"p{text}")
COMMITS = st.text("0123456789abcdef", min_size=40, max_size=40)
PATHS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


def requirement_texts(text: str) -> list[str]:
    return [line.text for line in parse_requirements(text, file="r.txt").requirements]


def test_requirements_lose_comments_and_keep_markers_extras_and_options_apart() -> None:
    text = (
        "\ufeff# a comment\r\n\r\nTorch\n"
        "av>=14.2.0  # video\n"
        "pkg[extra] >=1 ; python_version >= '3.9'\n"
        "--extra-index-url https://example.invalid/simple\n"
        "-r other.txt\n"
        "name @ https://example.invalid/a.whl#sha256=00\n"
        "long \\\n  >=1, \\\n  <2\n"
        "hashed==1 --hash=sha256:00\n"
    )
    parsed = parse_requirements(text, file="r.txt")
    assert [line.text.replace("name@", "name @") for line in parsed.requirements] == [
        "Torch",
        "av>=14.2.0",
        'pkg[extra]>=1; python_version >= "3.9"',
        "name @ https://example.invalid/a.whl#sha256=00",
        "long<2,>=1",
        "hashed==1",
    ]
    assert parsed.requirements[0].name == "torch"
    assert parsed.options == ("--extra-index-url https://example.invalid/simple", "-r other.txt")


@pytest.mark.parametrize(("text", "line"), [("a\n\nb c d\n", 3), ("a\n>=1", 2), ("a \\\n b\n", 1), ("./local", 1)])
def test_a_line_that_is_no_requirement_is_named(text: str, line: int) -> None:
    with pytest.raises(RequirementInvalid) as caught:
        parse_requirements(text, file="some/r.txt")
    assert caught.value.context["line"] == line
    assert "some/r.txt" in caught.value.message


@given(st.text(max_size=200))
def test_any_requirements_text_is_read_or_refused(text: str) -> None:
    try:
        parse_requirements(text, file="r.txt")
    except RequirementInvalid as error:
        assert 1 <= int(str(error.context["line"])) <= text.count("\n") + text.count("\r") + 1


@given(st.lists(NAMES, unique=True), st.sampled_from(["", "  ", " # note"]), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_plain_names_survive_whatever_surrounds_them(names: list[str], trailer: str, end: str) -> None:
    assert requirement_texts("".join(f"{name}{trailer}{end}" for name in names)) == names


@given(st.text(max_size=200))
def test_of_any_text_all_lines_are_told_or_read(text: str) -> None:
    told: list[RequirementInvalid] = []
    parsed = parse_requirements(text, file="r.txt", on_invalid=told.append)
    lines = [str(error.context["text"]) for error in told]
    try:
        strict = parse_requirements(text, file="r.txt")
    except RequirementInvalid as error:
        assert lines[0] == error.context["text"]
    else:
        assert (strict, lines) == (parsed, [])


@pytest.mark.parametrize(
    ("name", "version", "pin"),
    [("Mini_Imaging", "1.0", "mini-imaging==1.0"), ("torch", "2.9.1+cu128", "torch==2.9.1"), ("a", "2004d-x", None),
     ("a", "", None), ("no name", "1", None), ("", "1", None), ("a", "1 ; evil", None), ("a[extra]", "1", None)],
)  # fmt: skip
def test_a_pin_is_made_of_what_indexes_have(name: str, version: str, pin: str | None) -> None:
    assert pin_of(name, version) == pin


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_pin_is_always_a_requirement_of_one_version(name: str, version: str) -> None:
    pin = pin_of(name, version)
    assert pin is None or requirement_texts(pin) == [pin]


@given(st.lists(NAMES, unique=True, max_size=5), st.sampled_from([" ", "\n    ", ", ", "==1.0 and "]))
def test_packages_are_found_in_an_explanation_however_it_is_broken(names: list[str], between: str) -> None:
    told = f"Because {between.join(f'mini-{name}' for name in names)} cannot be used, your requirements are not met."
    assert {f"mini-{name}" for name in names} <= named_in(told)
    assert {f"mini-{name}" for name in names} <= named_in(told.replace("-", "-\n      "))


def test_refs_are_read_and_annotated_tags_lead_to_their_commit() -> None:
    one, two, three = "1" * 40, "2" * 40, "3" * 40
    refs = parse_refs(
        f"ref: refs/heads/main\tHEAD\n{one}\tHEAD\n{one}\trefs/heads/main\n{two}\trefs/heads/a/b\n"
        f"{two}\trefs/tags/v1\n{three}\trefs/tags/v1^{{}}\n{one}\trefs/tags/light\n"
    )
    assert (refs.default_branch, refs.head) == ("main", one)
    assert refs.branches == {"main": one, "a/b": two}
    assert refs.tags == {"v1": three, "light": one}


@given(st.dictionaries(NAMES, COMMITS), st.dictionaries(NAMES, COMMITS))
def test_every_ref_that_is_listed_is_read(branches: dict[str, str], tags: dict[str, str]) -> None:
    lines = [f"{commit}\trefs/heads/{name}\n" for name, commit in branches.items()]
    lines += [f"{'0' * 40}\trefs/tags/{name}\n{commit}\trefs/tags/{name}^{{}}\n" for name, commit in tags.items()]
    refs = parse_refs("".join(lines))
    assert (refs.branches, refs.tags) == (branches, tags)


@given(st.text())
def test_any_list_of_refs_is_survived(text: str) -> None:
    parse_refs(text)


def test_porcelain_records_of_every_kind_are_read() -> None:
    zeros = "0" * 40
    output = "\0".join(
        [
            f"# branch.oid {zeros}",
            "# branch.head main",
            "# branch.upstream origin/main",
            f"1 .M N... 100644 100644 100644 {zeros} {zeros} a b.txt",
            f"2 R. N... 100644 100644 100644 {zeros} {zeros} R100 new name",
            "old name",
            f"u UU N... 100644 100644 100644 100644 {zeros} {zeros} {zeros} both",
            "? un tracked",
            "! ignored",
            "",
        ]
    )
    status = GitChangeParser(output.encode())
    assert (status.branch, status.commit) == ("main", zeros)
    assert status.modified == ["a b.txt", "new name", "both"]
    assert status.untracked == ["un tracked"]


def test_an_unborn_branch_and_a_detached_head_have_none() -> None:
    status = GitChangeParser(b"# branch.oid (initial)\0# branch.head (detached)\0")
    assert (status.branch, status.commit) == (None, None)


@given(st.lists(PATHS), st.lists(PATHS))
def test_paths_come_back_as_they_are(modified: list[str], untracked: list[str]) -> None:
    ids = f"{'0' * 40} {'1' * 40}"
    records = [f"1 M. N... 100644 100644 100644 {ids} {path}" for path in modified]
    records += [f"? {path}" for path in untracked]
    status = GitChangeParser("".join(f"{record}\0" for record in records).encode())
    assert (status.modified, status.untracked) == (modified, untracked)


@given(st.binary())
def test_any_status_output_is_survived(output: bytes) -> None:
    GitChangeParser(output)


def dry_run(text: str, code: int = 0) -> Completed:
    return Completed(code, "", text)


def test_a_dry_run_tells_what_is_missing_extra_and_changed() -> None:
    state = judge_dry_run(
        dry_run(
            "Would uninstall 2 packages\n - extra==1.0\n - torch==2.9.1\n + torch==2.9.1+cpu\n + gone==3\n ~ same==1\n"
        )
    )
    assert (state.state, state.missing, state.extra) == ("out-of-sync", ["gone 3"], ["extra 1.0"])
    assert [(c.name, c.expected, c.found) for c in state.changed] == [
        ("torch", "2.9.1+cpu", "2.9.1"),
        ("same", "1", "1"),
    ]


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("Checked 2 packages in 0.04ms\nWould make no changes\n", 0, "in-sync"),
        ("Would create project environment at: .venv\n + a==1\n", 0, "not-installed"),
        ("error: no such package\n", 1, "unknown"),
        ("something new\n", 0, "unknown"),
        ("", 0, "unknown"),
    ],
)
def test_a_dry_run_is_never_guessed_about(text: str, code: int, expected: str) -> None:
    assert judge_dry_run(dry_run(text, code)).state == expected


@given(st.text(), st.integers(-20, 3))
def test_any_dry_run_is_judged(text: str, code: int) -> None:
    assert judge_dry_run(dry_run(text, code)).state in ("in-sync", "out-of-sync", "not-installed", "unknown")


@pytest.mark.parametrize(
    ("output", "family"),
    [
        ("error: No solution found when resolving dependencies", RequirementsConflict),
        ("error: No solution found\nhint: Packages were unavailable because the network was disabled.", OfflineRefused),
        ("error: No interpreter found for Python 3.99 in managed installations", PythonNotFound),
        ("error: Request failed after 3 retries\n cause: Failed to fetch: http://x/", NetworkUnavailable),
        ("error: failed to write: No space left on device (os error 28)", FileSystemError),
        ("error: something else", UvFailed),
    ],
)
def test_failures_of_uv_become_errors_that_show_its_words(output: str, family: type[ComfyDockError]) -> None:
    error = uv_failure(Completed(2, output), ["uv", "lock"], "resolve")
    assert type(error) is family
    assert error.context["output"] == output
    assert error.context["command"] == ["uv", "lock"]


def test_tags_are_ordered_by_number_and_releases_before_pre_releases() -> None:
    assert newest_tag(["v0.2.0", "v0.10.0", "v0.9.9", "not-a-version", "v1.0.0-rc1", "9.0"]) == "v0.10.0"
    assert newest_tag(["v1.0.0-rc1", "v1.0.0-rc10", "v1.0.0-rc2"]) == "v1.0.0-rc10"
    assert newest_tag(["nothing", "vx"]) is None


@given(st.lists(st.lists(st.integers(0, 999), min_size=1, max_size=4), min_size=1))
def test_the_newest_of_numbered_tags_has_the_highest_numbers(versions: list[list[int]]) -> None:
    tags = [f"v{'.'.join(map(str, version))}" for version in versions]
    newest = newest_tag(tags)
    assert newest == f"v{'.'.join(map(str, max(versions)))}"


@given(st.lists(st.text()))
def test_any_tags_can_be_ordered(tags: list[str]) -> None:
    sorted((key, tag) for tag in tags if (key := tag_key(tag)) is not None)
    newest_tag(tags)


@given(st.text("0123456789abcdefABCDEF", max_size=45))
def test_only_seven_digits_or_more_look_like_a_commit(text: str) -> None:
    assert looks_like_commit(text) is (len(text) >= 7)
    assert not is_full_commit(text) or len(text) == 40


def test_progress_lines_of_git_are_read() -> None:
    assert clone_progress("Receiving objects:  42% (21/50), 1.2 MiB | 3 MiB/s") == ("Receiving objects", 21, 50)
    assert clone_progress("Cloning into 'x'...") is None


@pytest.mark.parametrize(
    ("repository", "local"),
    [
        ("/a/b", "/a/b"),
        ("file:///a/b", "/a/b"),
        ("https://example.invalid/a", None),
        ("git@example.invalid:a/b", None),
        ("host:a/b", None),
    ],
)
def test_local_repositories_are_told_from_others(repository: str, local: str | None) -> None:
    assert local_path(repository) == local


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/Comfy-Org/ComfyUI",
        "https://github.com/comfy-org/comfyui.git/",
        "git@github.com:Comfy-Org/ComfyUI.git",
        "ssh://git@github.com/Comfy-Org/ComfyUI.git",
        "https://token@github.com/Comfy-Org/ComfyUI.git",
    ],
)
def test_spellings_of_one_github_repository_are_one(url: str) -> None:
    assert same_repository(url, "https://github.com/Comfy-Org/ComfyUI.git")


@pytest.mark.parametrize("url", ["https://example.invalid/a/b", "/a/github.com/b", "https://github.com.evil/a/b"])
def test_other_hosts_are_not_github(url: str) -> None:
    assert github_repository(url) is None


def test_credentials_are_taken_out_of_addresses() -> None:
    assert without_credentials("https://me:secret@host/a") == "https://host/a"
    assert without_credentials("HTTPS://token@host:8/a@b") == "HTTPS://host:8/a@b"
    assert without_credentials("git@github.com:a/b") == "git@github.com:a/b"
    assert without_credentials("--repository=https://me:secret@host/a") == "--repository=https://host/a"
    assert without_credentials("--name=a=b://c") == "--name=a=b://c"


MANIFEST: dict[str, object] = {"tool": {"comfydock": {"workflows": {"a.b": {"path": "x"}}, "n": 1}}}


def test_sections_are_found_with_quoted_keys() -> None:
    assert manifest_section(MANIFEST, 'tool.comfydock.workflows."a.b"') == {"path": "x"}
    assert manifest_section(MANIFEST, "tool.comfydock.n") == 1


def test_a_section_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(SectionNotFound) as caught:
        manifest_section(MANIFEST, "tool.comfydock.nodes")
    assert caught.value.context["known"] == ["n", "workflows"]
    with pytest.raises(SectionNotFound):
        manifest_section(MANIFEST, "tool.comfydock.n.deeper")


@pytest.mark.parametrize("address", ["", ".", "a..b", 'a."b', "a = 1\nb", "a = 1 #", "[a]"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(InvalidSetting):
        manifest_section(MANIFEST, address)


@given(st.text(max_size=30))
def test_any_address_is_found_or_refused(address: str) -> None:
    try:
        manifest_section(MANIFEST, address)
    except (InvalidSetting, SectionNotFound):
        return
