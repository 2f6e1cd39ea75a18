#!/usr/bin/python3
"""The Python client, driven by the conformance kit: JSON lines in, JSON lines out."""

import base64
import json
import logging
import os
import queue
import sys
import threading

sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "tools", "clients", "python")
)

from causeway_client import Client, CommandError, CommandTimeout, CurveKeys  # noqa: E402


def encoded(value):
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: encoded(each) for key, each in value.items()}
    return [encoded(each) for each in value] if isinstance(value, list) else value


def decoded(value):
    if isinstance(value, dict):
        return (
            base64.b64decode(value["$bytes"])
            if set(value) == {"$bytes"}
            else {key: decoded(each) for key, each in value.items()}
        )
    return [decoded(each) for each in value] if isinstance(value, list) else value


class Driver:
    def __init__(self):
        self._client = None
        self._events = {}
        self._output = threading.Lock()
        self._called, self._ends = queue.Queue(), queue.Queue()

    def run(self):
        for line in sys.stdin:
            request = decoded(json.loads(line))
            do = getattr(self, request.pop("do"))
            number = request.pop("n")
            if do in (
                self.command,
                self.connected,
                self.next,
                self.upload,
                self.download,
                self.handler_called,
            ):  # they wait
                threading.Thread(target=self._carry_out, args=(number, do, request), daemon=True).start()
            else:
                self._carry_out(number, do, request)
        if self._client:
            self._client.close()

    def _carry_out(self, number, do, request):
        try:
            told = {"result": encoded(do(**request))}
        except CommandTimeout as why:
            told = {"error": {"kind": "timeout", "id": why.id}}
        except CommandError as why:
            told = {"error": {"kind": "refused", "code": why.code, "detail": why.detail, "retryable": why.retryable}}
        except Exception as why:  # a defect of the client: the kit shows it
            told = {"error": {"kind": "other", "detail": repr(why)}}
        with self._output:
            sys.stdout.write(json.dumps({"n": number, **told}) + "\n")
            sys.stdout.flush()

    def describe(self):
        return {"client": "Python", "features": ["handlers"]}

    def open(self, endpoint, peer, handlers=(), curve=None, **options):
        self._client = Client(endpoint, peer=peer, curve=CurveKeys(**curve) if curve else None, **options)
        for name in handlers:
            self._client.on(name, lambda event, name=name: self._handle(name, event))
        return {}

    def connected(self, timeout_ms):
        self._client.wait_connected(timeout_ms / 1000)
        return {}

    def command(self, name, body, timeout_ms, id=None, typed=False, traceparent=None):
        return self._client.command(name, body, id=id, timeout=timeout_ms / 1000, traceparent=traceparent)

    def ephemeral(self, name, body):
        self._client.send_ephemeral(name, body)
        return {}

    def next(self, timeout_ms, typed=False):
        event = self._client.next_event(timeout_ms / 1000)
        return {"event": self._told(event) if event else None}

    def _told(self, event):
        number = len(self._events) + 1
        self._events[number] = event
        return {
            "event_number": number,
            "name": event.name,
            "stream": event.stream,
            "cursor": event.cursor,
            "traceparent": event.traceparent,
            "body": event.body,
        }

    def ack(self, event, rooms=None, messages=None):
        self._events[event].ack(rooms=rooms, messages=messages)
        return {}

    def nack(self, event, permanent, reason):
        self._events[event].nack(permanent=permanent, reason=reason)
        return {}

    def seek(self, stream, cursor):
        self._client.seek(stream, cursor)
        return {}

    def upload(self, path, upload_id, content_type):
        return {"mxc": self._client.upload(path, upload_id=upload_id, content_type=content_type)}

    def download(self, mxc, path):
        return dict(self._client.download(mxc, path)._asdict())

    def state(self):
        errors = list(self._client.errors)
        return {
            "open_commands": self._client.open_commands,
            "unsent": self._client.unsent,
            "errors": {"count": len(errors), "last": errors[-1][0] if errors else None},
            "ignored": [f"{command}: {field}" for command, field in self._client.ignored],
        }

    def close(self):
        self._client.close()
        return {}

    def _handle(self, name, event):
        self._called.put({"handler": name, **self._told(event)})
        failure = self._ends.get()
        if failure:
            raise RuntimeError(failure)

    def handler_called(self):
        return {"event": self._called.get()}

    def handler_ends(self, failure):
        self._ends.put(failure)
        return {}


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # what is provoked here is no news
    Driver().run()
    os._exit(0)  # threads that still wait must not keep the process
