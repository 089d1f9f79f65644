"""The text of all files that a search looks at, kept in a few pieces. On the path of `model index find`.

Looking through long texts takes a tenth of the time that SQLite needs for as many rows. They are made anew, in the same
transaction, by whatever changes names of files or what their headers say.
"""

from comfydock_core.repositories.model_index.rows import text
from comfydock_core.utils.text import folded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from comfydock_core.utils.light_sqlite import Connection

# Files in one piece. The memory that it takes is used for the next one; asking the system for more takes longer than
# looking through it.
_AT_ONCE = 400
_SAMPLE = 4096  # Bytes of a piece that tell which words are rare.
# An entry is the number of a row, a line feed, and the text with its end. No name has this letter in it.
_END = b"\0"


def note_texts(connection: "Connection") -> None:
    """Make it of what the rows say now, within the transaction of the caller. Raises `sqlite3.Error`."""
    connection.execute("DELETE FROM search_texts")
    asked = connection.execute("SELECT number, CAST(searched AS BLOB) FROM locations ORDER BY number")
    while rows := asked.fetchmany(_AT_ONCE):
        piece = b"".join([b"%d\n%b%b" % (number, _encoded(folded(text(searched))), _END) for number, searched in rows])
        connection.execute("INSERT INTO search_texts VALUES (?)", (piece,))


def numbers_with(pieces: "Iterable[bytes]", words: "Sequence[str]") -> list[int]:
    """The numbers of the rows whose text has each of these words, which are folded and not empty."""
    wanted = [_encoded(word) for word in words]
    found: list[int] = []
    for piece in pieces:
        wanted.sort(key=piece[:_SAMPLE].count)  # The rarest is looked for, the others only where it is.
        found.extend(_in_piece(piece, wanted))
    return found


def _in_piece(piece: bytes, words: "Sequence[bytes]") -> "Iterator[int]":
    at = piece.find(words[0])
    while at >= 0:
        begin, end = piece.rfind(_END, 0, at) + 1, piece.find(_END, at)
        number, _, searched = piece[begin:end].partition(b"\n")
        if all(word in searched for word in words):  # The first may have been found in the number.
            yield int(number)
        at = piece.find(words[0], end + 1)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
