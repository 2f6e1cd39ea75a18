"""What stands before several nodes of one store: it asks each for `/readyz`, and passes connections to the one that says yes."""

import contextlib
import http.client
import socket
import threading

from .process import free_port

LOOK_S = 0.1
ANSWER_S = 0.5  # who takes longer is not ready


class Balancer:
    """:param ports: how many ports it has; `Balancer.ports` names them. Of each node as many are behind them, in the same order."""

    def __init__(self, ports):
        self.ports = [free_port() for _ in range(ports)]
        self._nodes = []  # (port of the health check, ports behind ours)
        self._chosen = None
        self._open = set()  # sockets of connections to the chosen node
        self._mutex = threading.Lock()
        self._ended = threading.Event()
        self._listeners = [socket.create_server(("127.0.0.1", port)) for port in self.ports]
        for place, listener in enumerate(self._listeners):
            threading.Thread(target=self._accept, args=(place, listener), daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()

    def add(self, health_port, ports):
        self._nodes.append((health_port, ports))

    def is_ready(self, node):
        """Whether that node, by its place, says that it serves."""
        return self.health(node, "/readyz")[0] == 200

    def health(self, node, path):
        """(status, text); (None, why): it does not answer."""
        asked = http.client.HTTPConnection("127.0.0.1", self._nodes[node][0], timeout=ANSWER_S)
        try:
            asked.request("GET", path)
            answer = asked.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as why:
            return None, str(why)
        finally:
            asked.close()

    def close(self):
        self._ended.set()
        for listener in self._listeners:
            listener.close()
        self._choose(None)

    def _watch(self):
        while not self._ended.wait(LOOK_S):
            self._choose(next((node for node in range(len(self._nodes)) if self.is_ready(node)), None))

    def _choose(self, node):
        with self._mutex:
            if node == self._chosen:
                return
            self._chosen = node
            left, self._open = self._open, set()
        for each in left:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self, place, listener):
        while not self._ended.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(place, client), daemon=True).start()

    def _connect(self, place, client):
        with self._mutex:
            node = self._chosen
        try:
            server = socket.create_connection(("127.0.0.1", self._nodes[node][1][place]), timeout=ANSWER_S) if node is not None else None
        except OSError:
            server = None
        if server is None:
            client.close()
            return
        server.settimeout(None)
        with self._mutex:
            if node != self._chosen:
                client.close()
                server.close()
                return
            self._open |= {client, server}
        for come, go in ((client, server), (server, client)):
            threading.Thread(target=self._pass_on, args=(come, go), daemon=True).start()

    def _pass_on(self, come, go):
        with contextlib.suppress(OSError):
            while data := come.recv(65536):
                go.sendall(data)
        for each in (come, go):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        with self._mutex:
            self._open -= {come, go}
