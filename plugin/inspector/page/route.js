// Where one is: `#/VIEW/KEY?filter=WORDS`. Each view and what is open in it has an address that may be sent to others.

import { Shared, useShared } from "./preact.js";

function parse() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, key] = path.split("/").map((each) => {
    try {
      return decodeURIComponent(each);
    } catch {
      return each;
    }
  });
  return { view: view || "overview", key: key ?? "", filter: new URLSearchParams(query).get("filter") ?? "" };
}

const here = new Shared(parse());
addEventListener("hashchange", () => here.set(parse()));

export const useRoute = () => useShared(here);

/// The address of a view, of something in it, with a filter.
export function hrefOf(view, key = "", filter = "") {
  const query = filter ? `?${new URLSearchParams({ filter })}` : "";
  return `#/${view}${key ? `/${encodeURIComponent(key)}` : ""}${query}`;
}

export const go = (view, key, filter) => {
  location.hash = hrefOf(view, key, filter);
};

/// While one types: no step of the history for each letter.
export function setFilter(filter) {
  const { view, key } = here.value;
  history.replaceState(null, "", hrefOf(view, key, filter));
  here.set({ view, key, filter });
}
