"use strict";
// Files through the broker's media store, part by part: nothing holds a whole file.

const { randomUUID } = require("node:crypto");
const { once } = require("node:events");
const { createWriteStream, promises: fs } = require("node:fs");
const path = require("node:path");

const { PART_BYTES_MAX } = require("./commands.js");

/** See Client.upload. */
async function upload(client, source, { uploadId = randomUUID(), contentType, fileName, timeoutMs = 60_000 } = {}) {
  const isPath = typeof source === "string";
  const opened = isPath ? await fs.open(source) : undefined;
  try {
    const total = opened ? (await opened.stat()).size : source.length;
    const about = {
      upload: uploadId,
      total_bytes: total,
      content_type: contentType,
      file_name: fileName ?? (isPath ? path.basename(source) : undefined),
    };
    const part = async (offset) => {
      if (!opened) return source.subarray(offset, offset + PART_BYTES_MAX);
      const { bytesRead, buffer } = await opened.read(Buffer.alloc(PART_BYTES_MAX), 0, PART_BYTES_MAX, offset);
      return buffer.subarray(0, bytesRead);
    };
    // An upload that broke off goes on where it was: no bytes at the beginning ask for the place.
    let answer = await client.command("media.put", { ...about, offset: 0, bytes: Buffer.alloc(0) }, { timeoutMs });
    while (!answer.complete) {
      const offset = answer.received_bytes;
      const bytes = await part(offset);
      if (bytes.length === 0) throw new RangeError(`the file became shorter than ${total} bytes`);
      answer = await client.command("media.put", { ...about, offset, bytes }, { timeoutMs });
    }
    return answer.mxc;
  } finally {
    await opened?.close();
  }
}

/** See Client.download. */
async function download(client, mxc, target, { timeoutMs = 300_000 } = {}) {
  const opened = typeof target === "string" ? createWriteStream(target) : undefined;
  const out = opened ?? target;
  let failed;
  const note = (error) => (failed ??= error);
  out.on("error", note);
  try {
    for (let offset = 0; ;) {
      const answer = await client.command("media.get", { mxc, offset, length: PART_BYTES_MAX }, { timeoutMs });
      if (!out.write(answer.bytes) && !failed) await once(out, "drain");
      if (failed) throw failed;
      offset += answer.bytes.length;
      if (offset >= answer.total_bytes) {
        if (opened) await new Promise((done, fail) => opened.end((error) => (error ? fail(error) : done())));
        if (failed) throw failed;
        return { totalBytes: answer.total_bytes, contentType: answer.content_type, fileName: answer.file_name };
      }
      if (answer.bytes.length === 0) throw new RangeError(`${mxc} ends at ${offset} of ${answer.total_bytes} bytes`);
    }
  } finally {
    out.off("error", note);
    opened?.on("error", () => {}).destroy();
  }
}

module.exports = { download, upload };
