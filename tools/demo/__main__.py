#!/usr/bin/python3
"""causeway demo [--json] [--keep] [--causewayd PATH]

Starts two brokers on loopback with a throw-away CA (certificates are verified), plays a conversation between two small
chat servers and ends with one line of JSON:
{"owed":n,"delivered":n,"lost":0,"duplicated":0,"invitations":{"accepted":n,"rejected":n,"revoked":n}}
Exit code 1 when a message was lost or came twice, 2 when the conversation could not be played.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# In the source tree and, installed, in share/causeway: the client library is the neighbour.
sys.path[:0] = [HERE, os.path.join(HERE, "..", "clients", "python")]

from causeway_demo import conversation, prompt  # noqa: E402
from causeway_demo.broker import Broker, find_binary  # noqa: E402
from causeway_demo.certificates import Authority  # noqa: E402
from causeway_demo.chat_server import ChatServer, CommandError, CommandTimeout  # noqa: E402
from causeway_demo.screen import Screen, describe  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="causeway demo", description="Two brokers, two chat servers, one conversation.")
    parser.add_argument("--json", action="store_true", help="print nothing but the summary")
    parser.add_argument("--keep", action="store_true", help="leave it running and type into it")
    parser.add_argument("--causewayd", help="the broker's program; default: beside this one")
    return parser.parse_args()


def main():
    options = arguments()
    screen = Screen(quiet=options.json)
    directory = tempfile.mkdtemp(prefix="causeway-")  # short: the path of a unix socket has at most 107 bytes
    brokers, servers = [], []
    good = False
    try:
        binary = options.causewayd or find_binary("causewayd")
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
        print(json.dumps(summary, separators=(",", ":")), flush=True)
        return 0 if good else 1
    except (CommandError, CommandTimeout, TimeoutError, RuntimeError, FileNotFoundError) as why:
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


def show(screen, side, notification):
    sentence = describe(notification)
    if sentence:
        screen.sees(side, sentence)


if __name__ == "__main__":
    sys.exit(main())
