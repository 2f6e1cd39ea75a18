#!/usr/bin/python3
"""run.py inbound|outbound [--json] [--NAME VALUE...]: what tools/bench runs once everything is built.

Further options go to the load program, e.g. `inbound --events 100000 --origins 4 --rooms 4`.
The result has, besides what the load program measured, `yardstick_per_core_s` (mean of a run before and one after) and
`ratio` = (1e6 / cpu_us_per_event) / yardstick_per_core_s.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tools", "demo"))

from causeway_demo.broker import Broker  # noqa: E402
from causeway_demo.certificates import Authority  # noqa: E402

BIN = os.environ.get("CAUSEWAY_BIN") or os.path.join(ROOT, "build", "release", "bin")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def output_of(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{os.path.basename(command[0])} ended with {done.returncode} {done.stdout.strip()}")
    return json.loads(done.stdout)


def yardstick():
    say("yardstick: parse, hashes and one signature check per event, nothing else")
    return output_of([os.path.join(BIN, "yardstick")])["yardstick_per_core_s"]


def main(what, options):
    directory = tempfile.mkdtemp(prefix="cw-")
    broker = None
    try:
        authority = Authority(os.path.join(directory, "tls"))
        before = yardstick()
        broker = Broker("broker", os.path.join(directory, "broker"), authority, os.path.join(BIN, "causewayd"),
                        settings={"log": {"level": "warning"}}).start()
        command = [os.path.join(BIN, "load_" + what), "--port", str(broker.port), "--server-name", broker.server_name,
                   "--pid", str(broker.process.pid), "--ca", authority.ca_file, "--certificate", authority.certificate_file,
                   "--private-key", authority.private_key_file]
        command += ["--chat", broker.chat_endpoint, "--user", f"@load:{broker.server_name}"]
        say(f"{what}: load on a broker with its store on disk in {directory}")
        result = output_of(command + options)
        broker.stop()
        after = yardstick()
        result["yardstick_per_core_s"] = round((before + after) / 2)
        result["ratio"] = round(1e6 / result["cpu_us_per_event"] / result["yardstick_per_core_s"], 3)
        return result
    except Exception:
        if broker:
            say(f"the broker's log ends with:\n{broker.process.tail(20)}")
        raise
    finally:
        if broker:
            broker.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    as_json = "--json" in sys.argv
    figures = main(sys.argv[1], [word for word in sys.argv[2:] if word != "--json"])
    head = ["rate_per_s", "cpu_us_per_event", "yardstick_per_core_s", "ratio", "p50_ms", "p99_ms", "rss_mib"]
    ordered = {key: figures[key] for key in head + [key for key in figures if key not in head]}
    if as_json:
        print(json.dumps(ordered, separators=(",", ":")))
    else:
        for key, value in ordered.items():
            print(f"{key:>24}  {value}")
