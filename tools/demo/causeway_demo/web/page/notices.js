// What went wrong, or is worth a word, for a while at the edge of the page.

import { h, show } from "./view.js";

const SHOWN_MS = 8000;
const SHOWN_MAX = 4;
let notices = [];

/// Says something. `kind` is "fault" or "note".
export function say(text, kind = "note") {
  const notice = { text, kind, id: crypto.randomUUID() };
  notices = [...notices, notice].slice(-SHOWN_MAX);
  showNotices();
  setTimeout(() => dismiss(notice), SHOWN_MS);
}

function dismiss(notice) {
  notices = notices.filter((each) => each !== notice);
  showNotices();
}

export function showNotices() {
  show(
    document.getElementById("notices"),
    notices.map((each) =>
      h(
        "p",
        { key: each.id, class: `notice ${each.kind}` },
        each.text,
        h(
          "button",
          { type: "button", class: "quiet", "aria-label": "Dismiss this notice", onclick: () => dismiss(each) },
          "×",
        ),
      ),
    ),
  );
}

/// Carries out what may be refused, and says so when it is. Returns the answer, or null.
export async function attempt(action) {
  try {
    return await action();
  } catch (fault) {
    say(`${fault.code ?? "fault"}: ${fault.message}`, "fault");
    return null;
  }
}
