"""Files both ways: ours as other servers get them, theirs as the chat server gets them, and those that lie."""

import io
import json
import os
import socket
import threading
import time
import uuid

from causeway_demo.chat_server import CommandError
from harness.fake_homeserver import quote

from .case import HostileCase
from .endless import HEAD, Answers
from .media import ask, download, location, multipart, png, png_size, raw

REMOTE_BYTES_MAX = 3 * 1024 * 1024


class MediaCase(HostileCase):
    def put(self, data, **how):
        """Uploads bytes; returns (mxc, media id)."""
        mxc = self.chat.upload(io.BytesIO(data), **how)
        server, media_id = mxc.removeprefix("mxc://").split("/")
        self.assertEqual(server, self.ours.server_name)
        return mxc, media_id

    def fetched(self, mxc):
        """(bytes, what is known) of a file."""
        target = io.BytesIO()
        about = self.chat.download(mxc, target)
        return target.getvalue(), about

    def refuses(self, code, command, body, detail=""):
        with self.assertRaises(CommandError) as refusal:
            self.chat.command(command, body)
        self.assertEqual(refusal.exception.code, code, refusal.exception)
        self.assertIn(detail, refusal.exception.detail)

    def not_served(self, answer, status, errcode):
        got, _, body = answer
        self.assertEqual((got, json.loads(body)["errcode"]), (status, errcode))


class OurFiles(MediaCase):
    settings = {"media": {"upload_bytes_max": 48 * 1024 * 1024, "thumbnail_pixels_max": 1_000_000}}

    def test_another_server_gets_what_was_put(self):
        data = os.urandom(1_300_000)  # more than two parts of either link
        _, media_id = self.put(data, content_type="image/png", file_name="a picture.png")
        status, headers, parts = ask(self.hostile, f"download/{media_id}?timeout_ms=20000")
        self.assertEqual((status, headers["X-Content-Type-Options"]), (200, "nosniff"))
        self.assertEqual(len(parts), 2)
        self.assertEqual((parts[0].headers["Content-Type"], parts[0].data), ("application/json", b"{}"))
        self.assertEqual(parts[1].headers["Content-Type"], "image/png")
        self.assertEqual(parts[1].headers["Content-Disposition"], 'inline; filename="a picture.png"')
        self.assertEqual(parts[1].data, data)

    def test_an_empty_file_is_a_file(self):
        mxc, media_id = self.put(b"")
        self.assertEqual(ask(self.hostile, f"download/{media_id}")[2][1].data, b"")
        self.assertEqual(self.fetched(mxc)[0], b"")

    def test_what_a_browser_would_run_is_an_attachment(self):
        for kind, disposition in (("text/html", "attachment"), ("image/svg+xml", "attachment"), ("video/mp4", "inline")):
            _, media_id = self.put(b"<script>", content_type=kind, file_name="x")
            part = ask(self.hostile, f"download/{media_id}")[2][1]
            self.assertEqual((part.headers["Content-Type"], part.headers["Content-Disposition"]),
                             (kind, f'{disposition}; filename="x"'))

    def test_unknown_files_and_those_of_others_are_not_found(self):
        for media_id in ("none", quote("../media.db"), quote("a/b"), "x" * 256):
            self.not_served(ask(self.hostile, f"download/{media_id}"), 404, "M_NOT_FOUND")
            self.not_served(ask(self.hostile, f"thumbnail/{media_id}?width=32&height=32"), 404, "M_NOT_FOUND")
        self.honest.lies["media"] = lambda *_: raw(download(b"theirs"))
        self.fetched(f"mxc://{self.honest.server_name}/theirs")
        self.not_served(ask(self.hostile, "download/theirs"), 404, "M_NOT_FOUND")

    def test_nobody_gets_a_file_without_signing(self):
        _, media_id = self.put(b"secret")
        status, answer = self.hostile.raw("GET", f"/_matrix/federation/v1/media/download/{media_id}")
        self.assertEqual((status, answer["errcode"]), (401, "M_UNAUTHORIZED"))
        status, answer = self.hostile.raw("GET", f"/_matrix/media/v3/download/{self.ours.server_name}/{media_id}")
        self.assertEqual((status, answer["errcode"]), (404, "M_NOT_FOUND"))

    def test_who_asks_before_the_upload_is_complete_waits_for_it(self):
        upload, data = uuid.uuid4().hex, os.urandom(1000)
        put = {"upload": upload, "total_bytes": 1000}
        first = self.chat.command("media.put", {**put, "offset": 0, "bytes": data[:400]})
        self.assertEqual((first["received_bytes"], first["complete"]), (400, False))
        media_id = first["mxc"].rsplit("/", 1)[1]
        self.not_served(ask(self.hostile, f"download/{media_id}?timeout_ms=0"), 504, "M_NOT_YET_UPLOADED")
        self.refuses("not_yet_uploaded", "media.get", {"mxc": first["mxc"]})
        got = []
        waiter = threading.Thread(target=lambda: got.append(ask(self.hostile, f"download/{media_id}?timeout_ms=60000")))
        waiter.start()
        begun = time.monotonic()
        last = self.chat.command("media.put", {**put, "offset": 400, "bytes": data[400:]})
        waiter.join()
        self.assertEqual(last, {"mxc": first["mxc"], "received_bytes": 1000, "complete": True})
        self.assertEqual(got[0][2][1].data, data)
        self.assertLess(time.monotonic() - begun, 50)  # it would wait for a minute

    def test_an_upload_outlasts_a_crash_and_every_part_may_come_twice(self):
        data = os.urandom(900_000)
        put = {"upload": uuid.uuid4().hex, "total_bytes": len(data)}
        first = {**put, "offset": 0, "bytes": data[:500_000]}
        last = {**put, "offset": 500_000, "bytes": data[500_000:]}
        mxc = self.chat.command("media.put", first)["mxc"]
        self.ours.kill_server()
        self.ours.start_server()
        for _ in range(2):
            self.assertEqual(self.chat.command("media.put", first), {"mxc": mxc, "received_bytes": 500_000, "complete": False})
        for _ in range(2):
            self.assertEqual(self.chat.command("media.put", last), {"mxc": mxc, "received_bytes": len(data), "complete": True})
        self.refuses("conflict", "media.put", {**last, "bytes": data[:400_000]})
        self.refuses("conflict", "media.put", {**last, "total_bytes": len(data) + 1})
        self.assertEqual(self.fetched(mxc)[0], data)

    def test_parts_out_of_place_are_a_conflict(self):
        put = {"upload": uuid.uuid4().hex, "total_bytes": 100}
        self.refuses("conflict", "media.put", {**put, "offset": 10, "bytes": b"x"}, "begins at 0")
        self.chat.command("media.put", {**put, "offset": 0, "bytes": b"abc"})
        self.refuses("conflict", "media.put", {**put, "offset": 4, "bytes": b"x"}, "begins at 3")
        self.refuses("conflict", "media.put", {**put, "offset": 1, "bytes": b"xx"})
        self.assertEqual(self.chat.command("media.put", {**put, "offset": 1, "bytes": b"bcd"})["received_bytes"], 4)
        self.refuses("bad_body", "media.put", {**put, "offset": 99, "bytes": b"xx"})
        self.refuses("too_large", "media.put", {**put, "upload": "big", "offset": 0, "bytes": b"", "total_bytes": 1 << 40})

    def test_a_large_file_is_never_in_memory(self):
        data = os.urandom(1 << 20) * 40
        before = self.memory_mib()
        mxc, media_id = self.put(data)
        got = ask(self.hostile, f"download/{media_id}")[2][1].data
        self.assertEqual(len(got), len(data))
        self.assertEqual(got, data)
        self.assertEqual(self.fetched(mxc)[0], data)
        self.assertLess(self.memory_mib() - before, 25)

    def test_thumbnails_have_the_sizes_of_the_specification(self):
        _, media_id = self.put(png(1000, 500), content_type="image/png")
        for asked, size in (("width=320&height=240&method=scale", (320, 160)), ("width=32&height=32&method=crop", (32, 32)),
                            ("width=90&height=90&method=crop&animated=true", (96, 96)), ("width=9999&height=9999", (800, 400)),
                            ("width=320&height=240&method=scale", (320, 160))):
            status, _, parts = ask(self.hostile, f"thumbnail/{media_id}?{asked}")
            self.assertEqual(status, 200, parts)
            self.assertEqual(parts[1].headers["Content-Type"], "image/png")
            self.assertEqual(parts[1].headers["Content-Disposition"], "inline")
            self.assertEqual(png_size(parts[1].data), size)
        _, small = self.put(png(20, 10), content_type="image/png")
        self.assertEqual(png_size(ask(self.hostile, f"thumbnail/{small}?width=320&height=240")[2][1].data), (20, 10))

    def test_a_bomb_is_not_decoded_and_nonsense_is_refused(self):
        _, bomb = self.put(png(10, 10, claims=(65_000, 65_000)), content_type="image/png")
        self.not_served(ask(self.hostile, f"thumbnail/{bomb}?width=32&height=32"), 413, "M_TOO_LARGE")
        _, large = self.put(png(1001, 1000), content_type="image/png")
        self.not_served(ask(self.hostile, f"thumbnail/{large}?width=32&height=32"), 413, "M_TOO_LARGE")
        _, liar = self.put(png(10, 10, claims=(900, 900)), content_type="image/png")
        _, text = self.put(b"hello", content_type="image/png")
        for media_id in (liar, text):
            self.not_served(ask(self.hostile, f"thumbnail/{media_id}?width=32&height=32"), 400, "M_UNKNOWN")
        _, fine = self.put(png(10, 10), content_type="image/png")
        for asked in ("", "width=10", "width=0&height=10", "width=-1&height=10", "width=a&height=10", "width=10&height=10&method=bend"):
            self.not_served(ask(self.hostile, f"thumbnail/{fine}?{asked}"), 400, "M_INVALID_PARAM")

    def test_who_leaves_in_the_middle_harms_nobody(self):
        _, media_id = self.put(os.urandom(1 << 20) * 20)
        for _ in range(5):
            uri = f"/_matrix/federation/v1/media/download/{media_id}"

            connection = self.hostile._trust.wrap_socket(socket.create_connection(("localhost", self.ours.broker.port)),
                                                         server_hostname="localhost")
            signed = self.hostile.key.authorization("GET", uri, self.hostile.server_name, self.ours.server_name, None)
            connection.sendall(f"GET {uri} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {signed}\r\n\r\n".encode())
            self.assertTrue(connection.recv(1000))
            connection.close()
        self.assertEqual(len(ask(self.hostile, f"download/{media_id}")[2][1].data), 20 << 20)


class TheirFiles(MediaCase):
    settings = {"media": {"remote_bytes_max": REMOTE_BYTES_MAX, "fetch_timeout_s": 5}}

    def mxc(self):
        return f"mxc://{self.hostile.server_name}/{uuid.uuid4().hex}"

    def answers(self, answer):
        """What the hostile server says to a download from now on; returns an mxc of it."""
        self.hostile.lies["media"] = lambda *_: answer
        return self.mxc()

    def fails(self, code, answer, detail=""):
        self.refuses(code, "media.get", {"mxc": self.answers(answer)}, detail)

    def test_a_file_comes_once_and_is_kept(self):
        data = os.urandom(1_500_000)
        mxc = self.answers(raw(download(data, "image/jpeg", "inline; filename=\"../../x y.jpg\"")))
        asked = self.hostile.count("media/download")
        got, about = self.fetched(mxc)
        self.assertEqual(got, data)
        self.assertEqual((about.total_bytes, about.content_type, about.file_name), (len(data), "image/jpeg", "x y.jpg"))
        self.assertEqual(self.fetched(mxc)[0], data)
        middle = self.chat.command("media.get", {"mxc": mxc, "offset": 1_000_000, "length": 7})
        self.assertEqual(middle["bytes"], data[1_000_000:1_000_007])
        self.assertEqual(self.chat.command("media.get", {"mxc": mxc, "offset": 9_000_000})["bytes"], b"")
        self.assertEqual(self.hostile.count("media/download"), asked + 1)
        self.ours.stop_server()
        self.ours.start_server()
        self.assertEqual(self.fetched(mxc)[0], data)
        self.assertEqual(self.hostile.count("media/download"), asked + 1)

    def test_many_who_want_the_same_ask_once(self):
        gate = threading.Event()
        body = download(b"shared")

        def slow(handler):
            gate.wait(60)
            raw(body)[1](handler)
        mxc = self.answers((None, slow))
        asked, got = self.hostile.count("media/download"), []
        readers = [threading.Thread(target=lambda: got.append(self.fetched(mxc)[0])) for _ in range(5)]
        for reader in readers:
            reader.start()
        self.until(lambda: self.hostile.count("media/download") > asked, "the broker to ask")
        gate.set()
        for reader in readers:
            reader.join()
        self.assertEqual((got, self.hostile.count("media/download")), ([b"shared"] * 5, asked + 1))

    def test_a_refusal_is_told_and_asked_again_later(self):
        mxc = self.answers((404, {"errcode": "M_NOT_FOUND", "error": "none"}))
        self.refuses("not_found", "media.get", {"mxc": mxc})
        for answer, code in (((502, {"errcode": "M_TOO_LARGE", "error": "x"}), "too_large"), ((403, {"errcode": "M_FORBIDDEN", "error": "x"}), "peer_refused"),
                             ((504, {"errcode": "M_NOT_YET_UPLOADED", "error": "x"}), "not_yet_uploaded"), ((500, b"oops"), "peer_unreachable")):
            self.fails(code, answer)
        self.hostile.lies["media"] = lambda *_: raw(download(b"now"))
        self.assertEqual(self.fetched(mxc)[0], b"now")

    def test_the_old_endpoint_is_asked_of_servers_that_do_not_know_the_new_one(self):
        unknown = 404, {"errcode": "M_UNRECOGNIZED", "error": "?"}
        mxc, asked = self.answers(unknown), []

        def old(_, parts, query, __):
            if parts[-1] == mxc.rsplit("/", 1)[1]:  # files that did not come before are asked for again meanwhile
                asked.append((parts, query))
            return raw(b"old bytes", "image/gif", more=b"Content-Disposition: inline; filename=o.gif\r\n")
        self.hostile.lies["download"] = old
        got, about = self.fetched(mxc)
        self.assertEqual((got, about.content_type, about.file_name), (b"old bytes", "image/gif", "o.gif"))
        self.assertEqual((asked[0][0][:5], asked[0][1]), (["_matrix", "media", "v3", "download", self.hostile.server_name], {"allow_remote": ["false"]}))
        self.assertEqual(len(asked), 1)
        mxc = self.answers((404, {"errcode": "M_NOT_FOUND", "error": "none"}))
        self.refuses("not_found", "media.get", {"mxc": mxc})
        self.assertEqual(len(asked), 1)

    def test_a_location_is_followed_once_by_https(self):
        there = f"https://localhost:{self.honest.port}/somewhere/file?x=1"
        self.honest.handle, before = self.elsewhere(raw(b"far away", "video/mp4")), self.honest.handle
        self.addCleanup(setattr, self.honest, "handle", before)
        got, about = self.fetched(self.answers(raw(location(there))))
        self.assertEqual((got, about.content_type), (b"far away", "video/mp4"))
        self.assertEqual(self.elsewhere_asked, [("GET", "/somewhere/file?x=1")])
        for url in (f"http://localhost:{self.honest.port}/x", "file:///etc/passwd", "gopher://x", "https://"):
            with self.subTest(url):
                with self.assertRaises(CommandError) as refusal:
                    self.chat.command("media.get", {"mxc": self.answers(raw(location(url)))})
                self.assertIn(refusal.exception.code, ("peer_bad_answer", "invalid_param"))
        self.honest.handle = self.elsewhere(raw(b"", "text/plain", status=b"302 Found", more=b"Location: https://localhost/\r\n"))
        self.fails("peer_refused", raw(location(there)))
        self.honest.handle = self.elsewhere(raw(bytes(REMOTE_BYTES_MAX + 1), "video/mp4"))
        self.fails("too_large", raw(location(there)))

    def elsewhere(self, answer):
        self.elsewhere_asked = []

        def handle(method, target, _):
            self.elsewhere_asked.append((method, target))
            return answer
        return handle

    def test_a_location_at_a_private_address_is_not_asked(self):
        # Loopback is allowed to this broker, other inside networks are not.
        self.fails("peer_blocked_address", raw(location("https://192.168.1.1/secret")))
        self.fails("peer_blocked_address", raw(location("https://[fd00::1]:8448/secret")))

    def test_what_breaks_the_framing_is_not_taken(self):
        two = ({"Content-Type": "application/json"}, b"{}"), ({"Content-Type": "text/plain"}, b"x")
        for what, answer in {
                "third part": raw(multipart(*two, two[1])),
                "one part": raw(multipart(two[0])),
                "wrong boundary": raw(download(b"x"), "multipart/mixed; boundary=other"),
                "no boundary": raw(download(b"x"), "multipart/mixed"),
                "no multipart": raw(b"x", "text/plain"),
                "no JSON": raw(multipart(({}, b"[1"), two[1])),
                "no object": raw(multipart(({}, b"[]"), two[1])),
                "not closed": raw(download(b"x", close=False)),
                "nothing": raw(b""),
                "endless header": raw(b"--fake-boundary\r\nX: " + b"x" * 100_000),
                "long first part": raw(multipart(({}, b"{" + b" " * 100_000 + b"}"), two[1])),
                "preamble": raw(b"x" * 100_000 + download(b"x"))}.items():
            with self.subTest(what):
                self.fails("peer_bad_answer", answer)

    def test_lengths_that_lie(self):
        self.fails("peer_bad_answer", raw(download(b"x"), length=10_000))  # hangs up before
        self.fails("too_large", raw(download(b"x"), length=1 << 40))

    def test_too_much_is_not_taken_to_its_end(self):
        self.fails("too_large", raw(download(bytes(REMOTE_BYTES_MAX + 1))))
        self.assertEqual(len(self.fetched(self.answers(raw(download(bytes(REMOTE_BYTES_MAX)))))[0]), REMOTE_BYTES_MAX)

    def test_an_endless_body_is_cut(self):
        made = Answers()
        self.addCleanup(made.stop.set)
        begin = multipart(({"Content-Type": "application/json"}, b"{}"), close=False) + b"--fake-boundary\r\nContent-Type: text/plain\r\n\r\n"
        head = HEAD.replace(b"application/json", b"multipart/mixed; boundary=fake-boundary") + b"Connection: close\r\n\r\n" + begin

        def answer(handler):
            more = made._write(handler, head)
            while more:
                more = made._write(handler, b"x" * 60_000)
        before = self.memory_mib()
        self.fails("too_large", (None, answer))
        self.until(made.cut.is_set, "the broker to hang up")
        self.assertLess(made.written, 40 << 20)
        self.assertLess(self.memory_mib() - before, 25)

    def test_a_server_that_says_nothing_is_left_in_time(self):
        made = Answers()
        self.addCleanup(made.stop.set)
        begun = time.monotonic()
        self.fails("peer_timeout", made.silence())
        self.assertLess(time.monotonic() - begun, 90)
        self.until(made.cut.is_set, "the broker to hang up")

    def test_a_gzip_bomb_stays_packed(self):
        made = Answers()
        self.addCleanup(made.stop.set)
        self.fails("peer_bad_answer", made.bomb(64))

    def test_names_that_are_none_are_refused_at_once(self):
        for mxc in ("", "mxc://", f"mxc://{self.hostile.server_name}/a/b", f"mxc://{self.hostile.server_name}/..", "https://x/y"):
            self.refuses("bad_body", "media.get", {"mxc": mxc}, "mxc")
        self.refuses("bad_body", "media.get", {"mxc": self.mxc(), "length": 0}, "length")
        self.refuses("bad_body", "media.get", {"mxc": self.mxc(), "length": 524_289}, "length")
        self.refuses("not_found", "media.get", {"mxc": f"mxc://{self.ours.server_name}/none"})


class FilesInMessages(MediaCase):
    def test_each_file_is_an_event_after_the_text(self):
        shared = self.share()
        mxc, _ = self.put(png(40, 20), content_type="image/png", file_name="p.png")
        files = [{"mxc": mxc, "file_name": "p.png", "content_type": "image/png", "size_bytes": 77, "width": 40, "height": 20},
                 {"mxc": mxc, "file_name": "s.ogg", "content_type": "audio/ogg", "size_bytes": 1, "duration_ms": 900},
                 {"mxc": mxc, "file_name": "m.mp4", "content_type": "video/mp4", "size_bytes": 2},
                 {"mxc": mxc, "file_name": "d.pdf", "content_type": "application/pdf", "size_bytes": 3}]
        body = {"room": shared.room_id, "sender": shared.alice, "message": "m1", "text": "look", "files": files,
                "mentions": [shared.mallory]}
        sent = self.chat.command("message.send", body)
        self.until(lambda: sum(pdu["type"] == "m.room.message" for pdu in self.honest.received_pdus) == 5, "five events")
        told = [pdu["content"] for pdu in self.honest.received_pdus if pdu["type"] == "m.room.message"]
        self.assertEqual([content["msgtype"] for content in told], ["m.text", "m.image", "m.audio", "m.video", "m.file"])
        self.assertEqual(told[1], {"msgtype": "m.image", "body": "p.png", "filename": "p.png", "url": mxc, "m.mentions": {},
                                   "info": {"mimetype": "image/png", "size": 77, "w": 40, "h": 20}})
        self.assertEqual(told[2]["info"], {"mimetype": "audio/ogg", "size": 1, "duration": 900})
        self.assertEqual(told[0]["m.mentions"], {"user_ids": [shared.mallory]})
        self.assertEqual(len({sent["event_id"], *sent["file_event_ids"]}), 5)
        # A reply to our own id answers the text.
        self.chat.command("message.send", {**body, "message": "m2", "text": "", "files": files[:1], "reply_to": "m1", "mentions": []})
        self.until(lambda: len([pdu for pdu in self.honest.received_pdus if pdu["type"] == "m.room.message"]) == 6, "the reply")
        reply = [pdu["content"] for pdu in self.honest.received_pdus if pdu["type"] == "m.room.message"][-1]
        self.assertEqual((reply["msgtype"], reply["m.relates_to"]["m.in_reply_to"]["event_id"]), ("m.image", sent["event_id"]))

    def test_a_file_of_another_server_comes_with_its_message(self):
        shared = self.share()
        mxc = f"mxc://{self.honest.server_name}/abc"
        content = {"msgtype": "m.image", "body": "a caption", "filename": "../x.png", "url": mxc,
                   "info": {"mimetype": "image/png", "size": 1234, "w": 10, "h": -4}}
        event_id, event = shared.room.add("m.room.message", content)
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        told = self.chat.wait_for("message.received", event_id=event_id).body
        self.assertEqual((told["msgtype"], told["text"]), ("m.image", "a caption"))
        self.assertEqual(told["file"], {"mxc": mxc, "file_name": "x.png", "content_type": "image/png", "size_bytes": 1234, "width": 10, "height": 0})

    def test_a_file_that_cannot_be_had_is_a_message_without_one(self):
        shared = self.share()
        for content in ({"msgtype": "m.file", "body": "x"}, {"msgtype": "m.file", "body": "x", "url": "https://x/y"},
                        {"msgtype": "m.image", "body": "x", "file": {"url": "mxc://a.example/b"}}, {"msgtype": "m.image", "body": "x", "url": 7},
                        {"msgtype": "m.text", "body": "x", "url": "mxc://a.example/b"}):
            event_id, event = shared.room.add("m.room.message", content)
            self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
            self.assertNotIn("file", self.chat.wait_for("message.received", event_id=event_id).body)

    def test_files_that_are_none_are_refused_before_anything_is_sent(self):
        shared = self.share()
        good = {"mxc": "mxc://a.example/b", "file_name": "f", "content_type": "image/png", "size_bytes": 1}
        for change in ({"mxc": "https://a.example/b"}, {"content_type": "nonsense"}, {"size_bytes": 1 << 60}, {"width": -1}, {"file_name": None}):
            body = {"room": shared.room_id, "sender": shared.alice, "message": uuid.uuid4().hex, "text": "unsaid", "files": [good, {**good, **change}]}
            self.refuses("bad_body", "message.send", body)
        self.refuses("too_large", "message.send", {**body, "files": [good] * 21})
        self.says(shared, "after all")
        self.assertNotIn("unsaid", [pdu["content"].get("body") for pdu in self.honest.received_pdus])
