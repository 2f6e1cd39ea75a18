"""The page as a real broker serves it, with a chat server at its edge and a server that does not answer."""

import os
import tempfile
import urllib.request

from causeway_demo.broker import Broker
from causeway_demo.certificates import Authority
from causeway_demo.chat_server import ChatServer
from causeway_demo.process import free_port
from inspector_case import ENTER, BrowserCase

TOKEN = "a token of thirty-two characters"


class RealNode(BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="cw-")
        cls.addClassCleanup(folder.cleanup)
        token_file = os.path.join(folder.name, "token")
        with open(os.open(token_file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf8") as out:
            out.write(TOKEN + "\n")
        port = free_port()
        cls.url = f"http://127.0.0.1:{port}/"
        cls.broker = Broker(
            "ours",
            os.path.join(folder.name, "ours"),
            Authority(os.path.join(folder.name, "tls")),
            settings={"admin": {"web_listen": f"127.0.0.1:{port}", "web_token_file": token_file}},
        )
        cls.addClassCleanup(cls.stop)
        cls.broker.start()
        cls.chat = ChatServer(cls.broker.chat_endpoint, "chat-ours")
        cls.addClassCleanup(cls.chat.close)
        cls.chat.connect()
        cls.alice = f"@alice:{cls.broker.server_name}"
        cls.gone = f"localhost:{free_port()}"  # nobody listens there
        cls.chat.command("user.profile", {"user": cls.alice, "display_name": "Alice"})
        cls.room = cls.chat.create_room("group_dm", cls.alice, [f"@bob:{cls.gone}"])["matrix_room_id"]

    @classmethod
    def stop(cls):
        code = cls.broker.stop()
        if code:
            raise RuntimeError(f"the broker ended with {code}:\n{cls.broker.process.tail(100)}")

    def setUp(self):
        self.look()
        self.browser.open("about:blank")
        self.browser.open(self.url)
        self.until(lambda: self.browser.all("#token") or "Live" in self.browser.text("#connection"), "the page")
        if self.browser.all("#token"):
            self.browser.type("#token", TOKEN + ENTER)
        self.browser.wait_text("#connection", "Live")

    def see(self, view):
        self.browser.run("location.hash = '#/' + arguments[0].split('/').map(encodeURIComponent).join('/')", view)

    def test_every_view_shows_what_the_broker_has(self):
        self.browser.wait_text(".node", self.broker.server_name)
        self.browser.wait_text(".waiting", self.gone)
        self.until_script(
            "[...document.querySelectorAll('figure li strong')].some((each) => each.textContent !== '–')",
            "points of the graphs",
        )
        self.shot("real_overview")
        for view, wanted in (
            ("servers", self.gone),
            ("rooms", self.room),
            ("invitations", f"@bob:{self.gone}"),
            ("actors", self.room),
            ("edge", "chat-ours"),
            ("nodes", "a file of this broker alone"),
            ("dead-letters", "None."),
            ("audit", ""),
        ):
            with self.subTest(view=view):
                self.see(view)
                self.browser.wait_text("main", wanted)
                self.assertEqual(self.browser.text("main [role=alert]"), "")
                self.shot("real_" + view)
        self.assertEqual([each for each in self.browser.complaints() if "401" not in each], [])

    def test_what_is_opened_is_asked_of_the_broker(self):
        for view, wanted in (
            (f"servers/{self.gone}", "invitation waits"),
            (f"rooms/{self.room}", "Ends of the event graph"),
            (f"invitations/{self.room}|@bob:{self.gone}", "has not taken the invitation"),
            (f"actors/room|{self.room}", "Handled"),
        ):
            with self.subTest(view=view):
                self.see(view)
                self.browser.wait_text(".detail", wanted)
                self.assertEqual(self.browser.text(".detail [role=alert]"), "")
                self.shot("real_open_" + view.split("/", maxsplit=1)[0])

    def test_a_server_is_tried_again_for_a_reason_that_stands_in_the_audit(self):
        self.see(f"servers/{self.gone}")
        self.browser.wait_text(".detail", "invitation waits")
        self.press_verb("Retry")
        self.confirm("it was said to be back")
        self.browser.wait_text("dialog", "Done")
        self.browser.press([ENTER])
        self.see("audit")
        self.browser.wait_text("main table", "it was said to be back")
        self.browser.wait_text("main table", "web inspector")

    def test_why_tells_the_way_of_an_event(self):
        event = self.chat.command(
            "message.send", {"room": self.room, "sender": self.alice, "text": "hello", "message": "m1"}
        )["event_id"]
        self.see(f"why/{event}")
        self.browser.wait_text(".timeline", "committed")
        self.assertNotEqual(self.browser.text("#cause"), "")
        self.shot("real_why")

    def test_what_changes_is_shown_by_itself(self):
        self.see("rooms")
        self.browser.wait_text("#list-count", "")
        room = self.chat.create_room("channel", self.alice, [], name="Quay", visibility="private")["matrix_room_id"]
        self.browser.wait_text(".window", room)

    def test_the_page_is_served_with_all_its_files_and_nothing_from_elsewhere(self):
        loaded = self.browser.run("return performance.getEntriesByType('resource').map((each) => each.name)")
        self.assertIn(self.url + "vendor/uplot/uPlot.iife.min.js", loaded)
        self.assertEqual([each for each in loaded if not each.startswith(self.url)], [])
        for library in ("htm", "preact", "uplot"):
            with urllib.request.urlopen(f"{self.url}vendor/{library}/LICENSE") as answer:
                self.assertIn(b"Permission" if library != "htm" else b"Apache License", answer.read())
        with urllib.request.urlopen(self.url) as answer:
            self.assertIn("default-src 'self'", answer.headers["Content-Security-Policy"])
