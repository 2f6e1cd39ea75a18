"""Files, part by part."""

import os

from . import broker as chat
from .connecting import refusal
from .scenario import equal, scenario

GROUP = "files"
MXC = "mxc://a.example/m"


class Store:
    """A media store of one file behind the broker."""

    def __init__(self, stage, stored=b""):
        self._stage = stage
        self.stored = stored
        self.parts = []

    def play(self, reply):
        """Answers until the request is."""
        answered = set()

        def step():
            for frame in self._stage.broker.commands():
                if frame.header["id"] not in answered:
                    answered.add(frame.header["id"])
                    self.parts.append(frame.body)
                    self._stage.broker.result(frame, self._answer(frame.header["command"], frame.body))
            return reply.done

        self._stage.until(step, "the file has gone through")
        return reply.result

    def _answer(self, name, body):
        if name == "media.put":
            if body["offset"] == len(self.stored):
                self.stored += body.get("bytes") or b""
            return {"mxc": MXC, "received_bytes": len(self.stored), "complete": len(self.stored) == body["total_bytes"]}
        offset = body.get("offset") or 0
        return {
            "bytes": self.stored[offset:][: body.get("length") or 524_288],
            "total_bytes": len(self.stored),
            "content_type": "image/png",
            "file_name": "x.png",
        }


def path_of(stage, name, data=None):
    path = os.path.join(stage.directory, name)
    if data is not None:
        with open(path, "wb") as out:
            out.write(data)
    return path


@scenario(GROUP)
def a_file_goes_out_part_by_part(stage):
    stage.start_broker()
    stage.connect()
    data = os.urandom(1_200_000)
    store = Store(stage)
    done = store.play(stage.ask("upload", path=path_of(stage, "x.png", data), upload_id="u1", content_type="image/png"))
    equal(done["mxc"], MXC, "mxc")
    assert store.stored == data, "other bytes than those of the file"
    for part in store.parts:
        assert len(part.get("bytes") or b"") <= 524_288, len(part["bytes"])
        equal(
            (part["upload"], part["total_bytes"], part.get("file_name"), part.get("content_type")),
            ("u1", len(data), "x.png", "image/png"),
            "part",
        )


@scenario(GROUP)
def an_upload_goes_on_where_it_broke_off(stage):
    stage.start_broker()
    stage.connect()
    store = Store(stage, b"abc")
    store.play(stage.ask("upload", path=path_of(stage, "x.txt", b"abcdef"), upload_id="u1", content_type="text/plain"))
    equal(store.stored, b"abcdef", "stored")
    equal([part.get("bytes") or b"" for part in store.parts], [b"", b"def"], "parts")


@scenario(GROUP)
def an_empty_file_is_a_file(stage):
    stage.start_broker()
    stage.connect()
    store = Store(stage)
    store.play(stage.ask("upload", path=path_of(stage, "empty", b""), upload_id="u1", content_type="text/plain"))
    equal(len(store.parts), 1, "parts")
    target = path_of(stage, "back")
    equal(store.play(stage.ask("download", mxc=MXC, path=target))["total_bytes"], 0, "total")
    with open(target, "rb") as back:
        equal(back.read(), b"", "bytes")


@scenario(GROUP)
def a_file_comes_back_part_by_part(stage):
    stage.start_broker()
    stage.connect()
    data = os.urandom(1_200_000)
    target = path_of(stage, "back.png")
    about = Store(stage, data).play(stage.ask("download", mxc=MXC, path=target))
    equal(about, {"total_bytes": len(data), "content_type": "image/png", "file_name": "x.png"}, "what is known of it")
    with open(target, "rb") as back:
        assert back.read() == data, "other bytes than those of the store"


@scenario(GROUP)
def a_file_that_is_nowhere_is_a_refusal(stage):
    broker = stage.start_broker()
    stage.connect()
    reply = stage.ask("download", mxc=MXC, path=path_of(stage, "back"))
    broker.refuse(stage.expect_command(), "not_found")
    equal(refusal(stage, reply).code, "not_found", "fault")
    stage.is_still_greeted()
