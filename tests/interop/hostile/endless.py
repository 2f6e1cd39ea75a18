"""Answers that do not end, swell, or lead elsewhere: written by hand to the connection of a handler."""

import gzip
import threading

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Answers:
    """Each method gives what Resident.handle may return. `written` counts body bytes that went out, `cut` is set when
    the broker hung up, `stop` ends all of them."""

    def __init__(self):
        self.written = 0
        self.cut = threading.Event()
        self.stop = threading.Event()

    def _write(self, handler, data):
        try:
            handler.wfile.write(data)
            handler.wfile.flush()
            self.written += len(data)
            return not self.stop.is_set()
        except OSError:
            self.cut.set()
            return False

    def silence(self):
        """Not a byte."""
        def answer(handler):
            self._until_cut(handler)
        return None, answer

    def _until_cut(self, handler):
        handler.connection.settimeout(0.2)
        while not self.stop.is_set():
            try:
                if not handler.connection.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.cut.set()

    def drops(self, pause_s=0.05):
        """A byte now and then, for ever."""
        def answer(handler):
            more = self._write(handler, HEAD + b"Content-Length: 1000000\r\n\r\n{")
            while more:
                self.stop.wait(pause_s)
                more = self._write(handler, b" ")
        return None, answer

    def endless_body(self, begin=b'{"pdus":['):
        """As fast as it goes, for ever."""
        def answer(handler):
            more = self._write(handler, HEAD + b"Connection: close\r\n\r\n" + begin)
            while more:
                more = self._write(handler, b"{}," * 20_000)
        return None, answer

    def endless_chunks(self):
        def answer(handler):
            more = self._write(handler, HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
            while more:
                more = self._write(handler, b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        return None, answer

    def endless_headers(self):
        def answer(handler):
            more = self._write(handler, HEAD)
            while more:
                more = self._write(handler, b"X-More: " + b"x" * 1000 + b"\r\n")
        return None, answer

    def huge_length(self):
        """Announces ten terabytes, sends a little."""
        def answer(handler):
            self._write(handler, HEAD + b"Content-Length: 10995116277760\r\n\r\n{")
            self._until_cut(handler)
        return None, answer

    def broken_off(self):
        """Announces more than it sends, then hangs up."""
        def answer(handler):
            self._write(handler, HEAD + b'Content-Length: 1000\r\n\r\n{"event":')
        return None, answer

    def no_http(self):
        def answer(handler):
            self._write(handler, b"\x00\x01\x02 SSH-2.0-OpenSSH\r\n\r\n")
        return None, answer

    def bomb(self, mib=512):
        """Zeros that are little packed and much unpacked."""
        packed = gzip.compress(b" " * (1 << 20), 9) * mib  # members one after the other are one stream

        def answer(handler):
            self._write(handler, HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)
        return None, answer

    def redirect(self, status, target):
        def answer(handler):
            self._write(handler, b"HTTP/1.1 %d Elsewhere\r\nLocation: %s\r\nContent-Length: 2\r\n\r\n{}" % (status, target.encode()))
        return None, answer
