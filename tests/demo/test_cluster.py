"""`causeway demo --cluster`: three nodes of which one is killed, one drained and one replaced, at once and to its end."""

import json
import os
import subprocess
import sys
import unittest

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
DEMO = [sys.executable, os.path.join(ROOT, "tools", "demo"), "--cluster"]
# What is promised of a release build (2 s, 1 s), and what one with sanitizers on a busy machine takes beside it.
FAILOVER_S, DRAIN_MS = 2 + 10, 1_000 + 10_000


class Cluster(unittest.TestCase):
    quiet = True

    def test_three_nodes_lose_and_double_nothing_and_say_how_long_each_change_took(self):
        done = subprocess.run([*DEMO, "--json"], capture_output=True, text=True, timeout=400, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        told = json.loads(done.stdout)
        print(done.stdout.strip(), end=" ", flush=True)
        self.assertEqual((told["lost"], told["duplicated"], told["nodes"], told["delivered"]), (0, 0, 3, told["owed"]))
        self.assertGreater(told["owed"], 200)
        self.assertTrue(0 < told["failover_s"] < FAILOVER_S, told)
        self.assertTrue(0 < told["drain_ms"] < DRAIN_MS, told)

    def test_a_cluster_is_not_kept_and_has_no_page(self):
        for more in ("--keep", "--web"):
            done = subprocess.run([*DEMO, more], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--cluster", done.stderr)
