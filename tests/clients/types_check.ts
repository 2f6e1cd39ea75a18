// What the Node client's types take and refuse; tests/clients/test_node_client.py gives it to the TypeScript compiler.
import {
  Client,
  CommandError,
  type Event,
  type MessageReceivedNotification,
  type RoomAnswer,
} from "../../tools/clients/node";

const client = new Client("ipc:///run/causeway/chat.sock", {
  peer: "rc1",
  streams: [0],
  curve: { serverKey: "", publicKey: "", secretKey: "" },
});
// @ts-expect-error: no such option
new Client("ipc:///run/causeway/chat.sock", { pear: "rc1" });

export async function commands(): Promise<RoomAnswer> {
  const made = await client.command(
    "room.create",
    { room: "r", type: "channel", creator: "alice", name: null },
    { id: "k", timeoutMs: 5, traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
  );
  const id: string = made.matrix_room_id;
  client.sendEphemeral("read", { room: id, user: "alice", message: "m", private: true });
  // @ts-expect-error: somebody has to hear how it ended
  client.sendEphemeral("room.remove", { room: id, by: "alice" });
  // @ts-expect-error: the creator is missing
  await client.command("room.create", { room: id, type: "dm" });
  // @ts-expect-error: a misspelt word
  await client.command("room.create", { room: id, type: "dmm", creator: "alice" });
  // @ts-expect-error: a misspelt field
  await client.command("message.send", { room: id, sender: "alice", message: "m", txet: "hi" });
  // @ts-expect-error: no such command
  await client.command("room.destroy", { room: id });
  await client.command("media.put", { upload: "u", total_bytes: 1, offset: 0, bytes: new Uint8Array(1) });
  return client.command("query.room", { room: id });
}

export async function events(): Promise<void> {
  client.on("message.received", async (event: Event<"message.received">) => {
    const body: MessageReceivedNotification = event.body;
    const size: number | undefined = body.file?.size_bytes;
    const trace: string | undefined = event.traceparent;
    event.ack({ messages: { [body.event_id]: `m${size} ${trace}` } });
    // @ts-expect-error: of another notification
    event.body.membership;
  });
  // @ts-expect-error: no such notification
  client.on("message.recieved", () => {});
  client.on("*", (event) => {
    if (event.name === "member.changed") event.nack({ permanent: true, reason: event.body.membership });
  });
  for await (const event of client.events({ timeoutMs: 10 })) {
    const room: string | undefined = "matrix_room_id" in event.body ? event.body.matrix_room_id : undefined;
    if (event.name === "typing") console.log(room, event.body.typing);
  }
  const mxc: string = await client.upload("picture.png", { contentType: "image/png" });
  const about = await client.download(mxc, "picture.back");
  console.log(about.totalBytes, client.errors[0].code, client.ignored[0][1], new CommandError().retryable);
}
