"""How the demo is ended, without brokers."""

import os
import subprocess
import sys
import unittest

ENDED_BY_ANOTHER_THREAD = """
import signal, threading, time
from causeway_demo.web.serve import wait_for_end
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
other = threading.Thread(target=time.sleep, args=(600,), daemon=True)
other.start()
threading.Timer(0.2, lambda: signal.pthread_kill(other.ident, signal.SIGTERM)).start()
wait_for_end(over)
print("ended")
"""


class Signals(unittest.TestCase):
    def test_a_signal_given_to_another_thread_ends_the_demo_too(self):
        done = subprocess.run([sys.executable, "-c", ENDED_BY_ANOTHER_THREAD], capture_output=True, text=True, timeout=120,
                              check=False, env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "ended\n", ""))


if __name__ == "__main__":
    unittest.main()
