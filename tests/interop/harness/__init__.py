"""What the interop tests stand on: real processes on loopback with an own CA, and hands to drive both sides."""

import os
import sys

_ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
for _folder in ("tools/demo", "tools/clients/python"):
    sys.path.insert(0, os.path.join(_ROOT, _folder))

ROOT = _ROOT
