"""Files between two chat servers, each with a broker of its own."""

import io
import os

from causeway_demo.chat_server import CommandError
from harness.case import InteropCase
from hostile.media import png
from scenarios import Scenarios


class FilesWithCauseway(InteropCase):
    """alice is ours, bob is theirs, in one room."""

    room_version = "11"
    fresh = Scenarios.fresh

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)
        cls.alice, cls.bob = cls.ours.user("alice"), cls.theirs.user("bob")
        cls.room = cls.ours.create_channel(cls.alice, [cls.bob])
        cls.theirs.chat.wait_for("invitation.received", matrix_room_id=cls.room, user=cls.bob)
        cls.theirs.accept(cls.room, cls.bob)
        cls.ours.chat.wait_for("invitation.changed", matrix_room_id=cls.room, user=cls.bob, state="accepted")
        cls.ways = ((cls.ours, cls.alice, cls.theirs), (cls.theirs, cls.bob, cls.ours))  # who sends, who is told

    def say(self, side, sender, text, files):
        return side.chat.command("message.send", {"room": self.room, "sender": sender, "message": self.fresh("m"), "text": text, "files": files})

    def told(self, side, event_id):
        return side.chat.wait_for("message.received", matrix_room_id=self.room, event_id=event_id).body

    @staticmethod
    def fetched(side, mxc):
        target = io.BytesIO()
        about = side.chat.download(mxc, target)
        return target.getvalue(), about

    def test_a_file_is_what_it_was_on_the_other_side(self):
        picture = png(700, 400)
        path = os.path.join(self.directory, "a pictüre.png")
        with open(path, "wb") as out:
            out.write(picture)
        for side, sender, other in self.ways:
            mxc, sent = side.chat.send_file(self.room, sender, path, text="look at this")
            text = self.told(other, sent["event_id"])
            self.assertEqual((text["msgtype"], text["text"], text.get("file")), ("m.text", "look at this", None))
            image = self.told(other, sent["file_event_ids"][0])
            self.assertEqual((image["sender"], image["msgtype"]), (sender, "m.image"))
            self.assertEqual(image["file"], {"mxc": mxc, "file_name": "a pictüre.png", "content_type": "image/png", "size_bytes": len(picture),
                                             "width": 0, "height": 0})  # which the sender did not say
            got, about = self.fetched(other, mxc)
            self.assertEqual(got, picture)
            self.assertEqual((about.content_type, about.file_name, about.total_bytes), ("image/png", "a pictüre.png", len(picture)))

    def test_what_is_said_of_a_file_is_told_with_it(self):
        for side, sender, other in self.ways:
            clip = side.chat.upload(io.BytesIO(b"clip"), content_type="video/mp4", file_name="c.mp4")
            small = side.chat.upload(io.BytesIO(png(8, 8)), content_type="image/png", file_name="c.png")
            about = {"mxc": clip, "file_name": "c.mp4", "content_type": "video/mp4", "size_bytes": 4, "duration_ms": 1500, "width": 640,
                     "height": 480, "thumbnail": small}
            told = self.told(other, self.say(side, sender, "", [about])["event_id"])
            self.assertEqual((told["msgtype"], told["file"]), ("m.video", about))
            self.assertEqual(self.fetched(other, small)[0], png(8, 8))

    def test_large_and_empty_files(self):
        for side, _, other in self.ways:
            for data in (b"", os.urandom(1 << 20) * 5):
                mxc = side.chat.upload(io.BytesIO(data), content_type="application/octet-stream", file_name="x")
                self.assertEqual(self.fetched(other, mxc)[0], data)

    def test_a_file_that_is_late_is_announced_when_it_is_here(self):
        for (side, sender, other), stopped in zip(self.ways, (self.ours, self.theirs)):
            data = os.urandom(300_000)
            mxc = side.chat.upload(io.BytesIO(data), content_type="image/png", file_name="late.png")
            sent = self.say(side, sender, "", [{"mxc": mxc, "file_name": "late.png", "content_type": "image/png", "size_bytes": len(data)}])
            self.assertEqual(self.told(other, sent["event_id"])["file"]["mxc"], mxc)
            self.addCleanup(lambda stopped=stopped: stopped.broker.process.is_running() or stopped.start_server())
            stopped.stop_server()
            # What the chat user sees is a placeholder: their broker does not have the file, and goes on asking for it.
            with self.assertRaises(CommandError) as refusal:
                other.chat.command("media.get", {"mxc": mxc}, timeout=90)
            self.assertTrue(refusal.exception.retryable, refusal.exception)
            self.assertEqual(other.chat.ephemeral("media.available", mxc=mxc), [])
            stopped.start_server()
            self.until(lambda other=other, mxc=mxc: other.chat.ephemeral("media.available", mxc=mxc), "word that the file is here", seconds=90)
            stopped.stop_server()  # it is: nobody has to be asked any more
            self.assertEqual(self.fetched(other, mxc)[0], data)
            stopped.start_server()

    def test_a_file_is_named_before_it_is_put(self):
        for side, sender, other in self.ways:
            data, upload = os.urandom(1000), self.fresh("upload")
            part = {"upload": upload, "total_bytes": len(data), "content_type": "text/plain", "file_name": "slow.txt"}
            begun = side.chat.command("media.put", {**part, "offset": 0, "bytes": data[:400]})
            self.assertFalse(begun["complete"])
            sent = self.say(side, sender, "", [{"mxc": begun["mxc"], "file_name": "slow.txt", "content_type": "text/plain", "size_bytes": len(data)}])
            self.told(other, sent["event_id"])
            self.assertTrue(side.chat.command("media.put", {**part, "offset": 400, "bytes": data[400:]})["complete"])
            self.assertEqual(self.fetched(other, begun["mxc"])[0], data)

    def test_what_is_not_there_is_said_to_be_so(self):
        for side, _, other in self.ways:
            with self.assertRaises(CommandError) as refusal:
                other.chat.command("media.get", {"mxc": f"mxc://{side.server_name}/AbsentAbsentAbsent"})
            self.assertEqual(refusal.exception.code, "not_found")


class FilesWithCausewayInVersion12(FilesWithCauseway):
    room_version = "12"
