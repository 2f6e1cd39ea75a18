"""A broker that may use too little: refused at its start with a sentence for each limit, and the way out."""

import os
import subprocess

from causeway_demo.broker import Broker, find_binary
from harness.builds import has_address_sanitizer
from harness.case import InteropCase


class TooLittle(InteropCase):
    def start(self, name, limits, **settings):
        """What it says that is started so; it must not start."""
        broker = Broker(name, os.path.join(self.directory, name), self.authority, settings=settings)
        config = os.path.join(broker.directory, "causeway.toml")
        done = subprocess.run(["sh", "-c", f"ulimit {limits} && exec {find_binary('causewayd')} --config {config}"], capture_output=True, text=True,
                              timeout=120, check=False, stdin=subprocess.DEVNULL)
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 1, said)
        return said

    def test_each_limit_that_is_too_low_is_named(self):
        self.assertIn("may open 63 descriptors, at least 64 are needed: raise the limit (ulimit -n", self.start("descriptors", "-n 63"))
        self.assertRegex(self.start("files", "-f 1024"), r"A file of the process may have \d MiB, .* take the limit away \(ulimit -f")

    def test_memory_that_is_less_than_the_budgets_is_named_with_them(self):
        if has_address_sanitizer(find_binary("causewayd")):
            self.skipTest("THE LIMIT OF MEMORY IS NOT TRIED: a build with the address sanitizer takes terabytes of address space")
        said = self.start("memory", "-d 102400")
        self.assertRegex(said, r"may have as data 100 MiB, the budgets of the configuration add up to \d+ MiB")
        self.assertIn("gateway.answers_mib", said)

    def test_all_are_named_at_once(self):
        said = self.start("all", "-n 63 && ulimit -f 1024")
        self.assertIn("ulimit -n", said)
        self.assertIn("ulimit -f", said)
