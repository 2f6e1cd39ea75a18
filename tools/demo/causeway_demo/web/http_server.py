"""The demo's HTTP server on loopback: the page, its stream of events, and what the page does."""

import http.server
import io
import json
import os
import socket
import threading
import urllib.parse

from . import event_stream
from .access import TOKEN_HEADER, Access
from .actions import FILE_BYTES_MAX, Refused

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
BODY_BYTES_MAX = 256 * 1024
# A connection that sends or reads nothing for so long is closed.
IDLE_S = 30
CONNECTIONS_MAX = 64
VIEWERS_MAX = 16  # streams of events
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class HttpServer(http.server.ThreadingHTTPServer):
    """:param site: see Site; what is shown and done
    :param port: on 127.0.0.1; 0: any that is free
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, site, port):
        self._connections = threading.Semaphore(CONNECTIONS_MAX)
        self._viewers = threading.Semaphore(VIEWERS_MAX)
        super().__init__(("127.0.0.1", port), Handler)
        self.site = site
        self.access = Access(self.server_port)
        self._serving = False
        self.resumed = 0  # streams that went on where they had broken off
        self._streams = {}  # sockets of streams
        self._streams_lock = threading.Lock()

    @property
    def url(self):
        """What the person opens: it makes their browser one that may look."""
        return f"http://127.0.0.1:{self.server_port}/?session={self.access.session}"

    def start(self):
        self._serving = True
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.2}, name="http", daemon=True).start()

    def close(self):
        self.break_streams()
        if self._serving:
            self.shutdown()
        self.server_close()

    def break_streams(self):
        """Cuts all streams of events; browsers come back by themselves while the server is there."""
        with self._streams_lock:
            broken = list(self._streams.values())
            self._streams.clear()
        for connection in broken:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # gone by itself
        self.site.changes.wake()

    def follow(self, connection, write, last_id):
        """Serves a stream of events. False: there are too many."""
        if not self._viewers.acquire(blocking=False):
            return False
        with self._streams_lock:
            self._streams[id(connection)] = connection
        try:
            if last_id and self.site.changes.number_of(last_id) is not None:
                self.resumed += 1
            event_stream.follow(self.site.changes, last_id, write, lambda: id(connection) in self._streams)
        except OSError:
            pass  # the viewer went away, or reads nothing
        finally:
            with self._streams_lock:
                self._streams.pop(id(connection), None)
            self._viewers.release()
        return True

    # One thread for each connection, and no more than CONNECTIONS_MAX.

    def process_request(self, request, client_address):
        if not self._connections.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request, client_address):
        """A connection that broke is no news."""


def picture(query):
    """What is said of a picture that is sent: its size, and a small one of it.

    :raises Refused
    """
    said = {key: query[key] for key in ("width", "height", "thumbnail") if key in query}
    for key in ("width", "height"):
        if key not in said:
            continue
        if not (said[key].isascii() and said[key].isdigit() and len(said[key]) < 7):
            raise Refused("bad_body", f"{key} is a number of pixels")
        said[key] = int(said[key])
    return said


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "causeway-demo"
    sys_version = ""
    timeout = IDLE_S

    def log_message(self, *_):
        """Nothing: the terminal belongs to the chats."""

    def do_GET(self):
        if not self.server.access.is_for_us(self.headers):
            return self._refuse(421, "wrong_host", "this server is asked as 127.0.0.1 or localhost")
        path, _, query = self.path.partition("?")
        session = urllib.parse.parse_qs(query).get("session")
        if path == "/" and session and self.server.access.is_session(session[0]):
            # Out of the address line, and so out of the history.
            return self._send(303, b"", "text/plain", {"Location": "/", "Set-Cookie": self.server.access.cookie()})
        if not self.server.access.may_look(self.headers):
            return self._refuse(403, "no_session", "open the address that the demo has printed")
        if path == "/events":
            return self._events()
        if path.startswith("/media/"):
            return self._media(path.split("/", 3)[2:])
        return self._file("index.html" if path == "/" else path.removeprefix("/page/"))

    def do_POST(self):
        access = self.server.access
        if not access.is_for_us(self.headers):
            return self._refuse(421, "wrong_host", "this server is asked as 127.0.0.1 or localhost")
        if not access.may_do(self.headers):
            return self._refuse(403, "no_token", f"only the demo's own page may do something here ({TOKEN_HEADER})")
        url = urllib.parse.urlsplit(self.path)
        body = self._body(FILE_BYTES_MAX if url.path in ("/file", "/picture") else BODY_BYTES_MAX)
        if body is None:
            return None
        try:
            answer = self._carry_out(url.path, dict(urllib.parse.parse_qsl(url.query)), body)
        except Refused as refused:
            return self._refuse(409, refused.code, refused.message)
        return self._send(200, json.dumps(answer).encode(), "application/json")

    def _carry_out(self, path, query, body):
        site = self.server.site
        if path == "/file":
            about = {"room": "", "sender": "", "name": "a file", "type": "application/octet-stream", **query}
            return site.side(query.get("side")).actions.send_file(
                about["room"], about["sender"], about["name"], about["type"], io.BytesIO(body), **picture(query)
            )
        if path == "/picture":
            about = {"name": "a picture", "type": "application/octet-stream", **query}
            return site.side(query.get("side")).actions.put_file(about["name"], about["type"], io.BytesIO(body))
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            raise Refused("bad_body", "a JSON object is needed")
        if path == "/command":
            return site.side(asked.get("side")).actions.carry_out(asked.get("name"), asked.get("body"))
        if path == "/switch":
            return site.switch(asked.get("up") is True)
        if path == "/federation":
            return site.side(asked.get("side")).federate(asked.get("changes"))
        if path == "/newcomers":
            return site.side(asked.get("side")).welcome(asked.get("names"))
        if path == "/refused":
            return site.side(asked.get("side")).refuse(asked.get("word"))
        if path == "/tour":
            return site.tour.control(asked.get("action"))
        raise Refused("not_found", f"there is nothing at {path}")

    # -- answers

    def _events(self):
        self.close_connection = True
        self.send_response(200)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        if not self.server.follow(self.connection, self.wfile.write, self.headers.get("Last-Event-ID")):
            self.wfile.write(b"retry: 10000\n\n")  # too many viewers: later

    def _media(self, words):
        side = self.server.site.sides.get(words[0])
        found = side.files.get(words[1]) if side and len(words) == 2 else None
        if not found:
            return self._refuse(404, "not_found", "there is no such file, or its server does not give it")
        return self._send(200, found[0], found[1], {"Content-Security-Policy": "sandbox; default-src 'none'"})

    def _file(self, name):
        # Names of the folder alone: nothing is put together from what was asked for.
        if name not in os.listdir(PAGE):
            return self._refuse(404, "not_found", "there is no such page")
        with open(os.path.join(PAGE, name), "rb") as page:
            content = page.read()
        if name == "index.html":
            content = content.replace(b"{{token}}", self.server.access.token.encode())
        return self._send(200, content, TYPES.get(os.path.splitext(name)[1], "application/octet-stream"))

    def _body(self, bytes_max):
        """The body; None: it was refused."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 12) or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return self._refuse(411, "bad_body", "the length of the body is needed")
        if int(length) > bytes_max:
            self.close_connection = True
            return self._refuse(413, "too_large", f"at most {bytes_max} bytes")
        return self.rfile.read(int(length))

    def _refuse(self, status, code, message):
        if self.command == "POST" and status in (403, 421):
            self.close_connection = True  # its body is not read
        self._send(status, json.dumps({"code": code, "message": message}).encode(), "application/json")

    def _send(self, status, content, content_type, more=None):
        self.send_response(status)
        for name, value in {**HEADERS, **(more or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
