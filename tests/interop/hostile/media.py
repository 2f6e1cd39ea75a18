"""Files over federation, by hand: what a homeserver answers, what it reads, pictures out of nothing but a few bytes."""

import email.parser
import email.policy
import http.client
import re
import struct
import zlib

from harness.fake_homeserver import FEDERATION

BOUNDARY = "fake-boundary"


def multipart(*parts, boundary=BOUNDARY, close=True):
    """Parts are (headers, bytes)."""
    body = b""
    for headers, data in parts:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        body += f"--{boundary}\r\n{lines}\r\n".encode() + data + b"\r\n"
    return body + (f"--{boundary}--\r\n".encode() if close else b"")


def download(data, content_type="application/octet-stream", disposition="attachment", **more):
    """Body of an honest answer."""
    return multipart(({"Content-Type": "application/json"}, b"{}"),
                     ({"Content-Type": content_type, "Content-Disposition": disposition}, data), **more)


def location(url):
    return multipart(({"Content-Type": "application/json"}, b"{}"), ({"Location": url}, b""))


def raw(body, content_type=f"multipart/mixed; boundary={BOUNDARY}", length=None, status=b"200 OK", more=b""):
    """An answer of a played homeserver, written as it stands; `length` may lie."""
    def answer(handler):
        head = b"HTTP/1.1 " + status + b"\r\nContent-Type: " + content_type.encode() + b"\r\n" + more
        handler.wfile.write(head + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body)
    return None, answer


class Part:
    def __init__(self, headers, data):
        self.headers = headers
        self.data = data


def ask(server, path):
    """GET of the media endpoints by a played homeserver. Returns (status, headers, parts or JSON text)."""
    uri = f"{FEDERATION}/v1/media/{path}"
    authorization = server.key.authorization("GET", uri, server.server_name, server._broker.server_name, None)
    connection = http.client.HTTPSConnection("localhost", server._broker.port, timeout=120, context=server._trust)
    try:
        connection.request("GET", uri, None, {"Authorization": authorization})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        return answer.status, answer.headers, body
    boundary = re.fullmatch(r"multipart/mixed; boundary=([0-9A-Za-z]+)", answer.headers["Content-Type"])[1].encode()
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    assert pieces[0] == b"" and pieces[-1] == b"--\r\n", (len(body), answer.headers["Content-Length"], pieces[0][:80], pieces[-1][:80], body[-80:])
    parts = []
    for piece in pieces[1:-1]:
        head, _, data = piece.partition(b"\r\n\r\n")
        headers = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head.removeprefix(b"\r\n") + b"\r\n\r\n")
        parts.append(Part(headers, data))
    return 200, answer.headers, parts


def png(width, height, claims=None, colour=(200, 30, 30)):
    """A picture of one colour; `claims` replaces the size its header tells."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    row = b"\0" + bytes(colour) * width
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", *(claims or (width, height)), 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(row * height, 9)) + chunk(b"IEND", b""))


def png_size(data):
    assert data.startswith(b"\x89PNG"), data[:16]
    return struct.unpack(">II", data[16:24])
