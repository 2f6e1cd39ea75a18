// What the graphs of the overview show of the node's series (names as in plugin/node_figures.cpp).

const PER_SECOND = 0.01; // rates come in hundredths
const MS = 0.001; // times in microseconds
const MINUTES = 1 / 60000; // times in milliseconds

/// [name in the series, label, factor]
export const GRAPHS = [
  {
    title: "Events",
    unit: "per second",
    series: [
      ["pdus_in_100", "received", PER_SECOND],
      ["pdus_out_100", "sent", PER_SECOND],
    ],
  },
  {
    title: "Requests",
    unit: "per second",
    series: [
      ["requests_in_100", "of other servers", PER_SECOND],
      ["requests_failed_100", "of ours, failed", PER_SECOND],
    ],
  },
  {
    title: "Latency of requests to other servers",
    unit: "ms",
    series: [
      ["request_ms", "mean", 1],
      // The upper bound of the class it is in; the last class, which has none, tells its lower one.
      ["request_ms_slowest", "slowest, bound of its class", 1],
    ],
  },
  {
    title: "Latency of the store",
    unit: "ms per commit",
    series: [
      ["commit_us_p50", "median", MS],
      ["commit_us_p99", "99 %", MS],
    ],
  },
  {
    title: "Queues",
    unit: "entries",
    series: [
      ["staged", "staged", 1],
      ["store_queued", "store", 1],
      ["edge_queued", "edge", 1],
    ],
  },
  { title: "Owed to servers", unit: "events", series: [["owed", "not delivered yet", 1]] },
  { title: "Oldest event owed", unit: "minutes", series: [["owed_age_ms", "age", MINUTES]] },
  {
    title: "Back-offs",
    unit: "servers by state",
    series: [
      ["servers_sending", "sending", 1],
      ["servers_waiting", "waiting", 1],
      ["servers_paused", "paused", 1],
      ["servers_backing_off", "backing off", 1],
    ],
  },
];
