"""Puts the interop suite's harness, the demo and the client into the import path: imported before them."""

import os
import sys

_TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_ROOT = os.path.dirname(_TESTS)
sys.path[:0] = [each for each in (os.path.join(_TESTS, "interop"), os.path.join(_ROOT, "tools", "demo"), os.path.join(_ROOT, "tools", "clients", "python"))
                if each not in sys.path]
