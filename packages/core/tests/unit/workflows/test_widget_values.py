"""Which saved value belongs to which input."""

from tests.support.graphs import (
    OPTIONAL,
    choice,
    codes,
    dynamic,
    graph,
    growing,
    inputs,
    kind,
    node,
    number,
    slot,
    socket,
    text,
    value,
    view,
)

TEXTS = kind("Texts", text("one"), text("two"), number("count", default=3))


def test_values_without_names_belong_to_the_inputs_in_order() -> None:
    seen = view(graph([node(1, "Texts", ["a", "b", 5])]), TEXTS)
    assert inputs(seen, "1") == {"one": "a", "two": "b", "count": 5}
    assert value(seen, "1", "two").found == "ordered"


def test_names_in_the_file_go_before_the_order_of_the_class() -> None:
    listed = [slot("two", "STRING", widget=True), slot("one", "STRING", widget=True), slot("count", "INT", widget=True)]
    seen = view(graph([node(1, "Texts", ["a", "b", 5], inputs=listed)]), TEXTS)
    assert inputs(seen, "1") == {"two": "a", "one": "b", "count": 5}
    assert value(seen, "1", "two").found == "named"


def test_names_of_fewer_inputs_than_there_are_values_tell_nothing() -> None:
    listed = [slot("two", "STRING", widget=True)]
    assert inputs(view(graph([node(1, "Texts", ["a", "b", 5], inputs=listed)]), TEXTS), "1")["one"] == "a"


def test_names_beside_the_values_are_believed() -> None:
    named = {"count": 5, "two": "b", "one": "a"}
    seen = view(graph([node(1, "Texts", [5, "b", "a"], widgets_values_named=named)]), TEXTS)
    assert inputs(seen, "1") == {"one": "a", "two": "b", "count": 5}


def test_values_as_a_mapping_have_their_names() -> None:
    seen = view(graph([node(1, "Texts", {"two": "b", "a/b": 1, "one": "a"})]), TEXTS)
    assert inputs(seen, "1") == {"one": "a", "two": "b", "count": 3}
    assert value(seen, "1", "two").places == ("/nodes/0/widgets_values/two",)


def test_values_of_an_unknown_class_as_a_mapping_are_all_inputs() -> None:
    assert inputs(view(graph([node(1, "Foreign", {"a": 1, "b": "x"})])), "1") == {"a": 1, "b": "x"}


def test_what_comes_after_a_run_is_no_value_of_the_next_input() -> None:
    seen = view(graph([node(1, "KSampler", [7, "randomize", 9, "heun"])]))
    assert inputs(seen, "1") == {"seed": 7, "steps": 9, "sampler_name": "heun"}


def test_an_old_file_has_no_control_behind_its_seed() -> None:
    assert inputs(view(graph([node(1, "KSampler", [7, 9, "heun"])])), "1") == {
        "seed": 7, "steps": 9, "sampler_name": "heun",
    }  # fmt: skip


def test_any_input_may_have_a_control_when_its_options_say_so() -> None:
    class_ = kind("Counted", number("count", control_after_generate=True), number("more"))
    assert inputs(view(graph([node(1, "Counted", [1, "increment", 2])]), class_), "1") == {"count": 1, "more": 2}


def test_a_seed_whose_options_refuse_a_control_has_none() -> None:
    class_ = kind("Counted", number("seed", control_after_generate=False), text("word"))
    assert inputs(view(graph([node(1, "Counted", [1, "fixed"])]), class_), "1") == {"seed": 1, "word": "fixed"}


def test_the_button_of_an_upload_is_no_input() -> None:
    class_ = kind("LoadImage", choice("image", "a.png", image_upload=True))
    seen = view(graph([node(1, "LoadImage", ["b.png", "image"])]), class_)
    assert inputs(seen, "1") == {"image": "b.png"} and seen.nodes[0].unnamed == ()


def test_an_input_that_is_forced_to_be_a_socket_has_no_value() -> None:
    class_ = kind("Forced", number("a", forceInput=True), number("b"))
    assert inputs(view(graph([node(1, "Forced", [5])]), class_), "1") == {"b": 5}


def test_an_input_of_the_class_that_the_file_lacks_gets_the_default_without_a_place() -> None:
    seen = view(graph([node(1, "Texts", ["a", "b"])]), TEXTS)
    assert (value(seen, "1", "count").value, value(seen, "1", "count").places) == (3, ())
    assert value(seen, "1", "count").found == "default"


def test_values_are_aligned_by_type_where_the_class_has_lost_an_input() -> None:
    seen = view(graph([node(1, "KSampler", ["gone", 7, "fixed", 9, "heun"])]))
    assert inputs(seen, "1") == {"seed": 7, "steps": 9, "sampler_name": "heun"}
    assert value(seen, "1", "seed").found == "aligned"
    assert [one.value for one in seen.nodes[0].unnamed] == ["gone"]


def test_a_number_before_a_control_is_a_seed_among_aligned_numbers() -> None:
    class_ = kind("New", text("prompt"), number("seed"), number("n"))
    seen = view(graph([node(1, "New", ["x", "2k", 5, 77, "randomize", 1])]), class_)
    assert inputs(seen, "1")["seed"] == 77


def test_values_are_aligned_by_type_where_the_class_has_gained_an_input_in_front() -> None:
    class_ = kind("Gained", number("new", default=4), text("word"), number("old"))
    assert inputs(view(graph([node(1, "Gained", ["x", 5])]), class_), "1") == {"new": 4, "word": "x", "old": 5}


def test_a_named_value_whose_input_the_class_has_lost_is_told_and_kept_aside() -> None:
    listed = [slot("one", "STRING", widget=True), slot("gone", "STRING", widget=True)]
    seen = view(graph([node(1, "Texts", ["a", "b"], inputs=listed)]), TEXTS)
    assert "gone" not in inputs(seen, "1") and codes(seen) == ["lost-input"]
    assert [one.value for one in seen.nodes[0].unnamed] == ["b"]


def test_a_class_of_which_not_all_inputs_are_known_loses_none() -> None:
    class_ = kind("Open", text("one"), doubts=("nodes.py:3: inputs are made by code",))
    assert inputs(view(graph([node(1, "Open", {"one": "a", "lora_1": "x.safetensors"})]), class_), "1") == {
        "one": "a", "lora_1": "x.safetensors",
    }  # fmt: skip


def test_values_of_an_unknown_class_without_names_belong_to_no_input() -> None:
    seen = view(graph([node(1, "Foreign", ["a.safetensors", 3, None, ""])]))
    assert inputs(seen, "1") == {}
    assert [(one.value, one.places) for one in seen.nodes[0].unnamed] == [
        ("a.safetensors", ("/nodes/0/widgets_values/0",)),
        (3, ("/nodes/0/widgets_values/1",)),
    ]


DYNAMIC = kind(
    "Save",
    dynamic("format", mp4=(choice("codec", "h264"), number("crf")), gif=(number("colours"),), none=()),
    text("name"),
)


def test_the_choice_of_a_dynamic_combo_brings_inputs_of_its_own() -> None:
    assert inputs(view(graph([node(1, "Save", ["mp4", "h264", 19, "x"])]), DYNAMIC), "1") == {
        "format": "mp4", "format.codec": "h264", "format.crf": 19, "name": "x",
    }  # fmt: skip
    assert inputs(view(graph([node(1, "Save", ["none", "x"])]), DYNAMIC), "1") == {"format": "none", "name": "x"}


def test_a_choice_of_a_newer_version_keeps_what_it_brings_by_name() -> None:
    listed = [slot(name, widget=True) for name in ("format", "format.speed", "name")]
    seen = view(graph([node(1, "Save", ["webm", 3, "x"], inputs=listed)]), DYNAMIC)
    assert inputs(seen, "1") == {"format": "webm", "format.speed": 3, "name": "x"}


def test_a_choice_of_a_newer_version_is_not_replaced_by_a_default() -> None:
    seen = view(graph([node(1, "Save", ["webm", 3, "x"])]), DYNAMIC)
    assert inputs(seen, "1") == {"format": "webm", "name": "x"}
    assert [one.value for one in seen.nodes[0].unnamed] == [3]


def test_an_input_that_grows_has_as_many_widgets_as_the_file_lists_and_the_class_requires() -> None:
    class_ = kind("Join", growing("texts", text("text"), "text", least=2), number("n"))
    assert inputs(view(graph([node(1, "Join", ["a", "b", 5])]), class_), "1") == {
        "texts.text0": "a", "texts.text1": "b", "n": 5,
    }  # fmt: skip
    three = [slot(f"texts.text{at}", "STRING", widget=True) for at in range(3)]
    assert inputs(view(graph([node(1, "Join", ["a", "b", "c", 5], inputs=three)]), class_), "1")["texts.text2"] == "c"


def test_sockets_that_grow_are_those_that_are_linked() -> None:
    class_ = kind("Batch", growing("images", socket("image", "IMAGE"), "image"), number("n"))
    nodes = [node(1, "Load"), node(2, "Batch", [5], inputs=[slot("images.image0", "IMAGE", 1)])]
    assert inputs(view(graph(nodes, [[1, 1, 0, 2, 0, "IMAGE"]]), class_), "2") == {"images.image0": ("1", 0), "n": 5}


def test_an_input_of_unknown_type_is_a_widget_unless_the_file_lists_it_as_a_socket() -> None:
    class_ = kind("Odd", socket("model", "MODEL", OPTIONAL), number("n"))
    unknown = kind("Odd", *(type(one)(one.name, one.section, None) for one in class_.inputs))
    assert inputs(view(graph([node(1, "Odd", [5], inputs=[slot("model", "MODEL")])]), unknown), "1") == {"n": 5}


def test_a_comparison_of_pictures_has_the_value_that_its_server_asks_for() -> None:
    class_ = kind("ImageCompare", socket("image_a", "IMAGE", OPTIONAL), socket("compare_view", "IMAGECOMPARE"))
    assert inputs(view(graph([node(1, "ImageCompare", [])]), class_), "1") == {"compare_view": ["", ""]}
