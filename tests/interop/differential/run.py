#!/usr/bin/python3
"""Any number of generated rooms through a real Synapse and the broker: run.py [--seed N] [--rooms N] [--events N] [--version V].

`--seed N --rooms 1 --version V` makes the room of a reported difference again: the same events, in the same order of
delivery; ids and times of arrival are those of the day. Rooms with differences are written into the folder `--keep`."""

import argparse
import os
import sys

_INTEROP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="of the first room (default: 1)")
    parser.add_argument("--rooms", type=int, default=20, help="of each room version (default: 20)")
    parser.add_argument("--events", type=int, default=40, help="generated in each room (default: 40)")
    parser.add_argument("--version", choices=[str(number) for number in range(6, 13)], help="one room version; default: 6 to 12")
    parser.add_argument("--keep", help="folder for rooms with differences")
    wanted = parser.parse_args()
    os.environ.update(DIFFERENTIAL_SEED=str(wanted.seed), DIFFERENTIAL_ROOMS=str(wanted.rooms), DIFFERENTIAL_EVENTS=str(wanted.events),
                      DIFFERENTIAL_VERBOSE="1")
    if wanted.keep:
        os.makedirs(wanted.keep, exist_ok=True)
        os.environ["DIFFERENTIAL_KEEP"] = os.path.abspath(wanted.keep)
    if wanted.version:
        os.environ["DIFFERENTIAL_VERSION"] = wanted.version
    suite = os.path.join(os.path.dirname(_INTEROP), "python_suite.py")
    os.execv(sys.executable, [sys.executable, "-u", suite, _INTEROP, os.devnull, "GeneratedRooms"])


if __name__ == "__main__":
    main()
