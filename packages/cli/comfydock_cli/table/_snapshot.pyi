OUTLINE: list[tuple[str, tuple[str, ...], str]]
ROWS: dict[tuple[str, ...], tuple[object, ...]]
