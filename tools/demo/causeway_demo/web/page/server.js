// What the page asks the demo's server to do.

const token = document.querySelector('meta[name="causeway-token"]').content;

/// What the broker or the demo said no to: `code` is a word of the contract.
export class Refused extends Error {
  constructor({ code, message }) {
    super(message);
    this.code = code;
  }
}

async function post(path, body, type) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", body, headers: { "X-Causeway-Token": token, "Content-Type": type } });
  } catch {
    throw new Refused({ code: "no_answer", message: "the demo does not answer" });
  }
  const found = await answer.json();
  if (!answer.ok) throw new Refused(found);
  return found;
}

const postJson = (path, body) => post(path, JSON.stringify(body), "application/json");

/// A command of the chat contract, at one side. Returns its answer.
export const command = (side, name, body) => postJson("/command", { side, name, body });

export const tour = (action) => postJson("/tour", { action });

export const switchBroker = (up) => postJson("/switch", { up });

export const federate = (side, changes) => postJson("/federation", { side, changes });

/// The chat server of a side refuses new messages with that word for good; empty: none.
export const refuse = (side, word) => postJson("/refused", { side, word });

/// Who exists when another server asks for them: names, or beginnings with a *.
export const welcome = (side, names) => postJson("/newcomers", { side, names });

/// Sends a File of the browser into a room, a large picture with a small one of it.
export async function sendFile(side, room, sender, file) {
  const about = new URLSearchParams({
    side,
    room,
    sender,
    name: file.name,
    type: file.type || "application/octet-stream",
    ...(await smaller(side, file)),
  });
  return post(`/file?${about}`, file, "application/octet-stream");
}

/// Puts a File of the browser into the broker's store. Returns its mxc URI.
export async function keepPicture(side, file) {
  const about = new URLSearchParams({ side, name: file.name, type: file.type || "application/octet-stream" });
  const { mxc } = await post(`/picture?${about}`, file, "application/octet-stream");
  return mxc;
}

const SMALL_PX = 400;

/// Of a picture its size, and of a large one the mxc URI of a small one; of all else nothing.
async function smaller(side, file) {
  const picture = file.type.startsWith("image/") ? await createImageBitmap(file).catch(() => null) : null;
  if (!picture) return {};
  const { width, height } = picture;
  const scale = SMALL_PX / Math.max(width, height);
  if (scale >= 1) return { width, height };
  const canvas = new OffscreenCanvas(Math.max(1, width * scale), Math.max(1, height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return { width, height, thumbnail: await keepPicture(side, new File([blob], "small.png", { type: "image/png" })) };
}

/// Where a file of a message is to be had, through the broker of `side`.
export const mediaUrl = (side, mxc) => `/media/${side}/${mxc.replace(/^mxc:\/\//, "")}`;
