"""A homeserver that does what it is told, wrong things included: for what a real one would never send."""

import contextlib
import http.client
import http.server
import json
import socket
import ssl
import threading
import time
import urllib.parse
import uuid

from causeway_demo.process import free_port

from . import matrix

FEDERATION = "/_matrix/federation"


def quote(text):
    return urllib.parse.quote(text, safe="")


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self):
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self):
        self._answer()

    def do_PUT(self):
        self._answer()

    def do_POST(self):
        self._answer()

    def _answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length) if length else b""
        status, answer = self.server.owner.handle(self.command, self.path, json.loads(text) if text else None)
        if callable(answer):  # writes what it likes to the connection
            self.close_connection = True
            answer(self)
            return
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp=None):
        return super().date_time_string((time.time() if timestamp is None else timestamp) + self.server.owner.dated_by_s)

    def log_message(self, format, *arguments):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.connections = set()
        self.accepted = 0

    def get_request(self):
        connection, address = super().get_request()
        self.accepted += 1
        return self.owner.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def server_close(self):
        super().server_close()
        self.disconnect()

    def disconnect(self):
        # Whoever is gone answers nothing on the connections it had.
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        pass  # connections that end early are the broker's good right


class FakeHomeserver:
    """Serves its key and what is asked about its events, keeps what is pushed to it, sends what a test makes.

    :param broker: whom it talks to.
    """

    def __init__(self, authority, broker, port=None):
        self.port = port or free_port()
        self.server_name = f"localhost:{self.port}"
        self.key = matrix.Key(self.server_name)
        self.received_pdus = []  # in order of arrival
        self.received_edus = []
        self.received_invites = []  # bodies
        self.requests = []       # "METHOD path"
        self.dated_by_s = 0      # how far its Date headers are ahead
        self.invite_answer = None  # (status, body) instead of signing
        self.events = {}         # event id -> event, served by /event and get_missing_events
        self._broker = broker
        self._trust = ssl.create_default_context(cafile=authority.ca_file)
        self.use_certificate(authority.certificate_file, authority.private_key_file)
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.owner = self
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    @property
    def handshakes(self):
        """Connections that were taken so far, whether or not anything came of them."""
        return self._server.accepted

    def use_certificate(self, certificate_file, private_key_file):
        """From the next connection on; nobody resumes a session of before."""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate_file, private_key_file)

    def disconnect(self):
        """Ends the connections there are."""
        self._server.disconnect()

    # -- as a server

    def key_document(self):
        return self.key.sign_json({
            "server_name": self.server_name, "valid_until_ts": matrix.now_ms() + 86_400_000, "old_verify_keys": {},
            "verify_keys": {self.key.key_id: {"key": self.key.public}}}, self.server_name)

    def handle(self, method, target, body):
        path = target.split("?")[0]
        self.requests.append(f"{method} {path}")
        if path.startswith("/_matrix/key/v2/server"):
            return 200, self.key_document()
        if path.startswith(f"{FEDERATION}/v1/version"):
            return 200, {"server": {"name": "fake", "version": "1"}}
        if path.startswith(f"{FEDERATION}/v1/send/"):
            self.received_pdus += body.get("pdus", [])
            self.received_edus += body.get("edus", [])
            return 200, {"pdus": {}}
        if path.startswith(f"{FEDERATION}/v2/invite/"):
            self.received_invites.append(body)
            if self.invite_answer:
                return self.invite_answer
            return 200, {"event": self.key.sign_event(body["event"], body["room_version"], self.server_name, False)}
        if path.startswith(f"{FEDERATION}/v1/event/"):
            event = self.events.get(urllib.parse.unquote(path.rsplit("/", 1)[1]))
            if event:
                return 200, {"origin": self.server_name, "origin_server_ts": matrix.now_ms(), "pdus": [event]}
        return 404, {"errcode": "M_NOT_FOUND", "error": "the fake homeserver has nothing of that kind"}

    # -- as a client

    def user(self, localpart):
        return f"@{localpart}:{self.server_name}"

    def raw(self, method, target, data=None, authorization=None, headers=None, port=None):
        """One HTTPS request of its own connection, to the broker or to another `port`. Returns (status, answer); `data` is bytes,
        the answer parsed JSON or bytes. A list as `authorization` is one header each."""
        connection = http.client.HTTPSConnection("localhost", port or self._broker.port, timeout=120, context=self._trust)
        try:
            every = {"Content-Type": "application/json", **(headers or {})}
            if isinstance(authorization, str):
                every["Authorization"] = authorization
            if not isinstance(authorization, list):
                connection.request(method, target, data, every)
            else:
                connection.putrequest(method, target)
                for key, value in [*every.items(), ("Content-Length", len(data or b"")), *(("Authorization", each) for each in authorization)]:
                    connection.putheader(key, value)
                connection.endheaders(data)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def request(self, method, uri, content=None, origin=None, destination=None, key=None, to=None):
        """A signed request to the broker or to another server of the machine, which `to` names; the other parameters replace
        what an honest server would sign with."""
        to = to or self._broker.server_name
        authorization = (key or self.key).authorization(
            method, uri, origin or self.server_name, destination or to, content)
        return self.raw(method, uri, None if content is None else matrix.canonical(content), authorization,
                        port=self._port_of(to))

    def _port_of(self, server_name):
        return self._broker.port if server_name == self._broker.server_name else int(server_name.rpartition(":")[2])

    def send(self, pdus=(), edus=(), to=None, **changes):
        """One transaction."""
        body = {"origin": self.server_name, "origin_server_ts": matrix.now_ms(), "pdus": list(pdus), "edus": list(edus)}
        return self.request("PUT", f"{FEDERATION}/v1/send/{uuid.uuid4().hex}", {**body, **changes}, to=to)

    def get_event(self, event_id):
        return self.request("GET", f"{FEDERATION}/v1/event/{quote(event_id)}")

    def make_join(self, room_id, user_id, versions=("10", "11")):
        query = "&".join("ver=" + version for version in versions)
        return self.request("GET", f"{FEDERATION}/v1/make_join/{quote(room_id)}/{quote(user_id)}?{query}")

    def complete(self, template, room_version, **changes):
        """A make_join or make_leave template as a signed event. Returns (event id, event)."""
        event = {**without_answers(template), "origin_server_ts": matrix.now_ms(), **changes}
        self.key.sign_event(event, room_version, self.server_name)
        return matrix.event_id(event, room_version), event

    def join(self, room_id, localpart):
        """Joins and returns the room as this server sees it."""
        status, made = self.make_join(room_id, self.user(localpart))
        assert status == 200, (status, made)
        event_id, event = self.complete(made["event"], made["room_version"])
        status, answer = self.request("PUT", f"{FEDERATION}/v2/send_join/{quote(room_id)}/{quote(event_id)}", event)
        assert status == 200, (status, answer)
        return FakeRoom(self, room_id, made["room_version"], self.user(localpart), event_id, event, answer)


def without_answers(template):
    return matrix.without(template, "event_id", "unsigned", "signatures", "hashes")


class FakeRoom:
    """A room the fake homeserver joined; makes events that follow on each other."""

    def __init__(self, server, room_id, room_version, user_id, join_id, join, answer):
        self.server = server
        self.room_id = room_id
        self.room_version = room_version
        self.user_id = user_id
        self.join_answer = answer
        self.state = {(event["type"], event["state_key"]): (matrix.event_id(event, room_version), event)
                      for event in answer["state"]}
        self.state["m.room.member", user_id] = (join_id, join)
        self._last = join_id
        self._depth = join["depth"]

    def make(self, kind, content, advance=True, sign=True, **changes):
        """A signed event after the last one. Returns (event id, event); `changes` replace members before signing."""
        auth = [self.state[key][0] for key in (("m.room.create", ""), ("m.room.power_levels", ""),
                                               ("m.room.member", self.user_id)) if key in self.state]
        event = {"type": kind, "room_id": self.room_id, "sender": self.user_id, "content": content,
                 "depth": self._depth + 1, "origin_server_ts": matrix.now_ms(), "prev_events": [self._last],
                 "auth_events": auth, **changes}
        if sign:
            self.server.key.sign_event(event, self.room_version, self.server.server_name)
        else:
            event["hashes"] = {"sha256": matrix.content_hash(event)}
        event_id = matrix.event_id(event, self.room_version)
        if advance:
            self._last, self._depth = event_id, event["depth"]
            self.server.events[event_id] = event
        return event_id, event

    def message(self, text, **changes):
        return self.make("m.room.message", {"msgtype": "m.text", "body": text}, **changes)

    def follow(self, event):
        """Goes on after somebody else's event."""
        self._last, self._depth = matrix.event_id(event, self.room_version), event["depth"]
