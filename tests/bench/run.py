#!/usr/bin/python3
"""run.py inbound|outbound|join|resolve|members|memory|wave|conversation|receipts|inspector [--json] [--NAME VALUE...]: what tools/bench runs once everything is built.

inbound   [--events 60000] [--rooms 1] [--origins ROOMS] [--extremities 1] [--runs 3] [--cores N,N] [--engine postgresql]
outbound  [--remotes 20] [--messages 2000] [--runs 3]
join      [--members 10000] [--servers 50] [--whole yes|no]
resolve   [--conflicted 1000] [--rounds 51] [--version 11]
members   [--sizes 1,1000,10000,100000] [--joins 500]
memory    [--rooms 5000] [--members 3] [--waves 5] [--known-rooms 100000] [--known-servers 10000] [--users 10000] [--starts 3] [--settle 25]
wave      [--dead 2000] [--seconds 20] [--rate 100] [--crowd-rate 1] [--runs 3]
conversation [--channels 200] [--rate 50] [--seconds 60]
receipts  [--remotes 20] [--readers 1000] [--messages 10] [--runs 3]
inspector [--actors 100000] [--rate 1000] [--seconds 10] [--rounds 3]

Options go to the load program (its head tells all of them); `--cores 1,2` is for this one: it runs the load once with the broker bound
to one core and once to two, and tells both rates and `speedup`.

inbound, outbound and receipts run `--runs` times (3), each time with a new broker, and tell the run that cost least CPU: what else the machine does
can only add to it. `cpu_us_of_each_run` shows them all. With it come `yardstick_per_core_s` (mean of a run before and one after) and
`ratio` = (1e6 / cpu_us_per_event) / yardstick_per_core_s.

`--engine postgresql` (inbound) runs the load with both stores in turn, `--runs` times each; the server is one of its own on this machine,
its commits flushed like SQLite's. `engine_ratio` = `ratio` with PostgreSQL / `ratio` with SQLite, of the broker's CPU alone;
`database_cpu_us_per_event` is what the server takes beside it, and `rate_ratio` compares events per second.

wave runs `--runs` times too, each time with a new broker, and tells the median of each figure: a p99 hangs on the disk's few worst moments.
`..._of_each_run` shows the ratios; `crowd_silent_ratio_p99` is the same measure without a wave, so it tells how far the others can be trusted.

conversation runs two brokers. A message waits at least for two commits, one at each of them, so with it comes `flush_p50_ms`, what it takes to
write 4 KiB and flush them to the same disk (mean of the medians before and after), and `ratio` = p50_ms / flush_p50_ms.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tools", "demo"))

from causeway_demo.broker import Broker  # noqa: E402
from causeway_demo.certificates import Authority  # noqa: E402
from causeway_demo.postgresql import PostgreSQL  # noqa: E402

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


# Rooms stay loaded, whatever time it takes.
ROOM_SETTINGS = {"room": {"idle_s": 86_400}}
# The back-off of the defaults, not that of a demo, whose peers are found again within a second.
WAVE_SETTINGS = {"federation": {"retry_delay_ms_min": 1_000, "retry_delay_ms_max": 900_000}}
RECEIPT_SETTINGS = {"federation": {"receipts": True}}
SETTINGS = {"memory": ROOM_SETTINGS, "wave": WAVE_SETTINGS, "receipts": RECEIPT_SETTINGS}


def load(what, options, cores=None, store=None):
    """Runs a load program against a broker of its own, bound to so many cores: the first ones this process may use. `store` are
    settings of its store."""
    directory = tempfile.mkdtemp(prefix="cw-")
    broker = None
    usable = os.sched_getaffinity(0)
    try:
        authority = Authority(os.path.join(directory, "tls"))
        if cores:
            os.sched_setaffinity(0, sorted(usable)[:cores])  # inherited by the broker
        broker = Broker("broker", os.path.join(directory, "broker"), authority, os.path.join(BIN, "causewayd"),
                        settings={"log": {"level": "warning"}, **({"store": store} if store else {}), **SETTINGS.get(what, {})}).start()
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


def medians(what, options, runs):
    results = [load(what, options) for _ in range(runs)]
    out = {key: statistics.median_low(each[key] for each in results) for key, value in results[0].items() if not isinstance(value, list)}
    for key in ("first_8s_ratio_p99", "later_ratio_p99", "crowd_silent_ratio_p99"):
        out[key + "_of_each_run"] = [each[key] for each in results]
    return out


def compare_engines(what, options, runs):
    """The load with SQLite and with PostgreSQL in turn, so that what else the machine does hits both."""
    server = PostgreSQL().start()
    try:
        before = yardstick()
        results = {"sqlite": [], "postgresql": []}
        for _ in range(runs):
            results["sqlite"].append(load(what, options))
            began = server.cpu_s()
            result = load(what, options, store={"engine": "postgresql", "url": server.make_database()})
            result["database_cpu_us_per_event"] = round(1e6 * (server.cpu_s() - began) / result["events"], 1)
            results["postgresql"].append(result)
        per_core = (before + yardstick()) / 2
    finally:
        server.stop()
    out = {}
    best = {engine: min(of_it, key=lambda each: each["cpu_us_per_event"]) for engine, of_it in results.items()}
    for engine, result in best.items():
        out[f"{engine}_cpu_us_per_event"] = result["cpu_us_per_event"]
        out[f"{engine}_ratio"] = round(1e6 / result["cpu_us_per_event"] / per_core, 3)
        out[f"{engine}_rate_per_s"] = result["rate_per_s"]
    out["database_cpu_us_per_event"] = best["postgresql"]["database_cpu_us_per_event"]
    out["engine_ratio"] = round(out["postgresql_ratio"] / out["sqlite_ratio"], 3)
    out["rate_ratio"] = round(out["postgresql_rate_per_s"] / out["sqlite_rate_per_s"], 3)
    return out


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


def start_on_known(options, rooms, servers, users, starts):
    """Starts of a broker on a store with many rooms and servers that nobody speaks to: the quickest, and the least memory."""
    directory = tempfile.mkdtemp(prefix="cw-")
    broker = None
    try:
        authority = Authority(os.path.join(directory, "tls"))
        broker = Broker("broker", os.path.join(directory, "broker"), authority, os.path.join(BIN, "causewayd"),
                        settings={"log": {"level": "warning"}}).start()
        broker.stop()  # it has made its key and an empty store
        store = os.path.join(directory, "broker", "data", "store.db")
        written = output_of([os.path.join(BIN, "bench_idle_store"), "--store", store, "--server-name", broker.server_name,
                             "--rooms", rooms, "--servers", servers, "--users", users])
        say(f"memory: a store with {rooms} rooms and {servers} servers, {os.path.getsize(store) >> 20} MiB, in {written['written_s']} s")
        all_starts = []
        for _ in range(starts):
            begun = time.time()
            broker.start()
            line_s = time.time() - begun
            seen = output_of([os.path.join(BIN, "load_memory"), "--server-name", broker.server_name, "--pid", str(broker.process.pid),
                              "--chat", broker.chat_endpoint, "--known", "idle-0"] + options)
            broker.stop()
            all_starts.append({"ready_line_s": line_s, "ready_s": seen["welcome_at"] - begun, "first_answer_s": seen["answered_at"] - begun,
                               "rss_ready_mib": seen["rss_ready_mib"], "rss_start_peak_mib": seen["rss_peak_mib"],
                               "rss_idle_mib": seen["rss_idle_mib"], "start_cpu_s": seen["cpu_s"]})
        return {"known_rooms": written["rooms"], "known_servers": written["servers"],
                **{key: round(min(each[key] for each in all_starts), 2) for key in all_starts[0]},
                "ready_s_of_each_start": [round(each["ready_s"], 2) for each in all_starts]}
    except Exception:
        if broker:
            say(f"the broker's log ends with:\n{broker.process.tail(20)}")
        raise
    finally:
        if broker:
            broker.stop()
        shutil.rmtree(directory, ignore_errors=True)


def memory(options):
    known = [take(options, "--known-rooms", "100000"), take(options, "--known-servers", "10000"), take(options, "--users", "10000")]
    starts = int(take(options, "--starts", "3"))
    at = options.index("--settle") if "--settle" in options else len(options)
    return {**load("memory", options), **start_on_known(options[at:at + 2], *known, starts)}


def flush_p50_ms(directory, count=200):
    """The median of writing 4 KiB to a file and flushing them, as a commit does at least once."""
    took = []
    with open(os.path.join(directory, "flushed"), "wb", buffering=0) as out:
        out.write(bytes(4096 * count))
        os.fsync(out.fileno())
        out.seek(0)
        for _ in range(count):
            begun = time.perf_counter()
            out.write(os.urandom(4096))
            os.fdatasync(out.fileno())
            took.append(time.perf_counter() - begun)
    return sorted(took)[count // 2] * 1e3


def conversation(options):
    directory = tempfile.mkdtemp(prefix="cw-")
    brokers = []
    try:
        authority = Authority(os.path.join(directory, "tls"))
        for name in "one", "other":
            brokers.append(Broker(name, os.path.join(directory, name), authority, os.path.join(BIN, "causewayd"),
                                  settings={"log": {"level": "warning"}}).start())
        before = flush_p50_ms(directory)
        command = [os.path.join(BIN, "load_conversation")]
        for prefix, broker in zip(("--", "--other-"), brokers):
            command += [prefix + "chat", broker.chat_endpoint, prefix + "user", f"@load:{broker.server_name}",
                        prefix + "server-name", broker.server_name, prefix + "pid", str(broker.process.pid)]
        say(f"conversation: between two brokers with their stores on disk in {directory}")
        result = output_of(command + options)
        result["flush_p50_ms"] = round((before + flush_p50_ms(directory)) / 2, 3)
        result["ratio"] = round(result["p50_ms"] / result["flush_p50_ms"], 1)
        return result
    except Exception:
        for broker in brokers:
            say(f"the log of broker {broker.name} ends with:\n{broker.process.tail(20)}")
        raise
    finally:
        for broker in brokers:
            broker.stop()
        shutil.rmtree(directory, ignore_errors=True)


def main(what, options):
    if what == "conversation":
        return conversation(options)
    if what == "memory":
        return memory(options)
    if what == "members":
        return members(options)
    if what in ("resolve", "inspector"):
        return output_of([os.path.join(BIN, "bench_" + what)] + options)
    if what == "join":
        return load(what, options)
    runs = max(1, int(take(options, "--runs", "3")))
    if what == "wave":
        return medians(what, options, runs)
    if take(options, "--engine", "sqlite") == "postgresql":
        return compare_engines(what, options, runs)
    cores = take(options, "--cores", None)
    if cores:
        return compare_cores(what, options, [int(each) for each in cores.split(",")])
    return beside_yardstick(what, options, runs)


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
