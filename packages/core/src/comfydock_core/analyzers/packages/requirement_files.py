"""Requirements files of ComfyUI and of node packs, read for the names in them."""

from comfydock_core.validation.requirement_lines import decoded
from comfydock_core.validation.requirements import parse_requirements


def named_requirements(path: str) -> list[tuple[str, str]]:
    """The requirements of a file, each with the name of its package; none of a file that cannot be read.

    Lines that are no requirements are passed over.
    """
    try:
        with open(path, "rb") as file:
            text = decoded(file.read())
    except OSError:
        return []
    parsed = parse_requirements(text, file=path, on_invalid=lambda _: None)
    return [(line.name, line.text) for line in parsed.requirements]
