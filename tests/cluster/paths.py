"""Puts the ledger and the checker of the crash suite, the harness, the demo and the client into the import path: imported before them."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [each for each in (os.path.join(ROOT, *parts) for parts in (("tests", "crash"), ("tests", "interop"), ("tools", "demo"),
                                                                           ("tools", "clients", "python")))
                if each not in sys.path]
