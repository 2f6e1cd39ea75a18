"""A node's web listener without a node: the interface of plugin/inspector with rows that a test chooses, as many as it
likes, and a stream that it breaks. What the real one does is looked at by test_node.py."""

import contextlib
import http.server
import json
import os
import sys
import threading
import time
import urllib.parse

import pretend_rows
from pretend_answers import Answers, Refused

PAGE = os.path.normpath(
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "plugin", "inspector", "page")
)
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

LISTS = {  # verb: name of its list
    "servers": "servers",
    "rooms": "rooms",
    "invites": "invitations",
    "actors": "actors",
    "dead_letters": "dead_letters",
    "edge": "peers",
    "streams": "streams",
    "nodes": "nodes",
    "history": "terms",
    "status": "alarms",
    "audit": "audit",
}
CHANGES = {
    "server.retry": "server",
    "server.pause": "server",
    "server.resume": "server",
    "room.resync": "room",
    "invite.revoke": "room user",
    "invite.resend": "room user",
    "dead_letter.retry": "letter",
    "dead_letter.drop": "letter",
    "node.drain": "",
    "node.undrain": "",
}
SHOWS = {
    "server.show": "server",
    "room.show": "room",
    "invite.show": "room user",
    "dead_letter.show": "letter",
    "room.compare": "room",
    "doctor": "",
    "check": "",
    "server.probe": "server",
    "actor.show": "kind key",
    "actor.trace": "kind key",
    "why": "event",
    "keys": "",
}


class PretendNode(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, actors=200, verbs=None, alarms=()):
        super().__init__(("127.0.0.1", 0), Handler)
        self.lists = {
            "servers": pretend_rows.servers(),
            "rooms": pretend_rows.rooms(),
            "invites": pretend_rows.invitations(),
            "actors": [pretend_rows.actor(i) for i in range(actors)],
            "dead_letters": pretend_rows.dead_letters(),
            "edge": pretend_rows.peers(),
            "streams": pretend_rows.STREAMS,
            "nodes": pretend_rows.nodes(),
            "history": pretend_rows.terms(),
            "status": list(alarms),
            "audit": [],
        }
        self._answers = Answers(self.lists)
        self.verbs = verbs if verbs is not None else {*LISTS, *CHANGES, *SHOWS}
        self.name = "harbour"  # among the nodes that share a store
        self.done = []  # (verb, arguments) of what was changed
        self.asked = []  # verbs that were read
        self.resumed = 0  # streams that went on where they had broken off
        self.token = None  # one that is asked for
        self.refuse_streams = False
        self.streams_open = 0
        self.topics = set()  # of the latest stream
        self._changed = threading.Condition()
        self._events = []  # (id, topic, data), all that are kept
        self._last_id = 0
        self._generation = 0  # streams of an earlier one end
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, request, client_address):
        """A browser that turns away in the middle of an answer is no news."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def close(self):
        self.break_streams()
        self.shutdown()
        self.server_close()

    def change(self, topic, changed=(), gone=()):
        """Tells viewers; the lists are the test's own business."""
        self._put(topic, {"topic": topic, "changed": list(changed), "gone": list(gone)})

    def _put(self, topic, data):
        with self._changed:
            self._last_id += 1
            self._events.append((self._last_id, topic, data))
            self._changed.notify_all()

    def break_streams(self):
        with self._changed:
            self._generation += 1
            self._changed.notify_all()

    def forget_events(self):
        """Who comes back now has missed something."""
        with self._changed:
            self._events.clear()
            self._last_id += 1

    @contextlib.contextmanager
    def counting(self, topics):
        with self._changed:
            self.streams_open += 1
            self.topics = topics
        try:
            yield
        finally:
            with self._changed:
                self.streams_open -= 1

    def read(self, verb, args):
        self.asked.append(verb)
        if verb == "commands":
            known = sorted(self.verbs)
            return {
                "commands": [
                    {
                        "name": each,
                        "changes": each in CHANGES,
                        "doc": "",
                        "required": {**CHANGES, **SHOWS}.get(each, ""),
                    }
                    for each in known
                ]
            }
        if verb not in self.verbs or verb in CHANGES:
            raise Refused(404, "unknown_command", f'there is no command "{verb}"')
        if verb in LISTS:
            rows = self.lists[verb][: int(args.get("limit", 1000))]
            answer = {LISTS[verb]: rows, "total": len(self.lists[verb])}
            more = {"status": {"server_name": "ours.example", "version": "0.9.0"}, "nodes": {"node": self.name}}
            return {**answer, **more.get(verb, {})}
        return getattr(self._answers, verb.replace(".", "_"))(args)

    def write(self, verb, args):
        if verb not in CHANGES or verb not in self.verbs:
            raise Refused(404, "unknown_command", f'there is no command "{verb}"')
        if not args.get("reason", "").strip():
            raise Refused(400, "bad_body", f"{verb} needs reason")
        if args["reason"] == "refuse me":
            raise Refused(409, "conflict", "somebody else is at it")
        self.done.append((verb, args))
        given = {name: value for name, value in args.items() if name != "reason"}
        self.lists["audit"].insert(
            0,
            {
                "ts": pretend_rows.now(),
                "peer": "web",
                "by": "",
                "verb": verb,
                "arguments": json.dumps(given),
                "reason": args["reason"],
                "outcome": "done",
            },
        )
        return {"id": "done"}

    def stream(self, topics, last_id, write):
        """Writes events until somebody breaks it."""
        with self._changed:
            generation = self._generation
            kept_from = self._events[0][0] if self._events else self._last_id + 1
            at = last_id if last_id is not None else self._last_id
            missed = last_id is not None and last_id + 1 < kept_from
            if last_id is not None and not missed:
                self.resumed += 1
            if missed:
                at = self._last_id
        write("retry: 200\n\n")
        if "rates" in topics:
            write(f"event: rates\ndata: {json.dumps({'topic': 'rates', 'reset': True, 'points': points(600)})}\n\n")
        if missed:
            write(f"id: {at}\nevent: gap\ndata: {json.dumps({'topics': sorted(topics)})}\n\n")
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda at=at: self._generation != generation or (self._events and self._events[-1][0] > at), 1
                )
                if self._generation != generation:
                    return
                news = [each for each in self._events if each[0] > at]
            for number, topic, data in news:
                at = number
                if topic in topics:
                    write(f"id: {number}\nevent: {topic}\ndata: {json.dumps(data)}\n\n")
            if "rates" in topics and not news:
                write(f"event: rates\ndata: {json.dumps({'topic': 'rates', 'points': points(1)})}\n\n")
            elif not news:
                write(": still here\n\n")  # tells whether he still is


def points(number):
    """Rates as of a busy day, with an outage in them."""
    out = []
    second = int(time.time())
    for i in range(number):
        at = second - number + 1 + i
        busy = 40 + 14 * ((at // 7) % 5) + (at * 7919) % 13
        down = 300 < at % 600 < 420
        out.append(
            [
                at * 1000,
                {
                    "pdus_in_100": busy * (30 if down else 100),
                    "pdus_out_100": busy * (18 if down else 180),
                    "requests_in_100": busy * 40,
                    "requests_failed_100": 900 if down else 20,
                    "request_ms": 4000 if down else 60 + at % 9,
                    "request_ms_slowest": 10000 if down else 250,
                    "commit_us_p50": 900 + at % 5 * 40,
                    "commit_us_p99": 4800 + at * 31 % 400 + (7000 if down else 0),
                    "staged": at % 4,
                    "store_queued": 180 if down else at % 9,
                    "edge_queued": at % 6,
                    "owed": 6000 if down else 40 + at % 7,
                    "owed_age_ms": at % 600 * 1000 if down else 0,
                    "servers_paused": 1,
                    "servers_backing_off": 9 if down else 2,
                    "servers_sending": at % 3,
                    "servers_waiting": 5 if down else 0,
                },
            ]
        )
    return out


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def _send(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, make):
        try:
            if self.server.token and self.server.token not in (self.headers.get("Cookie") or ""):
                raise Refused(401, "forbidden", "show the token")
            self._send(200, "application/json", json.dumps(make()).encode())
        except Refused as why:
            self._send(why.status, "application/json", json.dumps(why.body).encode())

    def do_GET(self):
        at = urllib.parse.urlsplit(self.path)
        args = dict(urllib.parse.parse_qsl(at.query))
        if at.path.startswith("/api/"):
            return self._answer(lambda: self.server.read(urllib.parse.unquote(at.path[len("/api/") :]), args))
        if at.path == "/events":
            return self._stream(set(args["topics"].split(",")))
        path = os.path.normpath(os.path.join(PAGE, at.path.lstrip("/") or "index.html"))
        if not path.startswith(PAGE + os.sep) or not os.path.isfile(path):
            return self._send(404, "text/plain", b"not there")
        with open(path, "rb") as file:
            return self._send(200, TYPES.get(os.path.splitext(path)[1], "text/plain"), file.read())

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/login":
            right = body.get("token") == self.server.token
            self.send_response(204 if right else 401)
            if right:
                self.send_header("Set-Cookie", f"token={self.server.token}; HttpOnly; SameSite=Strict")
            return self.end_headers()
        if self.headers.get("X-Causeway") != "1":
            return self._send(403, "application/json", b'{"code": "forbidden", "message": "X-Causeway is missing"}')
        return self._answer(lambda: self.server.write(self.path[len("/api/") :], body))

    def _stream(self, topics):
        if self.server.refuse_streams:
            return self._send(503, "application/json", b'{"code": "overloaded"}')
        if self.server.token and self.server.token not in (self.headers.get("Cookie") or ""):
            return self._send(401, "application/json", b'{"code": "forbidden"}')
        last = self.headers.get("Last-Event-ID")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()

        def write(text):
            self.wfile.write(text.encode())
            self.wfile.flush()

        with self.server.counting(topics):
            try:
                self.server.stream(topics, int(last) if last else None, write)
            except OSError:
                pass  # the viewer has gone
