"""JSON pointers."""


def json_pointer(*steps: str | int) -> str:
    """The JSON pointer (RFC 6901) to the value that the keys and indexes lead to."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
