// SPDX-License-Identifier: Apache-2.0
// Line charts by Chart.js, and the time line of one card.
"use strict";

const Charts = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const SPAN_LEAST_MS = 60000; // while there is not more to show
  const charts = [];

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const series = (i) => css("--series-" + ((i % 8) + 1));
  const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour12: false });

  // Powers of two for bytes: at most four steps.
  function binaryTicks(scale) {
    const step = 2 ** Math.ceil(Math.log2(Math.max(1, scale.max / 4)));
    scale.ticks = [];
    for (let value = 0; value <= scale.max; value += step) scale.ticks.push({ value });
  }

  function options({ format, least, base }) {
    const quiet = css("--quiet");
    const grid = { color: css("--edge"), drawBorder: false };
    return {
      animation: false,
      parsing: false,
      normalized: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      elements: { point: { radius: 0, hitRadius: 6 }, line: { borderWidth: 1.75, tension: 0 } },
      scales: {
        x: {
          type: "linear",
          grid: { display: false, drawBorder: false },
          ticks: { color: quiet, maxTicksLimit: 5, maxRotation: 0, callback: (ms) => clock(ms) },
        },
        y: {
          beginAtZero: true,
          suggestedMax: least, // so that quiet looks quiet
          grid,
          afterBuildTicks: base === 2 ? binaryTicks : undefined,
          ticks: { color: quiet, maxTicksLimit: 5, callback: (value) => format(value) },
        },
      },
      plugins: {
        legend: { display: false, position: "bottom", labels: { color: quiet, boxWidth: 12, boxHeight: 2, padding: 10 } },
        tooltip: {
          callbacks: {
            title: (items) => clock(items[0].parsed.x),
            label: (item) => " " + item.dataset.label + ": " + format(item.parsed.y),
          },
        },
      },
    };
  }

  // `lines` names the values; `pick` takes them, in that order, out of a point of the history.
  // `least`: how high the chart is at least.
  function add({ title, lines, pick, format, least, base }) {
    const figure = document.createElement("section");
    figure.className = "chart";
    const heading = figure.appendChild(document.createElement("h3"));
    heading.textContent = title;
    const now = heading.appendChild(document.createElement("span"));
    const box = figure.appendChild(document.createElement("div"));
    box.className = "canvas";
    const canvas = box.appendChild(document.createElement("canvas"));
    canvas.setAttribute("role", "img");
    document.getElementById("charts").append(figure);
    const chart = new Chart(canvas, { type: "line", data: { datasets: [] }, options: options({ format, least, base }) });
    charts.push({ chart, canvas, now, title, lines, pick, format, least, base });
  }

  function datasets(entry, points) {
    const names = entry.lines(points);
    return names.map((label, i) => ({
      label,
      data: points.map((point) => ({ x: point.t, y: entry.pick(point)[i] ?? null })),
      borderColor: series(i),
      backgroundColor: series(i) + "1f",
      fill: names.length === 1 ? "origin" : false,
      spanGaps: true,
    }));
  }

  function describe(entry, sets) {
    const latest = sets.map((set) => {
      const last = set.data.filter((point) => point.y !== null).pop();
      return { label: set.label, text: last ? entry.format(last.y) : "–" };
    });
    entry.now.textContent = latest.length > 2 ? "" : latest.map((l) => l.text).join(" · ");
    entry.canvas.setAttribute("aria-label", entry.title + ", now: " + latest.map((l) => l.label + " " + l.text).join(", "));
  }

  function draw(points, spanMs, nowMs) {
    for (const entry of charts) {
      const sets = datasets(entry, points);
      entry.chart.data.datasets = sets;
      entry.chart.options.scales.x.min = Math.max(nowMs - spanMs, Math.min(points[0]?.t ?? nowMs, nowMs - SPAN_LEAST_MS));
      entry.chart.options.scales.x.max = nowMs;
      entry.chart.options.plugins.legend.display = sets.length > 1;
      entry.chart.update("none");
      describe(entry, sets);
    }
  }

  function retheme() {
    for (const entry of charts) entry.chart.options = options(entry);
  }

  // ---- a card's time line ----

  function shape(parent, name, attributes, text) {
    const element = parent.appendChild(document.createElementNS(SVG, name));
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  // Those in a burst are drawn full, those that count towards it pale.
  // Purchases that fall on one place stand above each other.
  function heights(xs) {
    const last = [];
    return xs.map((x) => {
      let row = 0;
      while (row < last.length && x - last[row] < 13) row++;
      last[row] = x;
      return Math.min(row, 6);
    });
  }

  function timeline(answer, windowMs, width) {
    const base = 112;
    const times = answer.purchases.map((purchase) => purchase.time_ms);
    const end = answer.stream_time_ms ?? times[times.length - 1];
    const start = Math.min(end - answer.horizon_ms, times[0] ?? end);
    const x = (ms) => 12 + ((ms - start) / Math.max(1, end - start)) * (width - 24);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${width} 150`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `${times.length} purchases between ${clock(start)} and ${clock(end)}`);
    const from = x(Math.max(start, end - windowMs));
    shape(svg, "rect", { class: "window", x: from, y: 14, width: x(end) - from, height: base - 8, rx: 4 });
    shape(svg, "text", { x: x(end) - 4, y: 30, "text-anchor": "end" }, "the last " + windowMs / 1000 + " s");
    shape(svg, "line", { class: "axis", x1: 12, y1: base + 8, x2: width - 12, y2: base + 8 });
    const rows = heights(times.map(x));
    const bursts = answer.purchases.filter((purchase) => purchase.burst.length).map((purchase) => purchase.time_ms);
    const counts = (ms) => bursts.some((burst) => ms <= burst && ms > burst - windowMs);
    answer.purchases.forEach((purchase, i) => {
      let kind = purchase.burst.length ? "burst" : counts(purchase.time_ms) ? "counted" : "purchase";
      if (purchase.late.length) kind = "late";
      const dot = shape(svg, "circle", { class: kind, cx: x(purchase.time_ms), cy: base - rows[i] * 14, r: 6 });
      shape(dot, "title", {}, clock(purchase.time_ms));
    });
    shape(svg, "text", { x: 12, y: 142 }, clock(start));
    shape(svg, "text", { x: width - 12, y: 142, "text-anchor": "end" }, "stream time " + clock(end));
    return svg;
  }

  return { add, draw, retheme, timeline, clock };
})();
