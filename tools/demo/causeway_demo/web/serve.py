"""`causeway demo --web`: the two chats in a browser, until somebody ends it."""

import json
import signal
import threading

from .http_server import HttpServer
from .site import Site


def wait_for_end(over):
    """Until it is set by a signal handler, which the main thread runs when it wakes: a signal that the system has given to
    another thread does not wake it."""
    while not over.wait(0.5):
        pass


def serve(screen, directory, binary, port, with_tour, on_notification, as_json):
    """Prints the address to open and returns at SIGINT or SIGTERM, when both brokers have ended. True: they did so
    cleanly.

    :param port: on 127.0.0.1; 0: any that is free
    :raises OSError: the port is taken
    """
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    site = Site(directory, binary, on_notification)
    server = HttpServer(site, port)
    try:
        site.start()
        if with_tour:
            site.changes.once_followed(lambda: site.tour.control("start"))
        server.start()
        if as_json:
            print(json.dumps({"url": server.url}), flush=True)
        screen.title(f"Open in a browser of this machine:  {server.url}")
        screen.note(
            "  Two chats side by side; the tour begins by itself.  Ctrl-C ends the demo."
            if with_tour
            else "  Two chats side by side; press 'Play the tour', or write yourself.  Ctrl-C ends the demo."
        )
        wait_for_end(over)
    finally:
        server.close()
        codes = site.close()
    return all(code == 0 for code in codes)
