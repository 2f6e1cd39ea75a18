"""Files between our chat server and users of a real Synapse."""

import io
import os

from causeway_demo.chat_server import CommandError
from harness.case import InteropCase
from harness.synapse import quote
from hostile.media import png


class FileScenarios:
    """Files in one conversation of alice (ours) and bob (Synapse)."""

    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)
        cls.chat = cls.ours.chat
        cls.alice = cls.ours.user("alice")
        cls.bob = cls.theirs.synapse.user("bob")
        cls.room = cls.ours.create_direct(cls.alice, cls.bob.user_id)

    def setUp(self):
        if not self.bob.is_joined(self.room):
            self.until(lambda: self.bob.is_invited(self.room), "the invitation at Synapse")
            self.bob.join(self.room)

    def fetched(self, mxc):
        target = io.BytesIO()
        about = self.chat.download(mxc, target)
        return target.getvalue(), about

    def seen_by_bob(self, event_id):
        return self.until(lambda: next((event for event in self.bob.timeline(self.room) if event["event_id"] == event_id), None),
                          "our message at Synapse")

    def test_a_file_of_a_synapse_user_reaches_the_chat_server(self):
        data = os.urandom(1_400_000)
        mxc = self.bob.upload(data, "image/png", "holidäy.png")
        event_id = self.bob.send_content(self.room, {"msgtype": "m.image", "body": "holidäy.png", "url": mxc,
                                                     "info": {"mimetype": "image/png", "size": len(data), "w": 7, "h": 8}})
        told = self.chat.wait_for("message.received", event_id=event_id).body
        self.assertEqual(told["file"], {"mxc": mxc, "file_name": "holidäy.png", "content_type": "image/png",
                                        "size_bytes": len(data), "width": 7, "height": 8})
        got, about = self.fetched(mxc)
        self.assertEqual(got, data)
        self.assertEqual((about.content_type, about.file_name), ("image/png", "holidäy.png"))

    def test_a_file_of_our_user_reaches_a_synapse_user(self):
        path = os.path.join(self.directory, "a picture.png")
        picture = png(1000, 700)
        with open(path, "wb") as out:
            out.write(picture)
        mxc, sent = self.chat.send_file(self.room, self.alice, path, text="look at this")
        text, image = self.seen_by_bob(sent["event_id"]), self.seen_by_bob(sent["file_event_ids"][0])
        self.assertEqual((text["content"]["msgtype"], text["content"]["body"]), ("m.text", "look at this"))
        self.assertEqual((image["content"]["msgtype"], image["content"]["url"]), ("m.image", mxc))
        where = mxc.removeprefix("mxc://")
        status, headers, got = self.bob.media(f"download/{where}")
        self.assertEqual((status, headers["Content-Type"]), (200, "image/png"))
        self.assertEqual(got, picture)
        self.assertIn("picture.png", headers["Content-Disposition"])
        status, headers, _ = self.bob.media(f"thumbnail/{where}?width=320&height=240&method=scale")
        self.assertEqual((status, headers["Content-Type"]), (200, "image/png"))

    def test_a_file_that_is_late_is_announced_when_it_is_here(self):
        data = os.urandom(300_000)
        mxc = self.bob.upload(data, "image/png", "late.png")
        event_id = self.bob.send_content(self.room, {"msgtype": "m.image", "body": "late.png", "url": mxc})
        self.assertEqual(self.chat.wait_for("message.received", event_id=event_id).body["file"]["mxc"], mxc)
        self.addCleanup(self.theirs_up_again)
        self.theirs.stop_server()
        # What the chat user sees is a placeholder: the broker does not have the file, and goes on asking for it.
        with self.assertRaises(CommandError) as refusal:
            self.chat.command("media.get", {"mxc": mxc}, timeout=90)
        self.assertTrue(refusal.exception.retryable, refusal.exception)
        self.assertEqual(self.chat.ephemeral("media.available", mxc=mxc), [])
        self.theirs.start_server()
        self.until(lambda: self.chat.ephemeral("media.available", mxc=mxc), "word that the file is here", seconds=90)
        self.theirs.stop_server()  # it is: nobody has to be asked any more
        self.assertEqual(self.fetched(mxc)[0], data)
        self.theirs.start_server()

    def theirs_up_again(self):
        if not self.theirs.synapse.process.is_running():
            self.theirs.start_server()


class MediaWithSynapse(FileScenarios, InteropCase):
    """Also what has nothing to do with the version of a room."""

    def test_large_and_empty_files(self):
        for data in (b"", os.urandom(1 << 20) * 20):
            mxc = self.chat.upload(io.BytesIO(data), content_type="application/octet-stream", file_name="x")
            status, _, got = self.bob.media(f"download/{mxc.removeprefix('mxc://')}")
            self.assertEqual((status, len(got)), (200, len(data)))
            self.assertEqual(got, data)
            if data:  # Synapse refuses an empty upload
                self.assertEqual(self.fetched(self.bob.upload(data, "text/plain", "x"))[0], data)

    def test_what_is_not_there_is_said_to_be_so_on_both_sides(self):
        with self.assertRaises(CommandError) as refusal:
            self.chat.command("media.get", {"mxc": f"mxc://{self.theirs.server_name}/AbsentAbsentAbsent"})
        self.assertEqual(refusal.exception.code, "not_found")
        status, _, _ = self.bob.media(f"download/{quote(self.ours.server_name)}/AbsentAbsentAbsent")
        self.assertEqual(status, 404)


class FilesWithSynapseInVersion10(FileScenarios, InteropCase):
    room_version = "10"


class FilesWithSynapseInVersion12(FileScenarios, InteropCase):
    room_version = "12"
