"""What a node pack asks for, read from its files."""

import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comfydock_core.analyzers.packages.pack_requirements import read_pack_requirements
from comfydock_core.configs.defaults import PROTECTED_PACKAGES
from comfydock_core.models.addresses import without_credentials_in
from comfydock_core.models.exceptions import RequirementInvalid
from comfydock_core.models.packs.node_packs import PackRequirement, PackRequirements
from comfydock_core.validation.requirement_lines import decoded, logical_lines
from comfydock_core.validation.requirements import parse_requirements

NAMES = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=10).map(lambda text: f"p{text}")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    place = tmp_path / "Größe ☃"
    place.mkdir()
    return place


def read(pack: Path, text: str | bytes | None = None, **files: str) -> PackRequirements:
    if text is not None:
        (pack / "requirements.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
    for name, content in files.items():
        path = pack / name.replace("__", "/").replace("_txt", ".txt").replace("_toml", ".toml")
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return read_pack_requirements(str(pack), protected=PROTECTED_PACKAGES)


def texts(found: PackRequirements) -> list[str]:
    return [one.text for one in found.requirements]


def test_each_requirement_says_where_it_stands(pack: Path) -> None:
    found = read(pack, "# wants\nnumpy\n\nopencv-python >= 4 ; python_version > '3.8'  # video\nrich[all] \\\n  ==1\n")
    assert found.requirements == (
        PackRequirement("numpy", "requirements.txt", 2),
        PackRequirement('opencv-python>=4; python_version > "3.8"', "requirements.txt", 4),
        PackRequirement("rich[all]==1", "requirements.txt", 5),
    )
    assert found == PackRequirements(found.requirements)


def test_a_pack_without_files_asks_for_nothing(pack: Path) -> None:
    assert read(pack) == PackRequirements()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("git+https://h.invalid/a/b.git@v1#egg=Some_Name", "Some_Name @ git+https://h.invalid/a/b.git@v1"),
        ("git+https://h.invalid/a/b.git#egg=x&subdirectory=s/t", "x @ git+https://h.invalid/a/b.git#subdirectory=s/t"),
        ("git+https://h.invalid/a/b.git@f/x", "b @ git+https://h.invalid/a/b.git@f/x"),
        ("git+ssh://git@h.invalid/a/b.git#egg=n # why", "n @ git+ssh://git@h.invalid/a/b.git"),
        ("-e git+https://h.invalid/a/b.git#egg=n", "n @ git+https://h.invalid/a/b.git"),
        ("https://h.invalid/a_b-1.0-py3-none-any.whl", "a-b @ https://h.invalid/a_b-1.0-py3-none-any.whl"),
        ("https://h.invalid/a_b-1.0.tar.gz?download=1", "a-b @ https://h.invalid/a_b-1.0.tar.gz?download=1"),
        ("https://h.invalid/u/rep/archive/main.zip", "rep @ https://h.invalid/u/rep/archive/main.zip"),
        ("x@https://h.invalid/x.zip#sha256=00", "x @ https://h.invalid/x.zip#sha256=00"),
        (
            "https://h.invalid/a-1%2Bcu1-py3-none-any.whl ; sys_platform == 'linux'",
            'a @ https://h.invalid/a-1%2Bcu1-py3-none-any.whl ; sys_platform == "linux"',
        ),
    ],
)
def test_an_address_gets_the_name_of_its_package(pack: Path, line: str, text: str) -> None:
    found = read(pack, f"{line}\n")
    assert (texts(found), found.left_out) == ([text], ())


def test_a_name_that_had_to_be_guessed_is_told(pack: Path) -> None:
    assert read(pack, "\ngit+https://h.invalid/a/sam2\n").notes == (
        "requirements.txt:2: it names no package: `sam2`, as its repository, is taken",
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("./wheels/a-1-py3-none-any.whl", "path on the machine"),
        ("../other", "path on the machine"),
        ("C:\\wheels\\a.whl", "path on the machine"),
        ("a @ file:///a.whl", "path on the machine"),
        ("-e .", "path on the machine"),
        ("git+file:///a/b", "path on the machine"),
        ("svn+https://h.invalid/a", "`svn+https` is not a scheme that uv fetches packages by"),
        ("https://h.invalid/download", "which package"),
        ("git+https://${TOKEN}@h.invalid/a/b", "`${TOKEN}`"),
        ("git+https://me:secret@h.invalid/a/b", "login"),
        ("a @ https://secret@h.invalid/a.zip", "login"),
    ],
)
def test_what_no_other_machine_could_follow_is_left_out_with_the_reason(pack: Path, line: str, reason: str) -> None:
    found = read(pack, f"numpy\n{line}\n")
    ((left, why),) = found.left_out
    assert texts(found) == ["numpy"]
    assert (left.file, left.line) == ("requirements.txt", 2)
    assert reason in why
    assert "secret" not in repr(found)


@pytest.mark.parametrize("line", ["a b", "!!", "a>=", "a==1 2", "a\0b", "a; (" + "(" * 3000, "a" * 9000, "--", "-"])
def test_a_line_that_is_nothing_is_told_with_its_place(pack: Path, line: str) -> None:
    if line.startswith("-"):
        assert read(pack, f"numpy\n{line}\n").notes == (f"requirements.txt:2: `{line}` is not followed",)
        return
    with pytest.raises(RequirementInvalid) as caught:
        read(pack, f"numpy\n{line}\n")
    assert (caught.value.context["file"], caught.value.context["line"]) == ("requirements.txt", 2)


@pytest.mark.parametrize("option", ["--index-url https://me:secret@h.invalid/simple", "--pre", "-f https://h.invalid/w",
                                    "--extra-index-url=https://h.invalid", "--no-binary :all:"])  # fmt: skip
def test_options_are_told_and_not_followed(pack: Path, option: str) -> None:
    found = read(pack, f"{option}\nnumpy\n")
    assert texts(found) == ["numpy"]
    assert found.notes[0].startswith(f"requirements.txt:1: `{option.partition(' ')[0]}")
    assert "secret" not in found.notes[0]


def test_hashes_are_told_once_for_each_requirement(pack: Path) -> None:
    found = read(pack, "a==1 \\\n  --hash=sha256:00 \\\n  --hash=sha256:11\n")
    assert (texts(found), found.notes) == (["a==1"], ("requirements.txt:1: `--hash` is not followed",))


def test_included_files_count_where_they_stand(pack: Path) -> None:
    found = read(pack, "-r more/a.txt\n--constraint=limits.txt\nb\n", more__a_txt="-rb.txt\na\n", more__b_txt="c\nb\n",
                 limits_txt="numpy<2\n")  # fmt: skip
    assert found.requirements == (
        PackRequirement("c", "more/b.txt", 1),
        PackRequirement("b", "more/b.txt", 2),
        PackRequirement("a", "more/a.txt", 2),
    )
    assert found.constraints == (PackRequirement("numpy<2", "limits.txt", 1),)


def test_the_other_separator_of_paths_is_understood(pack: Path) -> None:
    assert texts(read(pack, "-r more\\a.txt\n", more__a_txt="a\n")) == ["a"]


@pytest.mark.parametrize("named", ["../outside.txt", "/etc/hostname", "link.txt", "https://h.invalid/r.txt"])
def test_what_leads_out_of_the_pack_is_told_and_not_read(pack: Path, named: str) -> None:
    (pack.parent / "outside.txt").write_text("secret\n")
    (pack / "link.txt").symlink_to(pack.parent / "outside.txt")
    found = read(pack, f"a\n-r {named}\n")
    assert texts(found) == ["a"]
    assert found.notes[0].startswith(f"requirements.txt:2: `-r {named}` is not followed: it ")


def test_requirements_that_are_a_link_out_of_the_pack_are_not_read(pack: Path) -> None:
    (pack.parent / "outside.txt").write_text("secret\n")
    (pack / "requirements.txt").symlink_to(pack.parent / "outside.txt")
    found = read(pack)
    assert (found.requirements, len(found.notes)) == ((), 1)


def test_a_pack_that_is_linked_to_is_read(pack: Path) -> None:
    (pack / "requirements.txt").write_text("a\n-r b.txt\n")
    (pack / "b.txt").write_text("b\n")
    link = pack.parent / "link"
    link.symlink_to(pack)
    assert texts(read_pack_requirements(str(link), protected=())) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "files", "line"),
    [("a\n-r missing.txt", {}, 2), ("-r b.txt", {"b_txt": "\n-r requirements.txt\n"}, 2),
     ("-r requirements.txt", {}, 1), ("-r", {}, 1)],
)  # fmt: skip
def test_includes_that_cannot_be_followed_are_refused(pack: Path, text: str, files: dict[str, str], line: int) -> None:
    with pytest.raises(RequirementInvalid) as caught:
        read(pack, text, **files)
    assert caught.value.context["line"] == line


def test_a_lenient_reading_goes_on_without_includes_that_cannot_be_followed(pack: Path) -> None:
    (pack / "requirements.txt").write_text("one\n-r gone.txt\n-r round.txt\ntwo\n")
    (pack / "round.txt").write_text("three\n-r round.txt\n")
    found = read_pack_requirements(str(pack), protected=PROTECTED_PACKAGES, lenient=True)
    assert texts(found) == ["one", "three", "two"]
    assert [(line.text, line.file, line.line) for line, _ in found.left_out] == [
        ("-r gone.txt", "requirements.txt", 2), ("-r round.txt", "round.txt", 2),
    ]  # fmt: skip


def test_a_file_that_is_included_again_and_again_is_read_once(pack: Path) -> None:
    doubling = {f"f{number}_txt": f"-r f{number + 1}.txt\n" * 2 for number in range(60)}
    assert texts(read(pack, "-r f0.txt\n", **doubling, f60_txt="a\n")) == ["a"]


def test_a_chain_of_very_many_files_is_refused(pack: Path) -> None:
    chain = {f"f{number}_txt": f"-r f{number + 1}.txt\n" for number in range(300)}
    with pytest.raises(RequirementInvalid, match="more than 100 files"):
        read(pack, "-r f0.txt\n", **chain, f300_txt="a\n")


def test_a_file_of_megabytes_is_refused(pack: Path) -> None:
    with pytest.raises(RequirementInvalid, match="larger than"):
        read(pack, "a\n" * 600_000)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_is_read(pack: Path, encoding: str, end: str) -> None:
    text = f"numpy>=1.25{end}# für alle{end}rich{end}"
    assert texts(read(pack, text.encode(encoding))) == ["numpy>=1.25", "rich"]


@pytest.mark.parametrize("line", ["torch==2.5.1+cu121", "torchvision @ https://h.invalid/tv.whl", "uv==0.1+mine",
                                  "https://h.invalid/torchaudio-2.0-cp311-cp311-linux_x86_64.whl",
                                  "git+https://h.invalid/pytorch.git#egg=torch", "Torch===2.1+cpu"])  # fmt: skip
def test_no_build_of_a_protected_package_is_taken(pack: Path, line: str) -> None:
    found = read(pack, f"{line}\nnumpy\n")
    assert texts(found) == ["numpy"]
    assert "environment's own" in found.left_out[0][1]


@pytest.mark.parametrize("line", ["torch", "torch>=2.1", "torchvision<0.20", "torch==2.5.1", "torchsde"])
def test_limits_of_a_protected_package_are_kept(pack: Path, line: str) -> None:
    assert texts(read(pack, f"{line}\n")) == [line]


def test_other_packages_keep_their_local_versions(pack: Path) -> None:
    assert texts(read(pack, "flash-attn==2.7+cu12\n")) == ["flash-attn==2.7+cu12"]


PROJECT = '[project]\nname = "p"\ndependencies = [\n  "numpy>=1",\n  \'rich\',\n]\n'


@pytest.mark.parametrize("text", [None, "", "# nothing\n"])
def test_the_project_counts_where_there_is_no_list(pack: Path, text: str | None) -> None:
    assert read(pack, text, pyproject_toml=PROJECT).requirements == (
        PackRequirement("numpy>=1", "pyproject.toml", 4),
        PackRequirement("rich", "pyproject.toml", 5),
    )


def test_the_list_counts_and_a_differing_project_is_told(pack: Path) -> None:
    found = read(pack, "numpy\n", pyproject_toml=PROJECT)
    assert (texts(found), len(found.notes)) == (["numpy"], 1)
    assert "pyproject.toml" in found.notes[0]


def test_a_project_that_says_the_same_is_not_told(pack: Path) -> None:
    assert read(pack, "rich\nnumpy >= 1\n", pyproject_toml=PROJECT).notes == ()


@pytest.mark.parametrize("content", ["[project\n", "a = " + "[" * 4000, "[project]\ndependencies = 3\n",
                                     "[project]\ndependencies = [\n 'a b'\n]\n"])  # fmt: skip
def test_a_damaged_project_is_refused_where_it_counts_and_told_where_not(pack: Path, content: str) -> None:
    with pytest.raises(RequirementInvalid) as caught:
        read(pack, pyproject_toml=content)
    assert caught.value.context["file"] == "pyproject.toml"
    found = read(pack, "numpy\n")
    assert (texts(found), len(found.notes)) == (["numpy"], 1)


def test_a_project_without_dependencies_asks_for_nothing(pack: Path) -> None:
    assert read(pack, pyproject_toml='[tool.comfy]\nPublisherId = "x"\n') == PackRequirements()


@settings(max_examples=200)
@given(data=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)), name=st.sampled_from(
    ["requirements.txt", "pyproject.toml"]))  # fmt: skip
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str) -> None:
    place = tmp_path_factory.getbasetemp() / "any"
    place.mkdir(exist_ok=True)
    for file in place.iterdir():
        file.unlink()
    (place / name).write_bytes(data)
    try:
        found = read_pack_requirements(str(place), protected=PROTECTED_PACKAGES)
    except RequirementInvalid as error:
        assert int(str(error.context["line"])) >= 1
    else:
        again = parse_requirements("\n".join(texts(found)), file="again")
        assert [line.text for line in again.requirements] == texts(found)


@given(st.lists(st.tuples(NAMES, st.sampled_from(["", ">=1", "==2.0", "<3,>=1", "[x]~=1.2"]),
                          st.sampled_from(["", '; python_version > "3.8"'])), unique_by=lambda one: one[0]),
       st.sampled_from(["", "  ", "\t# note", " # a \\"]), st.sampled_from(["\n", "\r\n", "\r", "\n\n"]))  # fmt: skip
def test_requirements_survive_whatever_surrounds_them(
    wanted: list[tuple[str, str, str]], trailer: str, end: str
) -> None:
    lines = ["".join(one) for one in wanted]
    text = decoded("".join(f"{line}{trailer}{end}" for line in lines).encode())
    assert [line.text for line in parse_requirements(text, file="r").requirements] == lines


@given(st.text(st.sampled_from("ab #\\\n\r\t"), max_size=60))
def test_no_word_outside_comments_is_lost(text: str) -> None:
    said = "".join(line for _, line in logical_lines(text))
    physical = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    words = "".join(word for line in physical for word in f" {line}".partition(" #")[0].partition("\t#")[0].split())
    assert "".join(said.split()).replace("\\", "") == words.replace("\\", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a @ https://u:p@h/x", "a @ https://h/x"), ("git+https://tok@h/x and http://a@b@h/", "git+https://h/x and http://h/"),
     ("git+ssh://git@h/x", "git+ssh://git@h/x"), ("git+ssh://me:pw@h/x", "git+ssh://me@h/x"), ("a@b", "a@b")],
)  # fmt: skip
def test_logins_are_taken_out_of_a_text(text: str, shown: str) -> None:
    assert without_credentials_in(text) == shown


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("requirement.txt", "six\n", ("requirement.txt", 1)),
        ("Requirements.txt", "six\n", ("Requirements.txt", 1)),
        ("setup.cfg", "[options]\ninstall_requires =\n    six\n", ("setup.cfg", 1)),
        ("setup.py", "from setuptools import setup\nsetup(install_requires=['six'])\n", ("setup.py", 2)),
    ],
)
def test_what_stands_in_other_files_is_read(pack: Path, name: str, content: str, place: tuple[str, int]) -> None:
    (pack / name).write_text(content)
    assert read(pack).requirements == (PackRequirement("six", *place),)


def test_dynamic_dependencies_are_read_from_the_files_that_they_name(pack: Path) -> None:
    project = '[project]\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\ndependencies = {file = ["a.in"]}\n'
    (pack / "a.in").write_text("six\n")
    assert texts(read(pack, pyproject_toml=project)) == ["six"]
    (pack / "a.in").unlink()
    assert "not there" in read(pack).notes[0]


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("pyproject.toml", '[project]\ndynamic = ["dependencies"]\n', "dynamic"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3"\nsix = "^1.0"\n', "poetry for is not read: six"),
        ("setup.py", "setup(install_requires=lines())\n", "made when it runs"),
        ("setup.py", "setup(install_requires=[\n", "cannot be read"),
        ("setup.cfg", "no section\n", "cannot be read"),
    ],
)
def test_what_cannot_be_read_without_running_it_is_told(pack: Path, name: str, content: str, note: str) -> None:
    (pack / name).write_text(content)
    found = read(pack)
    assert found.requirements == ()
    assert note in found.notes[0]


def test_other_files_do_not_count_beside_requirements(pack: Path) -> None:
    (pack / "setup.py").write_text("setup(install_requires=['other'])\n")
    assert read(pack, "six\n") == PackRequirements((PackRequirement("six", "requirements.txt", 1),))
