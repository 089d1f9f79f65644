"""Two names for one variable of the C library, put right in the library that programs are linked against.

In the real library `environ` is a weak name of `__environ`, in zig's stand-in a variable of its own. A program that is
not position independent has a copy of each variable that it uses; without the alias the linker cannot see that the
copy stands for both names, and what the library writes to `__environ` the program never sees in `environ`.
"""

import struct
from pathlib import Path

from build.portable.workshop import PortableError

_ALIASES = {
    b"_environ": b"__environ",
    b"daylight": b"__daylight",
    b"environ": b"__environ",
    b"program_invocation_name": b"__progname_full",
    b"program_invocation_short_name": b"__progname",
    b"timezone": b"__timezone",
    b"tzname": b"__tzname",
}

_DYNSYM = 11
_WEAK_OBJECT = (2 << 4) | 1
_HEADER = struct.Struct("<40xQ10xHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")


def join_aliases(library: Path) -> None:
    """Give every alias the place of its variable, and make it weak. Raises `PortableError`."""
    data = bytearray(library.read_bytes())
    places = _symbols(data)
    for alias, name in _ALIASES.items():
        if alias not in places or name not in places:
            raise PortableError(f"{library} has no {alias.decode()} or no {name.decode()}, review {__file__}")
        string, _, other, _, _, size = _SYMBOL.unpack_from(data, places[alias])
        _, _, _, section, value, own_size = _SYMBOL.unpack_from(data, places[name])
        if size != own_size:
            raise PortableError(f"{alias.decode()} and {name.decode()} differ in size in {library}")
        _SYMBOL.pack_into(data, places[alias], string, _WEAK_OBJECT, other, section, value, size)
    library.write_bytes(data)


def _symbols(data: bytearray) -> dict[bytes, int]:
    """Where in a 64-bit file the entry of each dynamic symbol lies."""
    start, size, count, _ = _HEADER.unpack_from(data)
    sections = [_SECTION.unpack_from(data, start + number * size) for number in range(count)]
    found: dict[bytes, int] = {}
    for _, kind, _, _, offset, length, link, _, _, entry in sections:
        if kind == _DYNSYM:
            strings = sections[link][4]
            for place in range(offset, offset + length, entry):
                name = strings + _SYMBOL.unpack_from(data, place)[0]
                found[bytes(data[name : data.index(0, name)])] = place
    return found
