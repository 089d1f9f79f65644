OUTLINE: bytes
ROWS: dict[str, bytes]
