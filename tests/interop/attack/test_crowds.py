"""More connections than there are places, or descriptors: honest servers are served, the process lives, the log says it once."""

import os
import socket
import threading
import time

from causeway_demo.broker import find_binary
from harness.fake_homeserver import FEDERATION
from hostile.case import HostileCase


class CrowdCase(HostileCase):
    quiet = True

    def silent(self, address="127.0.0.2"):
        """A connection that says nothing, from an address of its own."""
        made = socket.socket()
        self.addCleanup(made.close)
        made.settimeout(90)
        made.bind((address, 0))
        made.connect(("127.0.0.1", self.ours.broker.port))
        return made

    def served(self, times=20):
        """So many honest new connections are answered, of as many."""
        for _ in range(times):
            self.assertEqual(self.honest.raw("GET", f"{FEDERATION}/v1/version")[0], 200)

    def lines(self, words):
        return self.ours.broker.process.tail(100_000).count(words)

    def keep_open(self, number, stop):
        """A thread that keeps so many silent connections open, and opens those anew that were closed on it."""
        def run():
            opened = []
            while not stop.is_set():
                while len(opened) < number and not stop.is_set():
                    try:
                        made = socket.create_connection(("127.0.0.1", self.ours.broker.port), 5, ("127.0.0.2", 0))
                    except OSError:
                        break
                    made.setblocking(False)
                    opened.append(made)
                still = []
                for each in opened:
                    try:
                        (still.append(each) if each.recv(1) else each.close())
                    except BlockingIOError:
                        still.append(each)
                    except OSError:
                        each.close()
                opened = still
                stop.wait(0.05)
            for each in opened:
                each.close()
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread


class OneAddress(CrowdCase):
    settings = {"gateway": {"connections_max": 100, "connections_per_address_max": 40}}

    def test_one_address_does_not_lock_out_others(self):
        stop, begun = threading.Event(), time.monotonic()
        thread = self.keep_open(150, stop)
        try:
            self.until(lambda: self.lines("too many connections") > 0, "the line in the log")
            self.served()
            self.hears_honest(self.share())
        finally:
            stop.set()
            thread.join()
        self.assertLessEqual(self.lines("too many connections"), 2 + (time.monotonic() - begun) / 10)  # one in ten seconds

    def test_also_who_shares_the_address_of_the_crowd_is_served(self):
        silent = [self.silent("127.0.0.1") for _ in range(80)]
        self.served()
        self.assertEqual(len(silent), 80)

    def test_all_places_taken_by_many_addresses(self):
        silent = [self.silent(f"127.0.1.{number}") for number in range(1, 121)]
        self.served()
        # Those that came first were closed.
        self.assertEqual(silent[0].recv(1), b"")

    def test_who_sent_a_request_once_and_idles_gives_way_too(self):
        idle = []
        for number in range(1, 121):
            made = socket.socket()
            self.addCleanup(made.close)
            made.bind((f"127.0.2.{number}", 0))
            made.connect(("127.0.0.1", self.ours.broker.port))
            secure = self.hostile._trust.wrap_socket(made, server_hostname="localhost")
            self.addCleanup(secure.close)
            secure.sendall(f"GET {FEDERATION}/v1/version HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            self.assertIn(b"200", secure.recv(100))
            idle.append(secure)
        self.served()

    def test_requests_without_a_host_or_with_two_are_refused(self):
        for hosts in (b"", b"Host: a\r\nHost: b\r\n"):
            made = self.hostile._trust.wrap_socket(socket.create_connection(("127.0.0.1", self.ours.broker.port), 90), server_hostname="localhost")
            self.addCleanup(made.close)
            made.sendall(f"GET {FEDERATION}/v1/version HTTP/1.1\r\n".encode() + hosts + b"\r\n")
            self.assertTrue(made.recv(100).startswith(b"HTTP/1.1 400 "))


class FewDescriptors(CrowdCase):
    limit = "-n 96"

    @classmethod
    def setUpClass(cls):
        cls.settings = {}
        super().setUpClass()

    @classmethod
    def start_causeway(cls, name, **options):
        wrapper = os.path.join(cls.directory, "few-descriptors")
        with open(wrapper, "w", encoding="ascii") as out:
            out.write(f"#!/bin/sh\nulimit {cls.limit}\nexec {find_binary('causewayd')} \"$@\"\n")
        os.chmod(wrapper, 0o755)
        return super().start_causeway(name, binary=wrapper, **options)

    def test_silent_connections_beyond_all_descriptors_leave_the_process_alive(self):
        shared = self.share()
        stop = threading.Event()
        thread = self.keep_open(150, stop)
        try:
            begun = time.monotonic()
            while time.monotonic() - begun < 5:
                self.served(1)
            self.hears_honest(shared)
            # The edge and the operator have descriptors of their own.
            self.assertGreater(self.inspect("actors")["total"], 0)
            self.says(shared, "still here")
        finally:
            stop.set()
            thread.join()
        self.assertLessEqual(self.lines("accept:"), 2)
        self.assertEqual(self.lines("connections are taken"), 1)  # said at start


class SoftLimit(FewDescriptors):
    limit = "-S -n 64"
    test_silent_connections_beyond_all_descriptors_leave_the_process_alive = None

    def test_a_low_soft_limit_is_raised(self):
        with open(f"/proc/{self.ours.broker.process.pid}/limits", encoding="ascii") as limits:
            soft = next(line for line in limits if line.startswith("Max open files")).split()[3]
        self.assertGreater(int(soft), 64)
        silent = [self.silent() for _ in range(60)]
        self.served(5)
        self.hears_honest(self.share())
        self.assertEqual(len(silent), 60)
