"""Files through the broker's media store, part by part: nothing holds a whole file."""

import mimetypes
import os
from collections import namedtuple

PART_BYTES_MAX = 512 * 1024

# What is known of a file that was downloaded.
Downloaded = namedtuple("Downloaded", "total_bytes content_type file_name")


def upload(client, source, upload_id=None, content_type=None, file_name=None, timeout=60.0):
    """See Client.upload."""
    if isinstance(source, (str, os.PathLike)):
        name = os.path.basename(source)
        with open(source, "rb") as opened:
            return upload(client, opened, upload_id, content_type or mimetypes.guess_type(name)[0], file_name or name, timeout)
    upload_id = upload_id or client.new_id()
    total = source.seek(0, os.SEEK_END)
    about = {"upload": upload_id, "total_bytes": total}
    if content_type:
        about["content_type"] = content_type
    if file_name:
        about["file_name"] = file_name
    # An upload that broke off goes on where it was: no bytes at the beginning ask for the place.
    answer = client.command("media.put", {**about, "offset": 0, "bytes": b""}, timeout=timeout)
    while not answer["complete"]:
        offset = answer["received_bytes"]
        source.seek(offset)
        part = source.read(PART_BYTES_MAX)
        if not part:
            raise EOFError(f"the file became shorter than {total} bytes")
        answer = client.command("media.put", {**about, "offset": offset, "bytes": part}, timeout=timeout)
    return answer["mxc"]


def download(client, mxc, target, timeout=300.0):
    """See Client.download."""
    if isinstance(target, (str, os.PathLike)):
        with open(target, "wb") as opened:
            return download(client, mxc, opened, timeout)
    offset = 0
    while True:
        answer = client.command("media.get", {"mxc": mxc, "offset": offset, "length": PART_BYTES_MAX}, timeout=timeout)
        target.write(answer["bytes"])
        offset += len(answer["bytes"])
        if offset >= answer["total_bytes"]:
            return Downloaded(answer["total_bytes"], answer["content_type"], answer["file_name"])
        if not answer["bytes"]:
            raise EOFError(f"{mxc} ends at {offset} of {answer['total_bytes']} bytes")
