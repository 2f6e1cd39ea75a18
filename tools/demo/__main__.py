#!/usr/bin/python3
"""causeway demo [--json] [--keep] [--causewayd PATH] [--web [PORT] [--tour]] [--cluster]

Starts two brokers on loopback with a throw-away CA (certificates are verified), plays a conversation between two small
chat servers and ends with one line of JSON:
{"owed":n,"delivered":n,"lost":0,"duplicated":0,"invitations":{"accepted":n,"rejected":n,"revoked":n}}
Exit code 1 when a message was lost or came twice, 2 when the conversation could not be played.

With --cluster one side is three nodes over a PostgreSQL of its own: one is killed, one drained, one replaced, and the line ends with
"failover_s" and "drain_ms" (how long the chat server had to wait for an answer meanwhile) and "nodes".

With --web the two chats are a page for a browser of this machine instead; --tour plays a tour there as soon as somebody looks.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# The client library: in the source tree it is the neighbour; installed it lies below the same prefix.
sys.path[:0] = [HERE, os.path.join(HERE, "..", "clients", "python"), os.path.join(HERE, *[".."] * 3, "lib", "python3", "dist-packages")]

from causeway_demo import conversation, prompt  # noqa: E402
from causeway_demo.cluster import ClusterDemo  # noqa: E402
from causeway_demo.broker import Broker, find_binary  # noqa: E402
from causeway_demo.certificates import Authority  # noqa: E402
from causeway_demo.chat_server import ChatServer, CommandError, CommandTimeout  # noqa: E402
from causeway_demo.screen import Screen, describe  # noqa: E402
from causeway_demo.web.serve import serve  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="causeway demo", description="Two brokers, two chat servers, one conversation.")
    parser.add_argument("--json", action="store_true", help="print nothing but the summary")
    parser.add_argument("--keep", action="store_true", help="leave it running and type into it")
    parser.add_argument("--causewayd", help="the broker's program; default: beside this one")
    parser.add_argument("--web", type=int, nargs="?", const=0, metavar="PORT",
                        help="show the two chats in a browser, on this port of 127.0.0.1 (default: any that is free)")
    parser.add_argument("--tour", action="store_true", help="with --web: play the tour as soon as somebody looks")
    parser.add_argument("--cluster", action="store_true", help="three nodes over a PostgreSQL: one is killed, one drained, one replaced")
    options = parser.parse_args()
    if options.cluster and (options.keep or options.web is not None):
        parser.error("--cluster is played to its end: without --keep, --web and --tour")
    if options.tour and options.web is None:
        parser.error("--tour is played in the page: say --web --tour")
    if options.web is not None and not 0 <= options.web < 65536:
        parser.error(f"--web {options.web}: there is no such port")
    return options


def main():
    options = arguments()
    screen = Screen(quiet=options.json)
    directory = tempfile.mkdtemp(prefix="causeway-")  # short: the path of a unix socket has at most 107 bytes
    brokers, servers = [], []
    good = False
    try:
        binary = options.causewayd or find_binary("causewayd")
        if options.web is not None:
            good = serve(screen, directory, binary, options.web, options.tour, lambda side, told: show(screen, side, told), options.json)
            return 0 if good else 1
        if options.cluster:
            cluster = ClusterDemo(screen, directory, Authority(os.path.join(directory, "tls")), binary)
            servers.append(cluster)
            summary = play_cluster(screen, cluster, brokers)
            good = summary["lost"] == 0 and summary["duplicated"] == 0
            print(json.dumps(summary, separators=(",", ":")), flush=True)
            return 0 if good else 1
        begun = time.monotonic()
        screen.title("Two brokers on loopback, an own CA, certificates verified")
        authority = Authority(os.path.join(directory, "tls"))
        for side in ("A", "B"):
            broker = Broker("broker " + side, os.path.join(directory, side), authority, binary)
            brokers.append(broker)
            broker.start()
            server = ChatServer(broker.chat_endpoint, "chat-" + side.lower(),
                                lambda told, side=side: show(screen, side, told))
            servers.append(server)
            server.connect()
            screen.note(f"  {side}  broker {broker.server_name}, its chat server on {broker.chat_endpoint}")
        account = conversation.play(screen, *servers, brokers[0].server_name, brokers[1].server_name, directory)
        summary = account.summary()
        good = summary["lost"] == 0 and summary["duplicated"] == 0
        screen.title(f"Owed {summary['owed']} messages, delivered {summary['delivered']}, lost {summary['lost']}, "
                     f"duplicated {summary['duplicated']} ({time.monotonic() - begun:.1f} s)")
        if options.keep:
            prompt.run(screen, *servers, brokers[0].server_name, brokers[1].server_name,
                       (CommandError, CommandTimeout))
        else:
            screen.note("\nThe same in a browser, two chats side by side:  causeway demo --web")
        print(json.dumps(summary, separators=(",", ":")), flush=True)
        return 0 if good else 1
    except (CommandError, CommandTimeout, TimeoutError, RuntimeError, OSError) as why:
        print(f"demo: {why}", file=sys.stderr)
        for broker in brokers:
            print(f"demo: {broker.name}'s log ends with:\n{broker.process.tail(20)}", file=sys.stderr)
        return 2
    finally:
        for server in servers:
            server.close()
        for broker in brokers:
            broker.stop()
        if good:
            shutil.rmtree(directory, ignore_errors=True)
        else:
            print(f"demo: configuration and logs are kept in {directory}", file=sys.stderr)


def play_cluster(screen, cluster, brokers):
    begun = time.monotonic()
    try:
        summary = cluster.play()
    finally:
        brokers += cluster.brokers
    screen.title(f"Owed {summary['owed']} messages, delivered {summary['delivered']}, lost {summary['lost']}, duplicated {summary['duplicated']} "
                 f"({time.monotonic() - begun:.1f} s)")
    return summary


def show(screen, side, notification):
    sentence = describe(notification)
    if sentence:
        screen.sees(side, sentence)


if __name__ == "__main__":
    sys.exit(main())
