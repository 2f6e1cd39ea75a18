"""A door between one node and its PostgreSQL: it can hold back what goes either way, and cut a connection right after a COMMIT."""

import contextlib
import os
import socket
import threading
import urllib.parse

SOCKET_NAME = ".s.PGSQL.5432"
TO_DATABASE, TO_NODE = "to_database", "to_node"
# A commit of the node that serves, as it goes over the connection: this stands before it, and nowhere else.
_FENCED, _COMMIT = b"SET LOCAL statement_timeout = 0\0", b"COMMIT\0"


class DatabaseDoor:
    """:param folder: a new one, of its own; the server's socket has that name in it.
    :param database_folder: where PostgreSQL has its socket."""

    def __init__(self, folder, database_folder):
        os.makedirs(folder, mode=0o700)
        self._folder = folder
        self._target = os.path.join(database_folder, SOCKET_NAME)
        self._ways = {TO_DATABASE: threading.Event(), TO_NODE: threading.Event()}
        self.release()
        self._mutex = threading.Lock()
        self._pairs = set()  # (the node's socket, the database's)
        self._cuts_wanted = 0
        self._cut = threading.Event()
        self._closed = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(os.path.join(folder, SOCKET_NAME))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, url):
        """The database's URL, through this door."""
        parts = urllib.parse.urlsplit(url)
        query = {**dict(urllib.parse.parse_qsl(parts.query)), "host": self._folder}
        # urlunsplit would drop the empty host.
        return f"{parts.scheme}://{parts.netloc}{parts.path}?{urllib.parse.urlencode(query)}"

    def hold(self, *ways):
        """What goes these ways waits here, ends of connections included."""
        for way in ways:
            self._ways[way].clear()

    def release(self):
        for way in self._ways.values():
            way.set()

    def cut_after_commit(self, seconds):
        """Ends the connection of the next fenced commit when the database has it, before the answer. Returns whether there was one in time."""
        self._cut.clear()
        with self._mutex:
            self._cuts_wanted = 1
        was_cut = self._cut.wait(seconds)
        with self._mutex:
            self._cuts_wanted = 0
        return was_cut

    @property
    def waits_for_commit(self):
        return self._cuts_wanted > 0

    def close(self):
        self._closed = True
        self.release()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._mutex:
            pairs = list(self._pairs)
        for pair in pairs:
            self._end(*pair)

    def _accept(self):
        while not self._closed:
            try:
                node, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(node,), daemon=True).start()

    def _connect(self, node):
        self._ways[TO_DATABASE].wait()
        database = socket.socket(socket.AF_UNIX)
        try:
            database.connect(self._target)
        except OSError:
            node.close()
            return
        with self._mutex:
            self._pairs.add((node, database))
        is_cut = threading.Event()  # of this connection
        threading.Thread(target=self._pass_on, args=(node, database, TO_DATABASE, is_cut), daemon=True).start()
        self._pass_on(database, node, TO_NODE, is_cut)
        self._ways[TO_NODE].wait()  # an end is a word, too
        self._end(node, database)

    def _pass_on(self, come, go, way, is_cut):
        with contextlib.suppress(OSError):
            while data := come.recv(65536):
                self._ways[way].wait()
                if way == TO_DATABASE and _FENCED in data and _COMMIT in data and self._takes_cut():
                    is_cut.set()  # before the database has it, which may answer at once
                    go.sendall(data)
                    with contextlib.suppress(OSError):
                        come.shutdown(socket.SHUT_RDWR)  # the node's side: the answer finds nobody
                    self._cut.set()
                    break
                if way == TO_DATABASE or not is_cut.is_set():
                    go.sendall(data)
        if way == TO_DATABASE:
            self._ways[way].wait()
            with contextlib.suppress(OSError):
                go.shutdown(socket.SHUT_WR)  # what was sent before is still carried out

    def _takes_cut(self):
        with self._mutex:
            wanted, self._cuts_wanted = self._cuts_wanted, 0
        return wanted > 0

    def _end(self, node, database):
        for each in (node, database):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        with self._mutex:
            self._pairs.discard((node, database))
