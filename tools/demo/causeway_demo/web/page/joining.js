// How far the join of somebody has come: a large room takes a while.

import { h } from "./view.js";

export function joining(page, side) {
  const { user } = page.choices.of(side);
  const about = page.store.get("joining", side, user);
  if (!about) return null;
  return h(
    "p",
    { key: "joining", class: "joining", role: "status" },
    `${page.words.name(user)} joins through server ${page.words.server(about.server)}: ${phase(about)}`,
  );
}

function phase({ phase: word, done, total }) {
  const words = { asking: "asking", receiving: "receiving the room", verifying: `${done} of ${total} events verified` };
  return words[word] ?? word;
}
