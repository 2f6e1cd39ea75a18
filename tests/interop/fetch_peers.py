#!/usr/bin/python3
"""Fetches the real peers of the interop suite, Synapse and Rocket.Chat's package, ahead of it: tools/test runs this while the compiler runs.
Where one cannot be had nothing is wrong yet: the suite skips its cases and says why."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import rocketchat_environment, synapse_environment


def main():
    for fetch, unavailable in ((synapse_environment.python, synapse_environment.Unavailable),
                               (rocketchat_environment.environment, rocketchat_environment.Unavailable)):
        try:
            fetch()
        except unavailable as why:
            print(f"interop: {why}", flush=True)


if __name__ == "__main__":
    main()
