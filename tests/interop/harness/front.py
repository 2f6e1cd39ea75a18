"""A door before a homeserver that can lose what is pushed to it: the only way to make a gap on purpose."""

import contextlib
import http.client
import http.server
import json
import ssl
import threading

from causeway_demo.process import free_port

# A request that is held by a case that has failed goes on after this.
HELD_S = 180


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._pass_on()

    def do_PUT(self):
        self._pass_on()

    def do_POST(self):
        self._pass_on()

    def _pass_on(self):
        owner = self.server.owner
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        owner.wait_where_held(self.path)
        if owner.swallows_transactions and self.path.startswith("/_matrix/federation/v1/send/"):
            # The sender believes it arrived.
            owner.swallowed += len(json.loads(body)["pdus"])
            status, content_type, answer = 200, "application/json", b'{"pdus":{}}'
        elif self.path.startswith("/_matrix/federation/v2/invite/") and owner.refuses(json.loads(body)["room_version"]):
            status, content_type, answer = 400, "application/json", json.dumps(
                {"errcode": "M_INCOMPATIBLE_ROOM_VERSION", "error": "Your homeserver does not support the features required to join this room",
                 "room_version": json.loads(body)["room_version"]}).encode()
        else:
            status, content_type, answer = owner.forward(self.command, self.path, body, self.headers)
            if status == 200 and self.path.startswith("/_matrix/federation/v1/send/"):
                owner.edus += json.loads(body).get("edus", [])
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format, *arguments):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


class Front:
    """Listens on `port` with TLS and passes requests untouched to the homeserver that `target_port` is set to."""

    def __init__(self, authority):
        self.port = free_port()
        self.target_port = None
        self.swallows_transactions = False
        self.swallowed = 0  # PDUs
        self.edus = []  # of transactions that were taken, in the order in which they came
        self.unknown_versions = set()  # of rooms: invitations to them are refused as an old homeserver does
        self.refused = []  # those versions, in the order of the invitations
        self.held = 0  # requests that have waited here
        self.overdue = False  # one of them was let go before its time
        self._held_path, self._let_go = None, threading.Event()
        self._trust = ssl.create_default_context(cafile=authority.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.certificate_file, authority.private_key_file)
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.owner = self
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    @contextlib.contextmanager
    def holding(self, path):
        """Meanwhile requests wait here whose path has that in it; at the end they go on."""
        self.held, self._held_path, self.overdue = 0, path, False
        self._let_go.clear()
        try:
            yield
        finally:
            self._held_path = None
            self._let_go.set()
        assert not self.overdue, f"a request was held for {HELD_S} s and then let go: nothing was tried"

    def wait_where_held(self, path):
        if self._held_path and self._held_path in path:
            self.held += 1
            if not self._let_go.wait(HELD_S):
                self.overdue = True

    def receipts(self, room, user):
        """Event ids of the markers of `user` that have come through, in order; a repetition counts once."""
        found = []
        for edu in list(self.edus):
            marker = edu["content"].get(room, {}).get("m.read", {}).get(user) if edu["edu_type"] == "m.receipt" else None
            if marker and found[-1:] != marker["event_ids"][:1]:
                found += marker["event_ids"]
        return found

    def refuses(self, room_version):
        if room_version not in self.unknown_versions:
            return False
        self.refused.append(room_version)
        return True

    def forward(self, method, target, body, headers):
        connection = http.client.HTTPSConnection("localhost", self.target_port, timeout=120, context=self._trust)
        try:
            kept = {name: headers[name] for name in ("Authorization", "Content-Type", "Host") if headers[name]}
            connection.request(method, target, body, kept)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type", "application/json"), answer.read()
        except OSError:
            return 502, "application/json", b'{"errcode":"M_UNKNOWN","error":"nobody behind the door"}'
        finally:
            connection.close()
