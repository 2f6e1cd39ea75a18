// The one place that names the library: a view imports from here.

export {
  h,
  html,
  render,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "./vendor/htm/standalone.module.js";

import { useEffect, useState } from "./vendor/htm/standalone.module.js";

/// A value that lives outside of components and draws those anew that use it.
export class Shared {
  #listeners = new Set();
  constructor(value) {
    this.value = value;
  }
  set(value) {
    this.value = value;
    for (const each of [...this.#listeners]) each(value);
  }
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/// The value of `shared`, now and whenever it changes.
export function useShared(shared) {
  const [, drawAgain] = useState(0);
  useEffect(() => {
    drawAgain((n) => n + 1); // it may have changed since this was drawn
    return shared.listen(() => drawAgain((n) => n + 1));
  }, [shared]);
  return shared.value;
}
