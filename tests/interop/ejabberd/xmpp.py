"""As much of an XMPP client as it takes to sit in a room: one connection without TLS on loopback, SASL PLAIN, stanzas as text."""

import base64
import queue
import socket
import threading
import time
import xml.etree.ElementTree as xml
from xml.sax.saxutils import escape, quoteattr


class Client:
    """:param port: of the server's c2s listener on 127.0.0.1."""

    def __init__(self, port, host, user, password):
        self.jid = f"{user}@{host}"
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._arrived = queue.Queue()
        self._kept = []  # stanzas nobody has waited for so far
        self._open_stream(host)
        self._await(lambda x: x.tag.endswith("features"))
        secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>")
        self._await(lambda x: x.tag.endswith("success"))
        self._open_stream(host)
        self._await(lambda x: x.tag.endswith("features"))
        self.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>test</resource></bind></iq>")
        self._await(lambda x: x.get("id") == "bind" and x.get("type") == "result")
        self.send("<presence/>")

    def close(self):
        self._socket.close()

    def send(self, text):
        self._socket.sendall(text.encode())

    def _open_stream(self, host):
        self.send(f"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to={quoteattr(host)} version='1.0'>")
        threading.Thread(target=self._read, args=(xml.XMLPullParser(("start", "end")),), daemon=True).start()

    def _read(self, parser):
        """Until the stream is begun anew after the authentication: whoever reads then is another one."""
        depth = 0
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                return
            if not data:
                return
            parser.feed(data)
            for what, element in parser.read_events():
                depth += 1 if what == "start" else -1
                if what != "end" or depth != 1:
                    continue
                self._arrived.put(element)
                if element.tag.endswith("success"):
                    return

    def _await(self, wanted, seconds=30):
        """The first stanza that `wanted` likes, also one that came before. :raises TimeoutError:"""
        deadline = time.monotonic() + seconds
        for stanza in self._kept:
            if wanted(stanza):
                self._kept.remove(stanza)
                return stanza
        while True:
            try:
                stanza = self._arrived.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError("waited for a stanza; came: " + "\n".join(xml.tostring(x).decode() for x in self._kept)) from None
            if wanted(stanza):
                return stanza
            self._kept.append(stanza)

    def wait_for_invitation(self, seconds=30):
        """JID of the room one is invited to."""
        stanza = self._await(lambda x: x.tag.endswith("}message") and any(each.tag.endswith("}invite") for each in x.iter()), seconds)
        return stanza.get("from").split("/")[0]

    def join(self, room, nick, seconds=60):
        self.send(f"<presence to={quoteattr(room + '/' + nick)}><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        self._await(lambda x: x.tag.endswith("}presence") and x.get("from", "").startswith(room) and
                    any(each.get("code") == "110" for each in x.iter()), seconds)

    def say(self, room, text):
        self.send(f"<message to={quoteattr(room)} type='groupchat' id='m{time.monotonic_ns()}'><body>{escape(text)}</body></message>")

    def hear(self, room, text, seconds=30):
        """Waits for that line of the room; JID of who said it."""
        def said(x):
            return x.tag.endswith("}message") and x.get("from", "").startswith(room) and any(
                each.tag.endswith("}body") and each.text == text for each in x.iter())
        return self._await(said, seconds).get("from")
