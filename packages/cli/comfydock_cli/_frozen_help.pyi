WIDTHS: tuple[int, ...]
HELP: dict[str, tuple[str, ...]]
