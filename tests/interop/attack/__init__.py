"""Attacks on the broker as a process: crowds, descriptors. Real broker, real sockets, loopback."""

import harness  # noqa: F401 - finds the demo's modules
