// A graph of the last ten minutes. Beside the lines stands what they are now, and the most they were, in words and
// numbers: that is what a screen reader reads.

import { html, useEffect, useMemo, useRef, useShared } from "./preact.js";
import { theme } from "./theme.js";
import { short } from "./words.js";

const HEIGHT_PX = 130;
const WINDOW_S = 600;

/// 19:40
const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

/// The colour that a variable stands for: a canvas knows no variables.
function resolved(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/// @param points  [[ts, {name: number}]]
/// @param series  [[name, label, factor]]
export function Graph({ title, unit, series, points }) {
  const light = useShared(theme);
  const place = useRef(null);
  const plot = useRef(null);
  const data = useMemo(
    () => [
      points.map(([ts]) => ts / 1000),
      ...series.map(([name, , factor]) => points.map(([, values]) => (name in values ? values[name] * factor : null))),
    ],
    [points],
  );
  useEffect(() => {
    const axis = {
      stroke: resolved("--muted"),
      grid: { stroke: resolved("--line"), width: 0.5 },
      ticks: { show: false },
    };
    const made = new uPlot(
      {
        width: place.current.clientWidth || 300,
        height: HEIGHT_PX,
        legend: { show: false },
        cursor: { y: false, points: { size: 5 } },
        scales: {
          x: { range: () => [Date.now() / 1000 - WINDOW_S, Date.now() / 1000] },
          y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 1, 1) * 1.1] },
        },
        axes: [
          { ...axis, size: 24, font: "11px system-ui", space: 60, values: (_, ticks) => ticks.map(clock) },
          { ...axis, size: 44, font: "11px system-ui", space: 32, values: (_, ticks) => ticks.map(short) },
        ],
        series: [
          {},
          ...series.map(([, label], i) => ({
            label,
            stroke: resolved(`--graph-${i + 1}`),
            width: 1.5,
            spanGaps: true,
            points: { show: false },
          })),
        ],
      },
      data,
      place.current,
    );
    plot.current = made;
    const sized = new ResizeObserver(() =>
      made.setSize({ width: place.current?.clientWidth || 300, height: HEIGHT_PX }),
    );
    sized.observe(place.current);
    return () => {
      sized.disconnect();
      made.destroy();
    };
  }, [light]);
  useEffect(() => plot.current?.setData(data), [data]);
  const last = (i) => data[i + 1].findLast((each) => each !== null && each !== undefined);
  const most = (i) => data[i + 1].reduce((a, b) => Math.max(a, b ?? 0), 0);
  return html`<figure class="graph">
    <figcaption>
      <h3>${title} <small>${unit}</small></h3>
      <ul>
        ${series.map(
          ([, label], i) =>
            html`<li class=${`graph-${i + 1}`}>
              ${label} <strong>${short(last(i))}</strong> <small>most ${short(most(i))}</small>
            </li>`,
        )}
      </ul>
    </figcaption>
    <div ref=${place} aria-hidden="true"></div>
  </figure>`;
}
