ROWS: dict[tuple[str, ...], tuple[object, ...]]
