"""What somebody writes as a package, a constraint or a file of them is understood, or refused with a plain error."""

from pathlib import Path

import pytest
import tomlkit
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from comfydock_core.configs.environment_layout import EnvironmentLayout
from comfydock_core.core.usecases.python_packages.constraining import wish_to_constrain
from comfydock_core.core.usecases.python_packages.words import read_request
from comfydock_core.integrations.uv_errors import unknown_packages
from comfydock_core.managers.pyproject.requirements import keep_indexes, replace_constraints
from comfydock_core.models.exceptions import InvalidSetting, PackageRefused, RequirementInvalid
from comfydock_core.models.packages.python_packages import PackageRequest
from comfydock_core.utils.package_names import requirement_name
from comfydock_core.utils.reporting import SilentReporter
from comfydock_core.validation.requirements import parts_of

NAMES = st.sampled_from(["numpy", "Pillow", "torch", "my_tool", "a", "zope.interface"])
VERSIONS = st.sampled_from(["1", "2.0", "1.0rc1", "2.9.1+cu128", "9.*", "x", ""])
OPERATORS = st.sampled_from(["==", ">=", "<", "~=", "!=", "===", "=", "@", " ; ", "[x]"])
WORDS = st.one_of(
    st.text(max_size=60),
    st.tuples(NAMES, OPERATORS, VERSIONS).map("".join),
    st.tuples(st.sampled_from(["./", "~/", "/nowhere/", "-e ", "-", "file:///", "git+https://h/", "https://u:pw@h/"]),
              st.text(max_size=20)).map("".join),
)  # fmt: skip


@pytest.fixture
def layout(tmp_path: Path) -> EnvironmentLayout:
    made = EnvironmentLayout(f"{tmp_path}/demo")
    Path(made.definition).mkdir(parents=True)
    Path(made.manifest).write_text('[project]\nname = "x"\n[tool.uv]\nconstraint-dependencies = ["torch==2.9.1"]\n')
    return made


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORDS, min_size=1, max_size=3), editable=st.booleans())
@example(words=["0_"], editable=False)
def test_any_words_are_requirements_or_refused(layout: EnvironmentLayout, words: list[str], editable: bool) -> None:
    request = PackageRequest("add", tuple(words), editable=editable, directory=layout.root)
    try:
        wanted, _ = read_request(request, layout)
    except InvalidSetting as error:
        assert "https://u:pw@" not in f"{error.message}{error.hint}{error.context}"
        assert "https:/u:pw@" not in error.message
        return
    assert len(wanted) == len(words)
    for one in wanted:
        assert not one.text.startswith("-")
        assert one.name is None or requirement_name(one.text) == one.name


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORDS, max_size=4))
def test_any_file_is_understood_or_refused_with_its_place(layout: EnvironmentLayout, words: list[str]) -> None:
    file = Path(layout.definition, "wishes.txt")
    file.write_text("\n".join(words), "utf-8", "surrogatepass")
    try:
        wanted, _ = read_request(PackageRequest("add", file=str(file)), layout)
    except (RequirementInvalid, InvalidSetting) as error:
        assert str(file) in error.message
        assert "https://u:pw@" not in f"{error.message}{error.hint}{error.context}"
        return
    assert wanted


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORDS, min_size=1, max_size=3))
def test_any_constraint_limits_something_or_is_refused(layout: EnvironmentLayout, words: list[str]) -> None:
    try:
        wish_to_constrain(layout, PackageRequest("constrain", tuple(words)), SilentReporter())
    except (InvalidSetting, PackageRefused):
        return
    for word in words:
        parts = parts_of(word.strip())
        assert parts is not None and parts.limits and parts.address is None and not parts.extras
        assert parts.name != "torch" or all(
            sign not in ("==", "===") or version.endswith("*") for sign, version in parts.limits
        )


@settings(deadline=None)
@given(
    present=st.lists(st.tuples(NAMES, st.sampled_from(["<2", "==1", ">=1"])).map("".join), unique=True, max_size=6),
    data=st.data(),
)
def test_constraints_that_are_not_replaced_keep_their_order_and_comments(
    present: list[str], data: st.DataObject
) -> None:
    gone = set(data.draw(st.lists(st.sampled_from(present), unique=True))) if present else set()
    new = data.draw(st.dictionaries(NAMES.map(lambda name: str(requirement_name(name))), st.just(["fresh>=1"])))
    new = {name: [text.replace("fresh", name) for text in texts] for name, texts in new.items()}
    lines = "".join(f'    "{text}",  # {number}\n' for number, text in enumerate(present))
    document = tomlkit.parse(f"[tool.uv]\nconstraint-dependencies = [\n{lines}]\n")
    replace_constraints(document, gone, new)
    written = tomlkit.parse(tomlkit.dumps(document)).unwrap()
    after = written["tool"]["uv"].get("constraint-dependencies", [])
    kept = [text for text in present if text not in gone]
    fresh = [text for texts in new.values() for text in texts]
    assert sorted(after) == sorted([*kept, *fresh])
    assert [text for text in after if text not in fresh] == [text for text in kept if text not in fresh]


def test_indexes_and_sources_that_were_there_stay_and_others_go() -> None:
    before = (
        '[tool.uv]\nindex = [{name = "own", url = "https://own.invalid"}]\n[tool.uv.sources]\na = {index = "own"}\n'
    )
    after = before.replace("}]", '}, {name = "x", url = "https://me:pw@x.invalid"}]') + (
        'b = {index = "x"}\nc = {path = "../c"}\n'
    )
    document = tomlkit.parse(after)
    assert keep_indexes(document, tomlkit.parse(before).unwrap())
    uv = document.unwrap()["tool"]["uv"]
    assert [index["name"] for index in uv["index"]] == ["own"]
    assert uv["sources"] == {"a": {"index": "own"}, "c": {"path": "../c"}}
    assert not keep_indexes(document, document.unwrap())


def test_packages_that_no_index_has_are_known_by_what_uv_says() -> None:
    said = "Because mini-nowhere was not found in the package registry and your project depends on mini-nowhere, we"
    assert unknown_packages(said) == ["mini-nowhere"]
    assert unknown_packages("Because only a<2 is available and b depends on a>=2") == []


def test_a_constraint_takes_the_place_of_the_one_that_it_replaces() -> None:
    document = tomlkit.parse('[tool.uv]\nconstraint-dependencies = [\n    "a<1",\n    "b<1",  # why\n    "c<1",\n]\n')
    replace_constraints(document, {"a<1"}, {"a": ["a<2"], "d": ["d<1"]})
    assert document.unwrap()["tool"]["uv"]["constraint-dependencies"] == ["a<2", "b<1", "c<1", "d<1"]
    assert '"b<1",  # why' in tomlkit.dumps(document)


@pytest.mark.parametrize("word", ["https://u:pw@h.invalid/x", "git+https://u:pw@h.invalid/x", "x @ https://u:pw@h/x"])
def test_an_address_is_not_editable_and_its_login_is_not_shown(layout: EnvironmentLayout, word: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        read_request(PackageRequest("add", (word,), editable=True), layout)
    assert "pw" not in f"{caught.value.message}{caught.value.context}"
