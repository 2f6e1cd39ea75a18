// Puts the page together: the server's documents, what the viewer has chosen, and the parts that show both.

import { Choices } from "./choices.js";
import { markRead } from "./receipts.js";
import { showSide } from "./side.js";
import { Store } from "./store.js";
import { follow } from "./stream.js";
import { keepAtTheEnd } from "./timeline.js";
import { showTour } from "./tour.js";
import { h, show } from "./view.js";
import { Words } from "./words.js";
import { showNotices } from "./notices.js";

const store = new Store();
const choices = new Choices();
const connection = document.getElementById("connection");
let planned = false;

/// Shows everything anew, soon and once.
function refresh() {
  if (planned) return;
  planned = true;
  // A page in the background gets no animation frames; it is brought up to date all the same.
  if (document.hidden) setTimeout(render, 100);
  else requestAnimationFrame(render);
}

function render() {
  planned = false;
  const tour = store.get("tour");
  choices.follow(tour);
  const sides = store.sides();
  for (const side of sides) settle(side);
  const pages = new Map(sides.map((side) => [side, { store, choices, words: new Words(store, side), refresh }]));
  show(document.getElementById("tour"), showTour(tour));
  document.getElementById("tour").dataset.state = tour?.state ?? "idle";
  show(
    document.getElementById("tabs"),
    sides.map((side) => tab(side, pages.get(side).words)),
  );
  document.body.dataset.tab = choices.tab;
  const atTheEnd = keepAtTheEnd();
  show(
    document.getElementById("sides"),
    sides.map((side) => showSide(pages.get(side), side)),
  );
  atTheEnd();
  showNotices();
  for (const side of sides) markRead(pages.get(side), side);
}

/// At first everybody is the first user there is; who looks at a room goes on looking at it.
function settle(side) {
  const choice = choices.of(side);
  const { users } = store.get("side", side);
  if (!users.some((each) => each.id === choice.user)) choices.choose(side, { user: users[0].id });
  // A room that was founded again is the same room under another id.
  const again = store.rooms(side).find((each) => each.was.includes(choice.room));
  if (again) choices.choose(side, { room: again.id });
}

function tab(side, words) {
  const chosen = choices.tab === side;
  const name = words.name(choices.of(side).user);
  return h(
    "button",
    {
      key: side,
      type: "button",
      "aria-pressed": String(chosen),
      onclick: () => {
        choices.tab = side;
        refresh();
      },
    },
    `Server ${side}: ${name}`,
  );
}

document.addEventListener("causeway-refresh", refresh);
document.addEventListener("visibilitychange", refresh);
follow(store, refresh, (connected) => {
  connection.textContent = connected ? "live" : "connection lost, trying again";
  connection.dataset.state = connected ? "live" : "lost";
});
