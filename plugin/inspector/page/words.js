// Numbers and times in words, the same as the command line's.

export function duration(ms) {
  if (ms < 0) return "0 s";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

/// "3 min ago", "in 40 s"; whole seconds, so that it does not flicker.
export function relative(ts, now) {
  const away = ts - now;
  if (Math.abs(away) < 1000) return "now";
  const whole = Math.floor(Math.abs(away) / 1000) * 1000;
  const text = whole < 10000 ? `${whole / 1000} s` : duration(whole);
  return away > 0 ? `in ${text}` : `${text} ago`;
}

/// With the zone: who reads it compares it with logs.
export function absolute(ts) {
  const at = new Date(ts);
  return `${at.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "long" })} (${at.toISOString()})`;
}

const number = new Intl.NumberFormat("en-GB");
/// 12,345
export const count = (n) => number.format(n ?? 0);

/// "1 server", "2 servers"
export const counted = (n, what, many = `${what}s`) => `${count(n)} ${n === 1 ? what : many}`;

/// 4.1 k, 2.30: for graphs
export function short(n) {
  if (n === null || n === undefined || Number.isNaN(n)) return "–";
  const size = Math.abs(n);
  if (size >= 1e9) return `${(n / 1e9).toFixed(1)} G`;
  if (size >= 1e6) return `${(n / 1e6).toFixed(1)} M`;
  if (size >= 1e4) return `${(n / 1e3).toFixed(1)} k`;
  if (size >= 100 || Number.isInteger(n)) return number.format(Math.round(n));
  return n.toFixed(size >= 10 ? 1 : 2);
}

export function bytes(n) {
  if (n < 1024) return `${n} B`;
  if (n < 1024 * 1024) return `${(n / 1024).toFixed(1)} KiB`;
  return `${(n / 1024 / 1024).toFixed(1)} MiB`;
}

/// "retry_at_ts" as a heading: "Retry at"; the unit is shown with the value.
export function heading(name) {
  const words = (name === "ts" ? "when" : name).replace(/_(ts|ms|bytes)$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
