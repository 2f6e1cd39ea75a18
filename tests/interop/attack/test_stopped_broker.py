"""A broker that stands still under a client that goes on: no command is lost, none overtakes another."""

import os
import signal
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "..", "tools", "clients", "python"))

from causeway_client import Client  # noqa: E402
from hostile.case import HostileCase  # noqa: E402


class StoppedBroker(HostileCase):
    commands = 50

    def test_commands_sent_to_a_stopped_broker_are_all_carried_out_in_order(self):
        shared = self.share()
        client = Client(self.ours.broker.chat_endpoint, peer="second", streams=[])
        self.addCleanup(client.close)
        client.wait_connected()
        pid = self.ours.broker.process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            # The pipes fill: what libzmq keeps on both sides, and the kernel between them.
            for count in range(30_000):
                client.typing(shared.room_id, shared.alice, typing=count % 2 == 0)
                if count % 1_000 == 999:
                    self.handed_over(client)
                if client.unsent > 100:
                    break
            self.assertGreater(client.unsent, 0, "the pipe is not full")
            answers, threads = [], []
            for number in range(self.commands):
                threads.append(threading.Thread(target=lambda n=number: answers.append(self.say(client, shared, n)), daemon=True))
                threads[-1].start()
                while client.open_commands <= number:
                    self.handed_over(client)
        finally:
            os.kill(pid, signal.SIGCONT)
        for thread in threads:
            thread.join(120)
        self.assertEqual(len(answers), self.commands)

        def heard():
            return [pdu["content"]["body"] for pdu in list(self.honest.received_pdus) if pdu["content"].get("body", "").startswith("number ")]
        self.until(lambda: len(heard()) >= self.commands, "all messages at the honest server")
        self.assertEqual(heard(), [f"number {number}" for number in range(self.commands)])

    def handed_over(self, client):
        done = threading.Event()
        client._connection.post(done.set)
        self.assertTrue(done.wait(90))

    def say(self, client, shared, number):
        return client.command("message.send", {"room": shared.room_id, "sender": shared.alice, "message": f"m{number}", "text": f"number {number}"},
                              id=f"stopped-{number}", timeout=120)
