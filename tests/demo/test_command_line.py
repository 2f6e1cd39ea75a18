"""`causeway demo --web` as a person starts and ends it."""

import json
import os
import signal
import subprocess
import sys
import threading
import unittest
import urllib.request

from causeway_demo.process import free_port

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
DEMO = [sys.executable, os.path.join(ROOT, "tools", "demo")]


class CommandLine(unittest.TestCase):
    def start(self, *arguments):
        """The demo, and the address it prints."""
        process = subprocess.Popen(
            [*DEMO, *arguments, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        watchdog = threading.Timer(400, process.kill)
        watchdog.start()
        self.addCleanup(watchdog.cancel)
        return process, json.loads(process.stdout.readline())["url"]

    def end(self, process, number):
        process.send_signal(number)
        out, err = process.communicate(timeout=100)
        self.assertEqual((process.returncode, out, err), (0, "", ""))

    @staticmethod
    def browser():
        return urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def test_the_page_is_served_until_the_demo_is_ended(self):
        port = free_port()
        process, url = self.start("--web", str(port))
        self.assertTrue(url.startswith(f"http://127.0.0.1:{port}/?session="), url)
        self.assertIn(b"Two chat servers", self.browser().open(url, timeout=90).read())
        second = subprocess.run([*DEMO, "--web", str(port)], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(second.returncode, 2)
        self.assertIn("in use", second.stderr)
        self.end(process, signal.SIGINT)

    def test_a_tour_begins_when_somebody_looks(self):
        process, url = self.start("--web", "--tour")
        browser = self.browser()
        browser.open(url, timeout=90).read()
        with browser.open(url.partition("?")[0] + "events", timeout=90) as stream:
            while b"Welcome aboard, Bob" not in (line := stream.readline()):
                self.assertTrue(line, "the stream has ended")
        self.end(process, signal.SIGTERM)  # in the middle of it

    def test_a_tour_without_a_page_is_refused(self):
        done = subprocess.run([*DEMO, "--tour"], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--web --tour", done.stderr)
