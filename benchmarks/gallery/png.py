"""Pictures of few colours, written with the standard library (PNG, ISO/IEC 15948)."""

from __future__ import annotations

import struct
import zlib

DEPTH = 4
"""Bits of one pixel: sixteen colours are enough for text on paper."""


def indexed(width: int, height: int, palette: bytes, pixels: bytes) -> bytes:
    """A picture of at most sixteen colours: `palette` as RGB triples, `pixels` as whole rows, two pixels an octet."""
    stride = (width * DEPTH + 7) // 8
    rows = b"".join(b"\0" + pixels[n * stride : (n + 1) * stride] for n in range(height))
    head = struct.pack(">IIBBBBB", width, height, DEPTH, 3, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def plain(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A picture of one colour."""
    return indexed(width, height, bytes(colour), bytes((width * DEPTH + 7) // 8 * height))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
