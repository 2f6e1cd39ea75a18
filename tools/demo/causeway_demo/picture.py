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


def write(path, times=1):
    """Writes the file.

    :param times: how much larger it is, in both directions
    """
    width, height = times * WIDTH, times * HEIGHT

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(part for x in range(width) for part in _colour(x // times, y // times)) for y in range(height))
    with open(path, "wb") as out:
        out.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                  chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
