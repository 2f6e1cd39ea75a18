// What the graphs of the overview show of the node's series (names as in plugin/node_figures.cpp) and of what the page
// counts itself (live.js).

const PER_SECOND = 0.01; // rates come in hundredths
const MS = 0.001; // times in microseconds

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
      ["owed", "owed to servers", 1],
      ["staged", "staged", 1],
      ["store_queued", "store", 1],
      ["edge_queued", "edge", 1],
    ],
  },
  { title: "Back-offs", unit: "servers", series: [["failing", "failing", 1]] },
];
