"""ComfyUI's own report of what it imported is read from the output of a start, in the wordings of its versions."""

from hypothesis import given
from hypothesis import strategies as st

from comfydock_core.analyzers.import_report import parse_import_report
from comfydock_core.models.packs.imports import ImportReport, PackImport

START = """\
Traceback (most recent call last):
  File "/c/nodes.py", line 2129, in load_custom_node
ModuleNotFoundError: No module named 'lark'

Cannot import /c/custom_nodes/ComfyUI-Broken module for custom nodes: No module named 'lark'
Skip /c/custom_nodes/empty module for custom nodes due to the lack of NODE_CLASS_MAPPINGS or NODES_LIST (need one).

Import times for custom nodes:
   0.0 seconds: /c/custom_nodes/websocket_image_save.py
   0.1 seconds (IMPORT FAILED): /c/custom_nodes/empty
   1.5 seconds (IMPORT FAILED): /c/custom_nodes/ComfyUI-Broken
  12.3 seconds: /c/custom_nodes/comfyui impact

Starting server
"""
READ = ImportReport(
    (
        PackImport("websocket_image_save.py", 0.0),
        PackImport("empty", 0.1, "it defines no node classes"),
        PackImport("ComfyUI-Broken", 1.5, "No module named 'lark'"),
        PackImport("comfyui impact", 12.3),
    )
)


def test_seconds_failures_and_their_reasons_are_read() -> None:
    assert parse_import_report(START.splitlines()) == READ


def test_the_last_start_of_a_log_counts() -> None:
    later = START.replace("No module named 'lark'", "cannot import name 'x' from 'y'").replace("12.3", " 2.0")
    report = parse_import_report((START + later).splitlines())
    assert report is not None
    assert report.failed[1].error == "cannot import name 'x' from 'y'"
    assert report.packs[-1].seconds == 2.0


def test_a_reason_of_an_earlier_start_is_not_taken_for_this_one() -> None:
    silent = "Import times for custom nodes:\n   1.5 seconds (IMPORT FAILED): /c/custom_nodes/ComfyUI-Broken\n"
    report = parse_import_report((START + silent).splitlines())
    assert report == ImportReport((PackImport("ComfyUI-Broken", 1.5, ""),))


def test_levels_times_colours_and_windows_paths_are_no_hindrance() -> None:
    lines = [
        "2026-11-02 10:00:00,123 - [INFO] Import times for custom nodes:",
        "\x1b[32m[INFO]\x1b[0m    0.2 seconds (IMPORT FAILED): C:\\ComfyUI\\custom_nodes\\Fancy",
    ]
    assert parse_import_report(lines) == ImportReport((PackImport("Fancy", 0.2, ""),))


def test_a_log_without_a_report_is_not_understood() -> None:
    assert parse_import_report(["ComfyUI version: 9.9", "everything is fine"]) is None


def test_a_heading_without_rows_is_not_understood() -> None:
    assert parse_import_report(["Import times for custom nodes:", "all of them were quick"]) is None


@given(st.lists(st.one_of(st.text(max_size=80), st.sampled_from(START.splitlines())), max_size=40))
def test_any_lines_have_an_answer(lines: list[str]) -> None:
    report = parse_import_report(lines)
    assert report is None or report.packs


def test_long_lines_take_no_time_to_speak_of() -> None:
    assert parse_import_report(["Cannot import " + "a module for custom nodes" * 40_000, "[" * 1_000_000]) is None
