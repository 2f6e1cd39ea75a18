#!/usr/bin/python3
"""run.py inbound|outbound|join|resolve|members|wave [--json] [--NAME VALUE...]: what tools/bench runs once everything is built.

inbound   [--events 60000] [--rooms 1] [--origins ROOMS] [--extremities 1] [--runs 3] [--cores N,N]
outbound  [--remotes 20] [--messages 2000] [--runs 3]
join      [--members 10000] [--servers 50] [--whole yes|no]
resolve   [--conflicted 1000] [--rounds 51] [--version 11]
members   [--sizes 1,1000,10000,100000] [--joins 500]
wave      [--dead 2000] [--seconds 20] [--rate 20] [--crowd-rate 1]

Options go to the load program (its head tells all of them); `--cores 1,2` is for this one: it runs the load once with the broker bound
to one core and once to two, and tells both rates and `speedup`.

inbound and outbound run `--runs` times (3), each time with a new broker, and tell the run that cost least CPU: what else the machine does
can only add to it. `cpu_us_of_each_run` shows them all. With it come `yardstick_per_core_s` (mean of a run before and one after) and
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


# The back-off of the defaults, not that of a demo, whose peers are found again within a second.
WAVE_SETTINGS = {"federation": {"retry_delay_ms_min": 1_000, "retry_delay_ms_max": 900_000}}


def load(what, options, cores=None):
    """Runs a load program against a broker of its own, bound to so many cores: the first ones this process may use."""
    directory = tempfile.mkdtemp(prefix="cw-")
    broker = None
    usable = os.sched_getaffinity(0)
    try:
        authority = Authority(os.path.join(directory, "tls"))
        if cores:
            os.sched_setaffinity(0, sorted(usable)[:cores])  # inherited by the broker
        broker = Broker("broker", os.path.join(directory, "broker"), authority, os.path.join(BIN, "causewayd"),
                        settings={"log": {"level": "warning"}, **(WAVE_SETTINGS if what == "wave" else {})}).start()
        os.sched_setaffinity(0, usable)
        command = [os.path.join(BIN, "load_" + what), "--port", str(broker.port), "--server-name", broker.server_name,
                   "--pid", str(broker.process.pid), "--ca", authority.ca_file, "--certificate", authority.certificate_file,
                   "--private-key", authority.private_key_file]
        command += ["--chat", broker.chat_endpoint, "--user", f"@load:{broker.server_name}"]
        say(f"{what}: load on a broker{f' on {cores} of the cores' if cores else ''} with its store on disk in {directory}")
        return output_of(command + options)
    except Exception:
        if broker:
            say(f"the broker's log ends with:\n{broker.process.tail(20)}")
        raise
    finally:
        os.sched_setaffinity(0, usable)
        if broker:
            broker.stop()
        shutil.rmtree(directory, ignore_errors=True)


def take(options, name, default):
    """The value of an option that is for this program: it is taken out."""
    if name not in options:
        return default
    at = options.index(name)
    value = options[at + 1]
    del options[at:at + 2]
    return value


def beside_yardstick(what, options, runs):
    before = yardstick()
    results = [load(what, options) for _ in range(runs)]
    result = min(results, key=lambda each: each["cpu_us_per_event"])
    result["cpu_us_of_each_run"] = [each["cpu_us_per_event"] for each in results]
    result["yardstick_per_core_s"] = round((before + yardstick()) / 2)
    result["ratio"] = round(1e6 / result["cpu_us_per_event"] / result["yardstick_per_core_s"], 3)
    return result


def compare_cores(what, options, counts):
    usable = len(os.sched_getaffinity(0))
    if len(counts) < 2 or max(counts) > usable:
        raise SystemExit(f"bench: --cores wants at least two counts, none over {usable}")
    results = [load(what, options, cores) for cores in counts]
    out = {}
    for cores, result in zip(counts, results):
        out[f"rate_per_s_{cores}_cores"] = result["rate_per_s"]
        out[f"cpu_us_per_event_{cores}_cores"] = result["cpu_us_per_event"]
    out["speedup"] = round(results[-1]["rate_per_s"] / results[0]["rate_per_s"], 2)
    out.update({key: results[-1][key] for key in ("events", "rooms", "origins", "p50_ms", "p99_ms", "rss_mib")})
    return out


def members(options):
    directory = tempfile.mkdtemp(prefix="cw-")
    try:
        say(f"members: joins of a room without a broker, its rows in a store in {directory}")
        return output_of([os.path.join(BIN, "bench_members"), "--store", directory] + options)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main(what, options):
    if what == "members":
        return members(options)
    if what == "resolve":
        return output_of([os.path.join(BIN, "bench_resolve")] + options)
    if what in ("join", "wave"):
        return load(what, options)
    runs = int(take(options, "--runs", "3"))
    cores = take(options, "--cores", None)
    if cores:
        return compare_cores(what, options, [int(each) for each in cores.split(",")])
    return beside_yardstick(what, options, max(1, runs))


if __name__ == "__main__":
    as_json = "--json" in sys.argv
    figures = main(sys.argv[1], [word for word in sys.argv[2:] if word != "--json"])
    head = ["rate_per_s", "cpu_us_per_event", "yardstick_per_core_s", "ratio", "p50_ms", "p99_ms", "rss_mib"]
    ordered = {key: figures[key] for key in head + [key for key in figures if key not in head] if key in figures}
    if as_json:
        print(json.dumps(ordered, separators=(",", ":")))
    else:
        for key, value in ordered.items():
            print(f"{key:>24}  {value}")
