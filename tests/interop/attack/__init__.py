"""Attacks on the broker as a process: crowds, descriptors. Real broker, real sockets, loopback."""
