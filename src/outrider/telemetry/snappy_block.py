"""Snappy's block format, which clients of Loki and Prometheus send: inflated within a bound.

https://github.com/google/snappy/blob/main/format_description.txt
"""

from __future__ import annotations

from typing import Final

_LITERAL, _SHORT_COPY = 0, 1
_LONGEST_INLINE: Final = 60
_VARINT_BYTES: Final = 5


def inflate_snappy(data: bytes, most: int) -> bytes:
    """Return what was compressed.

    Raises:
        ValueError: If it is damaged or cut short.
        OverflowError: If it has more than `most` bytes.
    """
    size, at = _varint(data)
    if size > most:
        raise OverflowError(f"it inflates to {size} bytes")
    content = bytearray()
    try:
        while at < len(data):
            at = (_literal if data[at] & 3 == _LITERAL else _copy)(data, at, content)
            if len(content) > size:
                break
    except IndexError:
        raise ValueError("it is cut short") from None
    if len(content) != size:
        raise ValueError("its length is not what it says")
    return bytes(content)


def _literal(data: bytes, at: int, content: bytearray) -> int:
    """Take bytes as they stand; return where the next element begins."""
    length = data[at] >> 2
    at += 1
    if length >= _LONGEST_INLINE:
        width = length - _LONGEST_INLINE + 1
        length = int.from_bytes(data[at : at + width], "little")
        at += width
    end = at + length + 1
    if end > len(data):
        raise ValueError("it is cut short")
    content += data[at:end]
    return end


def _copy(data: bytes, at: int, content: bytearray) -> int:
    """Repeat bytes that came before, which may overlap with their copy; return where the next element begins."""
    tag = data[at]
    if tag & 3 == _SHORT_COPY:
        length, offset, end = 4 + (tag >> 2 & 7), (tag >> 5) << 8 | data[at + 1], at + 2
    else:
        width = 2 if tag & 3 == 2 else 4
        length, end = 1 + (tag >> 2), at + 1 + width
        offset = int.from_bytes(data[at + 1 : end], "little")
    start = len(content) - offset
    if offset == 0 or start < 0:
        raise ValueError("it refers to what is not there")
    piece = bytes(content[start : start + length])
    content += (piece * (length // len(piece) + 1))[:length]
    return end


def _varint(data: bytes) -> tuple[int, int]:
    """Return the number at the beginning and how many bytes it takes."""
    number = 0
    for at, byte in enumerate(data[:_VARINT_BYTES]):
        number |= (byte & 0x7F) << 7 * at
        if byte < 0x80:
            return number, at + 1
    raise ValueError("it has no length")
