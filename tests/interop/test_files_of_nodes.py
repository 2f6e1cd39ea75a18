"""Two nodes that keep files in their database: what one has taken the other one serves, to a real Synapse and to the chat server."""

import io
import os

from causeway_client import CommandError
from hostile.media import png
from test_nodes import NodesCase

HALF = b"the first half, the second"


class FilesOfNodes(NodesCase):
    @classmethod
    def make_theirs(cls):
        return cls.start_synapse("synapse", room_version="11")

    @classmethod
    def further_settings(cls):
        return {"media": {"backend": "postgresql"}}

    def repeated(self, ask):
        """As a chat server does that finds its broker gone for a moment."""
        while True:
            try:
                return ask()
            except CommandError as refusal:
                if not refusal.retryable:
                    raise

    def fetched(self, mxc):
        def ask():
            target = io.BytesIO()
            self.ours.chat.download(mxc, target)
            return target.getvalue()
        return self.repeated(ask)

    def put_half(self, begin, end):
        return self.repeated(lambda: self.ours.chat.command("media.put", {"upload": "half", "offset": begin, "bytes": HALF[begin:end],
                                                                          "total_bytes": len(HALF), "content_type": "text/plain"}))

    def test_files_are_there_when_the_node_that_took_them_is_killed(self):
        alice, bob = self.ours.user("alice"), self.theirs.synapse.user("bob")
        room = self.ours.create_direct(alice, bob.user_id)
        self.until(lambda: bob.is_invited(room), "the invitation at Synapse")
        bob.join(room)
        picture, theirs = png(1000, 700), os.urandom(700_000)
        path = os.path.join(self.directory, "a picture.png")
        with open(path, "wb") as out:
            out.write(picture)
        mxc, _ = self.ours.chat.send_file(room, alice, path, text="look at this")
        copied = bob.upload(theirs, "image/png", "theirs.png")
        self.assertEqual(self.fetched(copied), theirs)
        half = self.put_half(0, 10)
        self.assertFalse(half["complete"])

        killed = self.nodes[self.active]
        killed.kill()
        self.until(self.another_serves, "the other node to serve")
        where = mxc.removeprefix("mxc://")
        self.until(lambda: bob.media(f"download/{where}")[0] == 200, "our file at Synapse")
        self.assertEqual(bob.media(f"download/{where}")[2], picture)
        self.assertEqual(bob.media(f"thumbnail/{where}?width=320&height=240&method=scale")[0], 200)
        self.assertEqual(self.fetched(mxc), picture)
        whole = self.put_half(10, len(HALF))
        self.assertEqual((whole["mxc"], whole["complete"]), (half["mxc"], True))
        self.assertEqual(self.fetched(half["mxc"]), HALF)
        # The copy of their file is here as well: their server is not asked again.
        self.theirs.stop_server()
        self.addCleanup(self.theirs.start_server)
        self.assertEqual(self.fetched(copied), theirs)
        self.assertEqual([os.listdir(os.path.join(node.directory, "data", "media")) for node in self.nodes
                          if os.path.isdir(os.path.join(node.directory, "data", "media"))], [])
        self.stand_by(killed)

    def test_what_neither_node_has_is_not_there(self):
        with self.assertRaises(CommandError) as refusal:
            self.repeated(lambda: self.ours.chat.command("media.get", {"mxc": f"mxc://{self.ours.server_name}/AbsentAbsentAbsent"}))
        self.assertEqual(refusal.exception.code, "not_found")
