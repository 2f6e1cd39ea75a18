"""A server that fails while it shows that it lives: its back-off stays a back-off."""

import threading
import time

from hostile.case import HostileCase

PAUSE_S = 1.0
SPREAD = 0.75  # the least that the jitter leaves of a pause, and some milliseconds of two clocks


class BackOff(HostileCase):
    settings = {"federation": {"retry_delay_ms_min": int(PAUSE_S * 1_000), "retry_delay_ms_max": 60_000}}
    quiet = True

    def live_on(self, server, enough, what):
        """The server sends us transactions, one after the other, until `enough()`; returns how many."""
        signs, ends = [0], threading.Event()

        def send():
            while not ends.is_set():
                assert server.send()[0] == 200
                signs[0] += 1
        sending = threading.Thread(target=send, daemon=True)
        sending.start()
        try:
            self.until(enough, what)
        finally:
            ends.set()
            sending.join(120)
        return signs[0]

    def heard(self, server, text):
        return any(pdu["content"].get("body") == text for pdu in list(server.received_pdus))

    def test_signs_of_life_of_a_server_with_an_expired_certificate_bring_no_storm_of_attempts(self):
        server = self.play()
        room = server.found_room()
        alice = self.accept(server, room)
        self.ours.send(room.room_id, alice, "while all is well")
        self.until(lambda: self.heard(server, "while all is well"), "the first message")
        server.use_certificate(*self.authority.issue_expired("localhost"))
        server.disconnect()
        before, begun = server.handshakes, time.monotonic()
        self.ours.send(room.room_id, alice, "behind the certificate")
        signs = self.live_on(server, lambda: server.handshakes - before >= 4, "the fourth attempt")
        took = time.monotonic() - begun
        # The first attempt is due at once, each further one a pause later at the earliest.
        self.assertLessEqual(server.handshakes - before, 1 + took / (PAUSE_S * SPREAD))
        self.assertGreater(signs, server.handshakes - before)  # so they were signs of life without an attempt
        server.use_certificate(self.authority.certificate_file, self.authority.private_key_file)
        self.live_on(server, lambda: self.heard(server, "behind the certificate"), "the message once the certificate is right")

    def test_a_server_that_asks_for_a_pause_gets_it_also_while_it_sends(self):
        server = self.play()
        room = server.found_room()
        alice = self.accept(server, room)
        asked_for_s, attempts = 4, []

        def too_many(honest, parts, query, body):
            attempts.append(time.monotonic())
            if len(attempts) > 1:
                return honest

            def answer(handler):
                text = b'{"errcode":"M_LIMIT_EXCEEDED","error":"later"}'
                handler.send_response(429)
                handler.send_header("Content-Type", "application/json")
                handler.send_header("Retry-After", str(asked_for_s))
                handler.send_header("Content-Length", str(len(text)))
                handler.end_headers()
                handler.wfile.write(text)
            server.received_pdus.clear()  # it took nothing
            return 429, answer
        server.lies["send"] = too_many
        self.ours.send(room.room_id, alice, "one too many")
        self.live_on(server, lambda: self.heard(server, "one too many"), "the message after the pause")
        self.assertGreaterEqual(attempts[1] - attempts[0], asked_for_s * 0.95)
