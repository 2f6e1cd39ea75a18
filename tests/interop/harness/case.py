"""What the interop test cases have in common: a folder, a CA, processes that are ended, logs that are shown."""

import os
import shutil
import tempfile
import unittest

from causeway_demo.broker import FEDERATION_PORT, Broker
from causeway_demo.certificates import Authority
from causeway_demo.process import free_address, until

from . import rocketchat_environment, synapse_environment
from .front import Front
from .rocketchat import RocketChat, RocketChatSide
from .sides import CausewaySide, SynapseSide
from .synapse import Synapse

# Everything waited for is done within a second or two on an idle machine. On a busy one, with sanitizers, a process may stand still for most
# of a minute; whoever waits longer than needed waits only where the case fails.
PATIENCE_S = float(os.environ.get("INTEROP_PATIENCE_S", "120"))


class InteropCase(unittest.TestCase):
    """Processes live as long as the class; on a failure the ends of their logs are printed."""
    # tests/python_suite.py. True: it measures time or memory, nothing may run beside it; or: it has limits of some seconds, few may.
    alone = False
    quiet = False

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="cw-")  # short: unix socket paths are bounded
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.authority = Authority(os.path.join(cls.directory, "tls"))
        cls.watched = []  # processes whose logs matter

    @classmethod
    def start_causeway(cls, name, room_version="11", settings=None, **options):
        """:param room_version: of the rooms it creates; None: the default."""
        settings = {**(settings or {})}
        if room_version:
            settings["federation"] = {"room_version": room_version, **settings.get("federation", {})}
        options["settings"] = settings
        side = CausewaySide(Broker(name, os.path.join(cls.directory, name), cls.authority, **options), "chat-" + name)
        cls.watched += side.processes
        cls.addClassCleanup(side.close)
        return side.start()

    @classmethod
    def start_synapse(cls, name, **options):
        try:
            interpreter = synapse_environment.python()
        except synapse_environment.Unavailable as why:
            raise unittest.SkipTest(str(why)) from why
        side = SynapseSide(Synapse(name, os.path.join(cls.directory, name), cls.authority, interpreter, **options))
        cls.watched += side.processes
        cls.addClassCleanup(side.close)
        return side.start()

    @classmethod
    def start_causeway_behind_front(cls, name, **options):
        """(side, front): what others send it comes through the front."""
        front = Front(cls.authority)
        cls.addClassCleanup(front.close)
        side = cls.start_causeway(name, public_port=front.port, **options)
        front.target_port = side.broker.port
        return side, front

    @classmethod
    def start_synapse_behind_front(cls, name, **options):
        """(side, front): likewise."""
        front = Front(cls.authority)
        cls.addClassCleanup(front.close)
        side = cls.start_synapse(name, public_port=front.port, **options)
        front.target_port = side.synapse.federation_port
        return side, front

    @classmethod
    def start_rocketchat(cls, name, **options):
        try:
            environment = rocketchat_environment.environment()
        except rocketchat_environment.Unavailable as why:
            raise unittest.SkipTest(str(why)) from why
        side = RocketChatSide(RocketChat(name, os.path.join(cls.directory, name), cls.authority, environment, cls.own_address(), **options))
        cls.watched += side.processes
        cls.addClassCleanup(side.close)
        return side.start()

    @staticmethod
    def own_address():
        """A loopback address that can be a server name without a port."""
        return free_address(FEDERATION_PORT)

    def tearDown(self):
        result = self._outcome.result
        if any(test is self for test, _ in result.failures + result.errors):
            for process in self.watched:
                print(f"\n--- end of the log of {process.name}\n{process.tail()}")

    def until(self, condition, what, seconds=PATIENCE_S):
        """Fails when `condition` is not true in time; `what` was waited for."""
        try:
            return until(condition, seconds, what, 0.05)
        except TimeoutError as why:
            self.fail(str(why))

    def until_equal(self, value, expected, what, seconds=PATIENCE_S):
        """Fails with the difference when `value()` does not become `expected`."""
        last = []

        def equal():
            last[:] = [value()]
            return last[0] == expected
        try:
            until(equal, seconds, what, 0.05)
        except TimeoutError as why:
            self.maxDiff = 4000
            self.assertEqual(last[0], expected, str(why))
