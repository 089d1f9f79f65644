"""Nuitka user plugin for Linux and macOS: `--version` and help are answered before the interpreter starts.

The answers are those of the staged tree, `_version.py` and `_frozen_help.py`, printed into `first_answers.c`.
"""

import os
import pathlib
import runpy
import sys

from nuitka.plugins.PluginBase import NuitkaPluginBase  # type: ignore[import-not-found]

_TEMPLATE = pathlib.Path(__file__).with_suffix(".c")


class FirstAnswersPlugin(NuitkaPluginBase):  # type: ignore[misc]
    """Adds one C file to the program. Its name becomes part of a file name."""

    plugin_name = "first-answers"

    @staticmethod
    def getExtraCodeFiles() -> dict[str, str]:
        """The file, by its name; none where a constructor is not told the command line."""
        if sys.platform == "win32":
            return {}
        return {"first_answers.c": staged_source(pathlib.Path(os.environ["COMFYDOCK_STAGE"], "comfydock_cli"))}


def staged_source(package: pathlib.Path) -> str:
    """The C text for the staged command package."""
    frozen = runpy.run_path(str(package / "_frozen_help.py"))
    version = runpy.run_path(str(package / "_version.py"))["VERSION"]
    return c_source(_TEMPLATE.read_text("utf-8"), f"comfydock {version}\n", frozen["HELP"], frozen["WIDTHS"])


def c_source(template: str, version: str, helps: dict[str, tuple[str, str]], widths: tuple[int, int]) -> str:
    """The template with the answers. Raises `ValueError` for text that another encoding would print otherwise."""
    definitions = (
        f"#define VERSION_ANSWER {c_text(version)}",
        f"#define DEFAULT_WIDTH {widths[0]}",
        f"#define MOST_WIDTH {widths[1]}",
    )
    rows = (f"{{{c_text(path)}, {', '.join(map(c_text, texts))}}}," for path, texts in helps.items())
    return template.replace("/*DEFINITIONS*/", "\n".join(definitions)).replace("/*ANSWERS*/", "\n    ".join(rows))


def c_text(text: str) -> str:
    """A C literal; question marks are escaped because two of them may begin another character."""
    if any(letter != "\n" and not " " <= letter <= "~" for letter in text):
        raise ValueError(f"only printable ASCII can be answered first: {text!r}")
    for letter, escaped in (("\\", "\\\\"), ('"', '\\"'), ("?", "\\?"), ("\n", "\\n")):
        text = text.replace(letter, escaped)
    return f'"{text}"'
