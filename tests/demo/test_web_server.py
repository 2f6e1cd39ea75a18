"""The demo's HTTP server by itself, without brokers and browser: who may look and do, its bounds, and the stream of
events."""

import http.client
import json
import os
import tempfile
import types
import unittest

from causeway_demo.process import until
from causeway_demo.web import event_stream, http_server
from causeway_demo.web.actions import Refused, checked
from causeway_demo.web.changes import Changes
from causeway_demo.web.files import BYTES_MAX, Files
from causeway_demo.web.timeline import ENTRIES_MAX, Timeline


class FakeSite:
    """What the server needs of a site; `done` has what it was asked to do."""

    def __init__(self):
        self.changes = Changes(kept=10)
        self.sides = {}
        self.done = []
        self.tour = types.SimpleNamespace(control=lambda action: self.done.append(("tour", action)) or {})

    def side(self, name):
        if name != "A":
            raise Refused("bad_body", "side is A or B")
        carry_out = lambda command, body: self.done.append((command, body)) or {"event_id": "$1"}
        keep = lambda name, kind, source: self.done.append((name, kind, source.read())) or {"mxc": "mxc://a/1"}
        return types.SimpleNamespace(
            actions=types.SimpleNamespace(carry_out=carry_out, put_file=keep),
            federate=lambda changes: self.done.append(("federation", changes)) or changes,
            welcome=lambda names: self.done.append(("newcomers", names)) or {},
        )

    def switch(self, up):
        self.done.append(("switch", up))
        return {"up": up}


class ServerCase(unittest.TestCase):
    def setUp(self):
        self.site = FakeSite()
        self.server = http_server.HttpServer(self.site, 0)
        self.server.start()
        self.addCleanup(self.server.close)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.cookie = self.server.access.cookie().split(";")[0]

    def ask(self, method, path, body=None, **headers):
        """(status, headers, body); by default as the demo's own page asks. A header that is None is left out."""
        given = {"Host": self.host, "Cookie": self.cookie, "X-Causeway-Token": self.server.access.token, **headers}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=90)
        self.addCleanup(connection.close)
        connection.putrequest(method, path, skip_host=True)
        for name, value in given.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None and "Content-Length" not in given:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def command(self, body=None, **headers):
        asked = {"side": "A", "name": "member.leave", "body": {"room": "r", "user": "u"}} if body is None else body
        return self.ask("POST", "/command", json.dumps(asked).encode(), **headers)


class WhoMayLookAndDo(ServerCase):
    def test_the_printed_address_makes_a_browser_one_that_may_look(self):
        path = self.server.url.removeprefix(f"http://{self.host}")
        status, headers, _ = self.ask("GET", path, Cookie=None)
        self.assertEqual((status, headers["Location"]), (303, "/"))
        self.assertIn("HttpOnly; SameSite=Strict", headers["Set-Cookie"])
        status, headers, page = self.ask("GET", "/", Cookie=headers["Set-Cookie"].split(";")[0])
        self.assertEqual(status, 200)
        self.assertIn(self.server.access.token.encode(), page)
        self.assertIn("default-src 'self'", headers["Content-Security-Policy"])
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")

    def test_without_the_session_there_is_nothing_to_see(self):
        for path in ("/", "/events", "/page/main.js", "/?session=guessed"):
            for cookie in (None, "", self.cookie[:-1] + "x", "causeway_demo=1; ;=;"):
                with self.subTest(path=path, cookie=cookie):
                    self.assertEqual(self.ask("GET", path, Cookie=cookie)[0], 403)

    def test_a_request_for_another_host_is_refused(self):
        for host in (None, "evil.example", f"evil.example:{self.server.server_port}", "127.0.0.1", "127.0.0.1:1"):
            with self.subTest(host=host):
                self.assertEqual(self.ask("GET", "/", Host=host)[0], 421)
                self.assertEqual(self.command(Host=host)[0], 421)
        self.assertEqual(self.ask("GET", "/", Host=f"localhost:{self.server.server_port}")[0], 200)
        self.assertEqual(self.site.done, [])

    def test_only_the_own_page_does_something(self):
        for headers in (
            {"X-Causeway-Token": None},
            {"X-Causeway-Token": "x"},
            {"X-Causeway-Token": "\xe9"},
            {"Cookie": None},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://127.0.0.1:1"},
        ):
            with self.subTest(headers=headers):
                self.assertEqual(self.command(**headers)[0], 403)
        self.assertEqual(self.site.done, [])
        self.assertEqual(self.command(Origin="http://" + self.host)[0], 200)
        self.assertEqual(self.site.done, [("member.leave", {"room": "r", "user": "u"})])


class Requests(ServerCase):
    def test_what_is_no_request_is_refused_in_words(self):
        for body in (
            b"",
            b"{",
            b"[]",
            b"1",
            b"[" * 100_000,
            json.dumps({"side": "C"}).encode(),
            json.dumps({"side": {}}).encode(),
        ):
            with self.subTest(body=body[:20]):
                status, _, answer = self.ask("POST", "/command", body)
                self.assertEqual((status, json.loads(answer)["code"]), (409, "bad_body"))
        self.assertEqual(self.ask("POST", "/elsewhere", b"{}")[0], 409)
        self.assertEqual(self.site.done, [])

    def test_a_picture_is_kept_and_the_federation_switched_for_the_own_page_alone(self):
        switched = json.dumps({"side": "A", "changes": {"receipts": False}}).encode()
        names = json.dumps({"side": "A", "names": ["eve"]}).encode()
        picture = ("/picture?side=A&name=a.png&type=image/png", b"\x89PNG")
        asked = (picture, ("/federation", switched), ("/newcomers", names))
        for path, body in asked:
            self.assertEqual(self.ask("POST", path, body, **{"X-Causeway-Token": None})[0], 403)
            self.assertEqual(self.site.done, [])
        status, _, answer = self.ask("POST", "/picture?side=A&name=a.png&type=image/png", b"\x89PNG")
        self.assertEqual((status, json.loads(answer)), (200, {"mxc": "mxc://a/1"}))
        self.assertEqual(self.ask("POST", "/federation", switched)[0], 200)
        self.assertEqual(self.ask("POST", "/newcomers", names)[0], 200)
        self.assertEqual(
            self.site.done,
            [("a.png", "image/png", b"\x89PNG"), ("federation", {"receipts": False}), ("newcomers", ["eve"])],
        )

    def test_a_body_is_bounded_before_it_is_read(self):
        for path, bound in (("/command", http_server.BODY_BYTES_MAX), ("/file", http_server.FILE_BYTES_MAX), ("/picture", http_server.FILE_BYTES_MAX)):
            self.assertEqual(self.ask("POST", path, **{"Content-Length": str(bound + 1)})[0], 413)
        for length in (None, "-1", "1e3", "9" * 50):
            self.assertEqual(self.ask("POST", "/command", **{"Content-Length": length})[0], 411)

    def test_files_come_from_the_folder_of_the_page_alone(self):
        for path in (
            "/page/../site.py",
            "/page/%2e%2e/site.py",
            "/page//etc/passwd",
            "/site.py",
            "/page/",
            "/media/A/x",
            "/media/../A",
        ):
            with self.subTest(path=path):
                self.assertEqual(self.ask("GET", path)[0], 404)
        self.assertEqual(self.ask("GET", "/page/style.css")[1]["Content-Type"], "text/css; charset=utf-8")

    def test_the_switch_and_the_tour_are_asked(self):
        self.assertEqual(self.ask("POST", "/switch", b'{"up": false}')[0], 200)
        self.assertEqual(self.ask("POST", "/tour", b'{"action": "start"}')[0], 200)
        self.assertEqual(self.site.done, [("switch", False), ("tour", "start")])


class Viewer:
    """Reads a stream of events."""

    def __init__(self, case, last_id=None):
        self._connection = http.client.HTTPConnection("127.0.0.1", case.server.server_port, timeout=90)
        case.addCleanup(self._connection.close)
        self._connection.request(
            "GET", "/events", headers={"Cookie": case.cookie, **({"Last-Event-ID": last_id} if last_id else {})}
        )
        self._answer = self._connection.getresponse()
        self.last_id = last_id

    def next(self):
        """(event, data); None at the end of the stream. Lines that say the stream is alive are skipped."""
        fields = {}
        while True:
            line = self._answer.readline().decode()
            if not line:
                return None
            if line == "\n" and "event" in fields:
                self.last_id = fields["id"]
                return fields["event"], json.loads(fields["data"])
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value


class Stream(ServerCase):
    def put(self, *numbers):
        for number in numbers:
            self.site.changes.put(("entry", str(number)), {"n": number})

    @staticmethod
    def numbers(told):
        return [value["n"] for _, value in told[1]]

    def test_a_viewer_gets_everything_and_then_what_changes(self):
        self.put(1)
        viewer = Viewer(self)
        self.assertEqual(viewer.next(), ("state", [[["entry", "1"], {"n": 1}]]))
        self.put(2)
        self.assertEqual(viewer.next(), ("change", [[["entry", "2"], {"n": 2}]]))
        self.site.changes.put(("entry", "1"), None)
        self.assertEqual(viewer.next(), ("change", [[["entry", "1"], None]]))

    def test_a_viewer_whose_connection_broke_gets_what_it_missed_and_no_more(self):
        self.put(1, 2)
        viewer = Viewer(self)
        viewer.next()
        self.server.break_streams()
        self.assertIsNone(viewer.next())
        self.put(3, 4, 4)
        again = Viewer(self, viewer.last_id)
        told = again.next()
        self.assertEqual((told[0], self.numbers(told)), ("change", [3, 4]))
        self.assertEqual(self.server.resumed, 1)

    def test_a_viewer_that_missed_too_much_is_told_of_the_gap(self):
        viewer = Viewer(self)
        viewer.next()
        self.server.break_streams()
        self.put(*range(11))  # one more than is kept
        again = Viewer(self, viewer.last_id)
        self.assertEqual(again.next(), ("gap", {}))
        told = again.next()
        self.assertEqual((told[0], self.numbers(told)), ("state", list(range(11))))

    def test_an_id_that_is_none_of_this_run_is_a_gap(self):
        self.put(1)
        for last_id in ("0", "other-1", f"{self.site.changes.id_of(1)}x", f"{self.site.changes.id_of(0)}" + "9" * 40):
            with self.subTest(last_id=last_id):
                viewer = Viewer(self, last_id)
                self.assertEqual([viewer.next()[0], viewer.next()[0]], ["gap", "state"])
        ahead = Viewer(self, self.site.changes.id_of(7))
        self.assertEqual([ahead.next()[0], ahead.next()[0]], ["gap", "state"])

    def test_many_changes_of_one_document_are_one(self):
        viewer = Viewer(self)
        viewer.next()
        self.server.break_streams()
        for number in range(5):
            self.site.changes.put(("side", "A"), {"n": number})
        told = Viewer(self, viewer.last_id).next()
        self.assertEqual(self.numbers(told), [4])

    def test_a_viewer_that_reads_nothing_holds_nobody_up(self):
        written = []

        def refuse(_):
            if written:
                raise TimeoutError("its window is full")
            written.append(1)

        with self.assertRaises(OSError):
            event_stream.follow(self.site.changes, None, refuse, lambda: True)
        self.put(1)
        self.assertEqual(Viewer(self).next()[0], "state")

    def test_viewers_are_counted(self):
        viewers = [Viewer(self) for _ in range(http_server.VIEWERS_MAX)]
        for viewer in viewers:
            self.assertEqual(viewer.next()[0], "state")
        self.assertIsNone(Viewer(self).next())
        self.server.break_streams()
        for viewer in viewers:
            self.assertIsNone(viewer.next())
        until(lambda: Viewer(self).next() is not None, 90, "a free place")


class Bounds(unittest.TestCase):
    def test_bodies_of_the_page_are_flat(self):
        flat = {"a": "x", "b": ["y"], "c": True, "d": 1, "e": {"m.tz": "z"}}
        self.assertEqual(checked(flat), flat)
        deep = ({"a": {"b": 1}}, {"a": {"b": {}}}, {"a": [1]})
        for body in (None, [], "x", *deep, {"a": 1.5}, {"a": None}, {"a": ["x"] * 101}):
            with self.assertRaises(Refused, msg=body):
                checked(body)

    def test_a_timeline_forgets_its_oldest(self):
        shown = {}

        def publish(entry_id, entry):
            shown[entry_id] = entry

        timeline = Timeline(publish)
        for number in range(ENTRIES_MAX + 3):
            timeline.add(f"${number}", kind="message", event_id=f"${number}", ts=number)
        self.assertEqual([each for each, entry in shown.items() if entry is None], ["$0", "$1", "$2"])
        self.assertIsNone(timeline.entry("$1"))
        self.assertEqual(len(timeline.entries()), ENTRIES_MAX)

    def test_a_file_that_is_too_large_is_not_kept(self):
        class Chat:
            @staticmethod
            def download(mxc, target, timeout):
                for _ in range(BYTES_MAX // (1 << 20) + 1):
                    target.write(b"x" * (1 << 20))

        folder = self.enterContext(tempfile.TemporaryDirectory())
        files = Files(Chat, folder)
        self.assertIsNone(files.get("server/media"))
        self.assertEqual(os.listdir(folder), [])
        self.assertIsNone(files.get("../../etc/passwd"))


class TimelineEntries(unittest.TestCase):
    def setUp(self):
        self.timeline = Timeline(lambda entry_id, entry: None)
        self.timeline.add("m1", kind="message", own=True, event_id="", text="hello", ts=1)

    def test_a_message_is_found_by_either_of_its_ids(self):
        self.timeline.change("m1", event_id="$1")
        self.assertEqual(self.timeline.entry("$1")["id"], "m1")
        self.timeline.add("$1", kind="message", text="twice", ts=2)
        self.assertEqual(len(self.timeline.entries()), 1)

    def test_a_reaction_counts_once_and_goes(self):
        for user in ("@a:x", "@b:x", "@a:x"):
            self.timeline.react("m1", "+", user, "$r")
        self.assertEqual([each["user"] for each in self.timeline.entry("m1")["reactions"]["+"]], ["@b:x", "@a:x"])
        for user in ("@a:x", "@b:x"):
            self.timeline.take_back("m1", "+", user)
        self.assertEqual(self.timeline.entry("m1")["reactions"], {})

    def test_a_deleted_message_says_nothing_and_takes_no_reactions(self):
        self.timeline.react("m1", "+", "@a:x", "$r")
        self.timeline.delete("m1", "@a:x", "why", 5)
        self.timeline.react("m1", "+", "@b:x", "$s")
        entry = self.timeline.entry("m1")
        self.assertEqual((entry["text"], entry["reactions"], entry["deleted"]["reason"]), ("", {}, "why"))


if __name__ == "__main__":
    unittest.main()
