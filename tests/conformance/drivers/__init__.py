"""Drivers of our own client libraries: one file each, and how it is started."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "tests", "clients"), os.path.join(ROOT, "tools", "demo")]

from causeway_demo.broker import find_binary  # noqa: E402


def command_of(language):
    """(command, environment; None: the same as ours)

    :raises unittest.SkipTest: Node.js or its packages cannot be had
    :raises FileNotFoundError: the driver is not built
    """
    if language == "python":
        return ["/usr/bin/python3", os.path.join(HERE, "python_driver.py")], None
    if language == "node":
        import node_packages

        node, folder = node_packages.packages()
        return [node, os.path.join(HERE, "node_driver.js")], {**os.environ, "NODE_PATH": folder}
    return [find_binary("conformance_driver")], None
