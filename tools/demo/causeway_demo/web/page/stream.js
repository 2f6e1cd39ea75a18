// The one stream of server-sent events. The browser comes back by itself when the connection breaks, with the id of
// the last event it has had.

const AGAIN_MS = 2000;

/// Follows the server's documents into `store`; `told` is called after each change, `connected` with true and false.
export function follow(store, told, connected) {
  const source = new EventSource("/events");
  source.onopen = () => connected(true);
  source.onerror = () => {
    connected(false);
    if (source.readyState === EventSource.CLOSED) {
      // Refused: the demo has ended, or too many look. An EventSource does not try again then.
      source.close();
      setTimeout(() => follow(store, told, connected), AGAIN_MS);
    }
  };
  source.addEventListener("state", (event) => {
    store.replace(JSON.parse(event.data));
    told();
  });
  source.addEventListener("change", (event) => {
    store.apply(JSON.parse(event.data));
    told();
  });
  // Changes were missed. What is known is of no use any more; a state follows.
  source.addEventListener("gap", () => {
    document.documentElement.dataset.gaps = String(Number(document.documentElement.dataset.gaps ?? 0) + 1);
  });
}
