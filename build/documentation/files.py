"""All documentation as files of a directory."""

from pathlib import Path

from build.documentation import manual, reference
from comfydock_cli._version import VERSION


def texts() -> dict[str, str]:
    """The text of every file by its path. The same sources give the same texts."""
    pages = {f"man/{path}": text for path, text in manual.pages(VERSION).items()}
    return {**pages, "reference.md": reference.as_markdown(VERSION), "reference.html": reference.as_html(VERSION)}


def write(directory: Path) -> None:
    """Write every file, and remove manual pages of commands and topics that are no more."""
    made = texts()
    for page in directory.glob("man/man*/comfydock*"):
        if page.relative_to(directory).as_posix() not in made:
            page.unlink()
    for path, text in made.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
