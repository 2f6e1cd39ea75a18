"""Our client libraries keep the chat contract: each plays the conformance kit (README.md), a case for each scenario."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from drivers import command_of  # noqa: E402
from kit.broker import Broker  # noqa: E402
from kit.play import FAILED, PASSED, SKIPPED, order, play  # noqa: E402
from kit.scenario import Scenario  # noqa: E402

TOOL = os.path.normpath(os.path.join(HERE, "..", "..", "tools", "conformance"))
# C++ has no handlers: who takes an event acknowledges it.
SKIPPED_BY = {
    "cpp": {"handlers acknowledge when they have succeeded", "a handler that fails gets its event again"},
    "python": set(),
    "node": set(),
}


def cases_of(language):
    def case(scenario):
        def test(self):
            command, environment = command_of(language)
            with tempfile.TemporaryFile() as errors:
                verdict, why = play(scenario, command, environment, errors)
                errors.seek(0)
                said = errors.read().decode(errors="replace")[-2000:]
            expected = SKIPPED if scenario.title in SKIPPED_BY[language] else PASSED
            self.assertEqual(verdict, expected, f"{why}\n{said}")

        return test

    return {"test_" + scenario.title.replace(" ", "_"): case(scenario) for scenario in order()}


Cpp = type("Cpp", (unittest.TestCase,), cases_of("cpp"))
Python = type("Python", (unittest.TestCase,), cases_of("python"))
Node = type("Node", (unittest.TestCase,), cases_of("node"))


# A driver that forgets: it answers, and never connects.
IDLE_DRIVER = """
import json, sys
for line in sys.stdin:
    n = json.loads(line)["n"]
    print(json.dumps({"n": n, "result": {"client": "idle", "features": []}}), flush=True)
"""


class Kit(unittest.TestCase):
    """What the kit says of drivers that do not keep the contract, and what its command prints."""

    def verdict(self, driver, scenario):
        return play(scenario, [sys.executable, "-c", driver])

    def test_titles_are_told_apart(self):
        titles = [each.title for each in order()]
        self.assertEqual(len(titles), len(set(titles)))
        self.assertGreater(len(titles), 100)

    def test_a_driver_that_does_nothing_fails(self):
        def wait_for_hello(stage):
            stage.start_broker()
            stage.open()
            stage.until(lambda: stage.broker.frames, "HELLO", seconds=0.2)

        verdict, why = self.verdict(IDLE_DRIVER, Scenario("kit", "hello", wait_for_hello, frozenset()))
        self.assertEqual(verdict, FAILED)
        self.assertIn("HELLO", why)

    def test_a_driver_that_dies_fails_at_once(self):
        verdict, why = self.verdict("", order()[0])
        self.assertEqual(verdict, FAILED)
        self.assertIn("the driver has ended", why)

    def test_a_feature_that_is_missing_skips(self):
        verdict, why = self.verdict(
            IDLE_DRIVER, Scenario("kit", "handlers", lambda stage: None, frozenset(["handlers"]))
        )
        self.assertEqual((verdict, why), (SKIPPED, "the driver has no handlers"))

    def test_the_command_prints_a_line_for_each_scenario_and_a_summary(self):
        done = subprocess.run([TOOL, "python", "hello says"], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(
            done.stdout,
            r"^ok +connection: hello says version name streams and credit \(\d+\.\d s\)\n"
            r"python: 1 passed, 0 failed, 0 skipped\n$",
        )

    def test_the_command_says_by_its_exit_code_that_a_client_fails(self):
        done = subprocess.run([TOOL, "--", "/bin/false"], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stdout, rf"\nclient: 0 passed, {len(order())} failed, 0 skipped\n$")

    def test_the_command_tells_what_it_takes(self):
        done = subprocess.run([TOOL, "cobol"], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("tools/conformance cpp|python|node", done.stderr)

    def test_without_node_it_says_so_and_fails(self):
        done = subprocess.run(
            [TOOL, "node"], capture_output=True, text=True, env={**os.environ, "PATH": "/nowhere"}, check=False
        )
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("THE NODE CLIENT IS NOT TESTED: node is not installed", done.stderr)

    def test_a_node_that_ends_badly_fails_the_scenario(self):
        def crash(stage):
            stage.start_node().kill()

        verdict, why = self.verdict(IDLE_DRIVER, Scenario("kit", "crash", crash, frozenset()))
        self.assertEqual(verdict, FAILED)
        self.assertIn("a node did not end well: {'ours': -9}", why)

    def test_what_fails_with_a_real_broker_shows_its_log(self):
        def fail(stage):
            stage.start_node()
            raise AssertionError("on purpose")

        verdict, why = self.verdict(IDLE_DRIVER, Scenario("kit", "log", fail, frozenset()))
        self.assertEqual(verdict, FAILED)
        self.assertIn("causeway ready", why)

    def test_the_broker_of_the_kit_grants_no_more_than_the_credit(self):
        broker = Broker("inproc://none")
        self.addCleanup(broker.close)
        sent = []
        broker.send = lambda verb, header, body=None, peer=None: sent.append(header)
        broker.peer, broker.credit, broker.position = b"p", {"messages": 2, "bytes": 1 << 20}, {0: 0}
        for _ in range(3):
            broker.notify("x", {})
        self.assertEqual([header["cursor"] for header in sent], [1, 2])


if __name__ == "__main__":
    unittest.main()
