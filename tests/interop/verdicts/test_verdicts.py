"""The tables of verdicts that the unit tests compare ours with are what the pinned Synapse says."""

import gzip
import json
import os
import subprocess
import unittest

from harness import synapse_environment

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "vectors")
TIMEOUT_S = 600


def judged(program):
    """What the program prints when Synapse's Python runs it."""
    command = [synapse_environment.python(), os.path.join(HERE, program)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=TIMEOUT_S, check=True).stdout


class Verdicts(unittest.TestCase):
    takes_long = True
    maxDiff = 2000

    def compare(self, table, program):
        path = os.path.join(VECTORS, table)
        try:
            now = judged(program)
        except synapse_environment.Unavailable as why:
            self.skipTest(str(why))
        if os.environ.get("VERDICTS_WRITE"):  # a new Synapse, or new cases
            with open(path, "wb") as out:
                out.write(gzip.compress(now, mtime=0))
        with gzip.open(path) as kept:
            known = json.load(kept)
        fresh = json.loads(now)
        self.assertEqual(known["synapse"], synapse_environment.VERSION)
        old = {case["name"]: case["verdicts"] for case in known["cases"]}
        new = {case["name"]: case["verdicts"] for case in fresh["cases"]}
        self.assertEqual({name: verdicts for name, verdicts in new.items() if old.get(name) != verdicts}, {})
        self.assertEqual(known, fresh)

    def test_odd_contents_are_judged_by_synapse_as_the_table_has_it(self):
        self.compare("synapse_contents.json.gz", "judge_contents.py")

    def test_odd_forms_are_received_by_synapse_as_the_table_has_it(self):
        self.compare("synapse_forms.json.gz", "judge_forms.py")
