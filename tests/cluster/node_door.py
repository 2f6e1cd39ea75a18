"""A door between the nodes: what those that stand by say to the one that serves, and what it answers, can be held back here."""

import contextlib
import socket
import threading

TO_SERVING, TO_STANDBY = "to_serving", "to_standby"


class NodeDoor:
    """Others reach the port of a node at `address`. What is held comes late, ends of connections included."""

    def __init__(self, port):
        self._port = port
        self._ways = {TO_SERVING: threading.Event(), TO_STANDBY: threading.Event()}
        self.release()
        self._mutex = threading.Lock()
        self._open = set()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    def hold(self, *ways):
        for way in ways:
            self._ways[way].clear()

    def release(self):
        for way in self._ways.values():
            way.set()

    def close(self):
        self._closed = True
        self.release()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._mutex:
            left = list(self._open)
        for each in left:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while not self._closed:
            try:
                standby, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(standby,), daemon=True).start()

    def _connect(self, standby):
        self._ways[TO_SERVING].wait()
        try:
            serving = socket.create_connection(("127.0.0.1", self._port))
        except OSError:
            standby.close()
            return
        with self._mutex:
            self._open |= {standby, serving}
        there = threading.Thread(target=self._pass_on, args=(standby, serving, TO_SERVING), daemon=True)
        there.start()
        self._pass_on(serving, standby, TO_STANDBY)
        there.join()
        with self._mutex:
            self._open -= {standby, serving}
        standby.close()
        serving.close()

    def _pass_on(self, come, go, way):
        with contextlib.suppress(OSError):
            while data := come.recv(65536):
                self._ways[way].wait()
                go.sendall(data)
        self._ways[way].wait()  # an end is a word, too
        with contextlib.suppress(OSError):
            go.shutdown(socket.SHUT_RDWR)
