"""The recipe "Two brokers on one machine" of README.md, run word by word: only its folder and its ports are others."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from causeway_demo.broker import find_binary
from causeway_demo.process import free_port

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def recipe():
    with open(os.path.join(ROOT, "README.md"), encoding="utf8") as readme:
        section = readme.read().split("\n## Two brokers on one machine\n", 1)[1].split("\n## ", 1)[0]
    return re.search(r"```sh\n(.*?)```", section, re.S)[1]


class Recipe(unittest.TestCase):
    def test_two_brokers_on_one_machine_talk(self):
        directory = tempfile.mkdtemp(prefix="cw-")
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        script = recipe()
        for written, ours in (("$PWD/build/release/bin", os.path.dirname(find_binary("causewayd"))), ("$PWD/tools", os.path.join(ROOT, "tools")),
                              ("build/two", "two"), *((port, str(free_port())) for port in ("8448", "8449", "7411"))):
            self.assertIn(written, script)
            script = script.replace(written, ours)
        # Nothing of it may fail, and nothing of it may stay.
        done = subprocess.run(["bash", "-c", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT; set -e\n" + script], cwd=directory, capture_output=True, text=True,
                              timeout=300, check=False, stdin=subprocess.DEVNULL)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said)
        self.assertEqual(said.count("The configuration is good"), 2, said)
        self.assertIn("bob reads: hello bob", said)
        self.assertIn("alice reads: hello alice", said)
        for name in "ab":
            with open(os.path.join(directory, "two", name, "log"), encoding="utf8") as log:
                self.assertRegex(log.read(), rf"causeway ready server_name=localhost:\d+ .* config={name}/causeway.toml")
