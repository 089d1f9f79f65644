"""What ComfyUI's own arguments say that matters to whoever starts it. Everything else is ComfyUI's affair."""

from collections.abc import Sequence

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8188
_EVERYWHERE = "0.0.0.0,::"
_DEVICES = ("--cpu", "--directml", "--cuda-device", "--default-device", "--oneapi-device-selector", "--gpu-only")
_NEVER_SERVES = ("--quick-test-for-ci", "--help", "-h")


def serves(arguments: Sequence[str]) -> bool:
    """Whether ComfyUI is going to listen at all."""
    return not any(word in _NEVER_SERVES for word in arguments)


def hosts(arguments: Sequence[str]) -> list[str]:
    """The addresses it will listen on."""
    value = _value(arguments, "--listen", without=_EVERYWHERE)
    named = DEFAULT_HOST if value is None else value
    return [host.strip() for host in named.split(",") if host.strip()] or [DEFAULT_HOST]


def port(arguments: Sequence[str]) -> int | None:
    """The port it will listen on; `None` when the system is to choose one, or when it is not a port."""
    value = _value(arguments, "--port", without="")
    if value is None:
        return DEFAULT_PORT
    number = int(value) if value.isascii() and value.isdecimal() else 0
    return number if 0 < number < 65536 else None


def names_device(arguments: Sequence[str]) -> bool:
    """Whether they say which device to compute on."""
    return any(word.partition("=")[0] in _DEVICES for word in arguments)


def _value(arguments: Sequence[str], option: str, *, without: str) -> str | None:
    """The last value that an option was given; `without` when it stands without one, `None` when it does not stand."""
    found: str | None = None
    for at, word in enumerate(arguments):
        name, equals, attached = word.partition("=")
        if name != option:
            continue
        following = arguments[at + 1] if at + 1 < len(arguments) else "-"
        found = attached if equals else without if following.startswith("-") else following
    return found
