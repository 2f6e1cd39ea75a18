// The tour's bar: where it is, what one sees, and its buttons.

import { attempt } from "./notices.js";
import * as server from "./server.js";
import { h } from "./view.js";

const control = (action) => () => attempt(() => server.tour(action));
const button = (action, label, kind = "") =>
  h("button", { key: action, type: "button", class: kind, id: `tour-${action}`, onclick: control(action) }, label);

export function showTour(tour) {
  if (!tour || tour.state === "idle")
    return [
      h(
        "p",
        { class: "sentence", "aria-live": "polite" },
        "New here? The tour plays a conversation between Alice at server A and Bob, Carol and Dave at server B, " +
          "and says what you see.",
      ),
      h("div", { class: "buttons" }, button("start", "Play the tour", "primary")),
    ];
  const over = tour.state === "ended" || tour.state === "failed";
  return [
    h(
      "div",
      { class: "sentence", "aria-live": "polite" },
      h(
        "p",
        { class: "title" },
        h("span", { class: "count" }, `${tour.step ?? 0} of ${tour.steps ?? 0}`),
        h("strong", { id: "tour-title" }, tour.title ?? ""),
      ),
      h("p", {}, tour.sentence ?? ""),
      tour.fault && h("p", { class: "fault" }, `The tour broke off: ${tour.fault}`),
    ),
    h("progress", { max: tour.steps ?? 1, value: String(tour.step ?? 0), "aria-label": "Progress of the tour" }),
    h(
      "div",
      { class: "buttons", "data-state": tour.state },
      over
        ? button("start", "Play it again", "primary")
        : [
            tour.state === "paused" ? button("resume", "Go on") : button("pause", "Pause"),
            button("next", "Next", "primary"),
            button("stop", "Stop"),
          ],
    ),
  ];
}
