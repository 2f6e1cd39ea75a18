"""A disk that is full, and files that are taken away from a running broker: told at once, nothing is lost or done twice."""

import contextlib
import os
import resource
import subprocess
import time
import uuid

from causeway_demo.broker import find_binary
from causeway_demo.chat_server import CommandError, CommandTimeout
from harness.case import InteropCase

AT_ONCE_S = 30  # on a loaded machine; a healthy one answers within a second, and what is not told is answered after 300
BYTES_LEFT = 4096  # less than one page of the store: every write fails


class StoreCase(InteropCase):
    quiet = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours = cls.start_causeway("ours")
        cls.chat = cls.ours.chat
        cls.alice = cls.ours.user("alice")
        cls.room = cls.ours.create_channel(cls.alice, [])

    def say(self, text, message=None, command_id=None):
        return self.chat.command("message.send", {"room": self.room, "sender": self.alice, "text": text, "message": message or uuid.uuid4().hex},
                                 command_id=command_id)

    def refused(self, *how):
        """The detail of a store_failed that comes at once."""
        begun = time.monotonic()
        with self.assertRaises(CommandError) as refusal:
            self.say(*how)
        self.assertEqual(refusal.exception.code, "store_failed")
        self.assertLess(time.monotonic() - begun, AT_ONCE_S)
        return refusal.exception.detail

    def limit(self, size):
        """The largest file the broker may write, in bytes; None: any."""
        _, hard = resource.prlimit(self.ours.broker.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.ours.broker.process.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def writes_again(self):
        def written():
            try:
                return self.say("after")
            except CommandError:
                return None
        self.until(written, "the store to write again")


class FullDisk(StoreCase):
    def test_commands_are_told_at_once_and_repeated_ones_are_done_once(self):
        self.say("before")
        self.limit(BYTES_LEFT)
        self.addCleanup(self.limit, None)
        ids = [(uuid.uuid4().hex, uuid.uuid4().hex) for _ in range(3)]
        for command_id, message in ids:
            self.refused("during", message, command_id)
        self.refused("during", ids[0][1], ids[0][0])
        self.limit(None)

        self.writes_again()
        events = [self.say("during", message, command_id) for command_id, message in ids]
        self.assertEqual(len({each["event_id"] for each in events}), len(ids))
        self.assertEqual([self.say("during", message, command_id) for command_id, message in ids], events)


class LostFiles(StoreCase):
    def store(self, ending=""):
        return os.path.join(self.ours.broker.directory, "data", "store.db" + ending)

    def test_a_store_that_is_moved_away_takes_no_acknowledgement_with_it(self):
        self.say("before")
        os.rename(self.store(), self.store(".away"))
        self.assertIn("was removed or moved away", self.refused("into an unlinked file"))
        os.rename(self.store(".away"), self.store())
        self.writes_again()

    def test_it_is_noticed_while_nobody_writes(self):
        self.say("before")
        os.rename(self.store("-wal"), self.store("-wal.away"))
        self.until(lambda: "store does not write" in self.ours.broker.process.tail(), "a line in the log")
        os.rename(self.store("-wal.away"), self.store("-wal"))
        self.until(lambda: "store writes again" in self.ours.broker.process.tail(), "a line in the log")


class LostLog(StoreCase):
    def test_a_log_that_is_emptied_takes_no_acknowledgement_any_more(self):
        self.say("before")
        os.truncate(os.path.join(self.ours.broker.directory, "data", "store.db-wal"), 0)
        self.assertIn("store.db-wal was emptied while the broker runs", self.refused("into nothing"))


class CutIndex(StoreCase):
    def test_an_index_that_is_cut_off_under_the_broker_ends_it_with_a_word_and_loses_nothing(self):
        command_id, message = uuid.uuid4().hex, uuid.uuid4().hex
        sent = self.say("before", message, command_id)
        os.truncate(os.path.join(self.ours.broker.directory, "data", "store.db-shm"), 0)
        # SQLite has it mapped: there is no going on.
        with contextlib.suppress(CommandError, CommandTimeout):
            self.chat.command("message.send", {"room": self.room, "sender": self.alice, "text": "after", "message": uuid.uuid4().hex}, timeout=5)
        self.until(lambda: not self.ours.broker.process.is_running(), "the end of the broker")
        self.assertIn("(SIGBUS): it ends. Nothing that was acknowledged is lost", self.ours.broker.process.tail())
        self.ours.broker.start()
        self.writes_again()
        self.assertEqual(self.say("before", message, command_id), sent)


class LostMedia(StoreCase):
    def put(self):
        return self.chat.command("media.put", {"upload": uuid.uuid4().hex, "offset": 0, "total_bytes": 4, "bytes": b"text"})

    def test_folders_and_knowledge_of_files_that_are_moved_away_take_no_file_and_are_told(self):
        media = os.path.join(self.ours.broker.directory, "data", "media")
        self.put()
        for name in ("media.db", "blobs"):
            path = os.path.join(media, name)
            os.rename(path, path + ".away")
            with self.assertRaises(CommandError) as refusal:
                self.put()
            self.assertEqual(refusal.exception.code, "store_failed")
            self.assertIn(f"{name} was removed or moved away", refusal.exception.detail)
            self.until(lambda n=name: f"{n} was removed" in self.status(), "the alarm")
            os.rename(path + ".away", path)
            self.put()
        self.say("messages go on")

    def status(self):
        done = subprocess.run([find_binary("causeway"), "--socket", self.ours.broker.admin_endpoint, "status"], capture_output=True, text=True, timeout=120, check=False)
        return done.stdout
