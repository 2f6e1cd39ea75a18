"""A picture without a library: a ferry on the sea, as PNG."""

import struct
import zlib

WIDTH, HEIGHT = 320, 200


def _colour(x, y):
    if abs(x - 160) < 70 - max(0, y - 120) and 120 <= y < 150:
        return 150, 40, 40  # hull
    if 120 <= x < 200 and 95 <= y < 120:
        return 240, 240, 240  # cabins
    return (30, 90, 160) if y >= 140 else (170, 210, 240)


def write(path):
    """Writes the file."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(part for x in range(WIDTH) for part in _colour(x, y)) for y in range(HEIGHT))
    with open(path, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)) +
                  chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
