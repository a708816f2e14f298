// SPDX-License-Identifier: Apache-2.0
// What the service says, on the page. Everything that is kept has a bound, so that the page may
// stay open.
"use strict";

const ALERTS_MAX = 100;
const HELD_MAX = 256;
const PARTITION_ROWS_MAX = 200;
const POINTS_MAX = 300;
const LINES_MAX = 8; // partitions with a line of their own
const FINE = { everyMs: 1000, overMs: 3000, spanMs: 300000 };
const COARSE = { everyMs: 12000, overMs: 12000, spanMs: 3600000 };

const byId = (id) => document.getElementById(id);
const sum = (values) => values.reduce((total, value) => total + value, 0);

// ---- words ----

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const count = (value) => whole.format(value);
const shortCount = (value) =>
  value < 10000 ? whole.format(value) : new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);

const amount = (value, noun) => count(value) + " " + noun + (value === 1 ? "" : "s");

function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return (unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)) + " " + units[unit];
}

function span(ms) {
  if (ms === null || ms === undefined) return "–";
  const sign = ms < 0 ? "-" : "";
  const s = Math.abs(ms) / 1000;
  if (s < 0.9995) return sign + (s * 1000).toFixed(0) + " ms";
  if (s < 10) return sign + s.toFixed(1) + " s";
  if (s < 120) return sign + s.toFixed(0) + " s";
  if (s < 7200) return sign + (s / 60).toFixed(0) + " min";
  if (s < 172800) return sign + (s / 3600).toFixed(0) + " h";
  return sign + (s / 86400).toFixed(0) + " days";
}

const ago = (ms) => (ms < 1000 ? "now" : span(ms) + " ago");
const sinceMidnight = (ms) => Charts.clock(ms) + "." + String(((ms % 1000) + 1000) % 1000).padStart(3, "0");

// ---- small elements ----

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function cells(row, values) {
  for (const [text, className, tag] of values) {
    const cell = make(tag || "td", className, text);
    if (tag === "th") cell.scope = "row";
    row.append(cell);
  }
  return row;
}

function tile(id, value, note, mood) {
  byId(id).textContent = value;
  byId(id + "-note").textContent = note;
  byId(id).closest(".tile").className = "tile " + (mood || "");
}

// ---- the past: differences between two statuses ----

// The value below which `share` of what came between lie, spread evenly within a bucket; null when
// nothing came.
function quantile(bounds, before, after, share) {
  const counts = after.map((value, i) => value - before[i]);
  const all = sum(counts);
  if (all <= 0) return null;
  let rest = all * share;
  for (let i = 0; i < counts.length; i++) {
    if (rest <= counts[i] && counts[i] > 0) {
      const low = i === 0 ? 0 : bounds[i - 1];
      const high = bounds[i] ?? low;
      return (low + ((high - low) * rest) / counts[i]) * 1000;
    }
    rest -= counts[i];
  }
  return null;
}

const alertsOf = (status) => sum(Object.values(status.totals.alerts));
const lettersOf = (status) => sum(Object.values(status.totals.dead_letters));

function lags(status) {
  const each = status.partitions.map((partition) => partition.lag);
  if (each.length <= LINES_MAX) return each;
  return [Math.max(...each.map((lag) => lag ?? 0)), sum(each.map((lag) => lag ?? 0))];
}

function behindOf(status) {
  const each = status.partitions.filter((p) => p.stream_time_ms !== null).map((p) => status.now_ms - p.stream_time_ms);
  return each.length === 0 ? [null, null] : [Math.min(...each), Math.max(...each)];
}

function pointOf(before, now) {
  const seconds = Math.max(0.001, (now.now_ms - before.now_ms) / 1000);
  const bounds = now.latency.bounds_seconds;
  const latency = (name, share) => quantile(bounds, before.latency[name], now.latency[name], share);
  return {
    t: now.now_ms,
    rate: (now.totals.purchases - before.totals.purchases) / seconds,
    workers: now.workers.map((worker, i) => (worker.purchases - (before.workers[i]?.purchases ?? 0)) / seconds),
    alerts: (alertsOf(now) - alertsOf(before)) / seconds,
    commit: [latency("commit", 0.5), latency("commit", 0.99)],
    alert: [latency("alert", 0.5), latency("alert", 0.99)],
    lag: lags(now),
    behind: behindOf(now),
    bytes: sum(now.partitions.map((partition) => partition.bytes)),
    cards: sum(now.partitions.map((partition) => partition.cards)),
  };
}

// One resolution of the past. A status is kept as long as a difference may be taken to it.
class History {
  constructor(settings) {
    Object.assign(this, settings);
    this.points = [];
    this.statuses = [];
  }

  take(status) {
    const last = this.statuses[this.statuses.length - 1];
    if (last && last.started_ms !== status.started_ms) this.statuses = []; // counts begin anew
    else if (last && status.now_ms - last.now_ms < this.everyMs * 0.9) return;
    this.statuses.push(status);
    while (this.statuses.length > 1 && status.now_ms - this.statuses[1].now_ms >= this.overMs * 0.95) this.statuses.shift();
    if (this.statuses.length < 2) return;
    this.points.push(pointOf(this.statuses[0], status));
    if (this.points.length > POINTS_MAX) this.points.shift();
  }

  get latest() {
    return this.points[this.points.length - 1];
  }
}

const fine = new History(FINE);
const coarse = new History(COARSE);
let shown = fine;
let latestStatus = null;
let alertTimes = []; // of the last minute
let clockAheadMs = 0; // this machine's clock against the service's

const serviceNow = () => Date.now() - clockAheadMs;

function addCharts() {
  const one = (label) => () => [label];
  const lagLines = () => {
    const ids = latestStatus ? latestStatus.partitions.map((p) => "partition " + p.partition) : [];
    return ids.length <= LINES_MAX ? ids : ["largest", "all together"];
  };
  Charts.add({ title: "Purchases a second", lines: one("purchases"), pick: (p) => [p.rate], format: shortCount, least: 10 });
  Charts.add({ title: "Lag by partition", lines: lagLines, pick: (p) => p.lag, format: shortCount, least: 10 });
  Charts.add({ title: "Behind the clock", lines: () => ["nearest partition", "farthest"], pick: (p) => p.behind, format: span, least: 100 });
  Charts.add({ title: "Alert latency, message to commit", lines: () => ["median", "99 %"], pick: (p) => p.alert, format: span, least: 20 });
  Charts.add({ title: "Commit", lines: () => ["median", "99 %"], pick: (p) => p.commit, format: span, least: 20 });
  Charts.add({ title: "State on disk", lines: one("bytes"), pick: (p) => [p.bytes], format: bytes, least: 1048576, base: 2 });
}

function draw() {
  if (document.hidden || !latestStatus) return;
  Charts.draw(shown.points, shown.spanMs, latestStatus.now_ms);
}

// ---- status ----

function showIdentity(status) {
  byId("application").textContent = status.application_id === "cardwatch" ? "" : status.application_id;
  byId("identity").textContent =
    `${status.topic}, ${status.input_partitions} partitions · ${status.guarantee.replace(/_/g, " ")} · ` +
    `instance ${status.instance_id} · up ${span(status.now_ms - status.started_ms)}`;
  document.title = (status.ready ? "" : "⚠ ") + "cardwatch " + status.application_id;
}

function showState(text, mood) {
  byId("state").textContent = text;
  byId("state").className = "pill " + mood;
}

function showTiles(status) {
  const point = fine.latest;
  const [nearest, farthest] = behindOf(status);
  const lag = sum(status.partitions.map((partition) => partition.lag ?? 0));
  const unknown = status.partitions.filter((partition) => partition.lag === null).length;
  const letters = lettersOf(status);
  const minute = status.now_ms - 60000;
  alertTimes = alertTimes.filter((ms) => ms > minute).slice(-10000);
  tile("rate", point ? shortCount(point.rate) : "–", count(status.totals.purchases) + " since the start");
  tile("alert-rate", count(alertTimes.length), count(alertsOf(status)) + " since the start");
  tile("lag", shortCount(lag), unknown ? unknown + " partitions not known" : amount(status.partitions.length, "partition") + " here", unknown ? "warn" : "");
  tile("behind", span(nearest), nearest === null ? "no purchase yet" : "farthest: " + span(farthest));
  const alert = latestLatency();
  tile("latency", span(alert[0]), alert[1] === null ? "no alert lately" : "median; 99 %: " + span(alert[1]));
  tile("letters", count(letters), letters ? (letters / Math.max(1, status.totals.purchases) * 100).toPrecision(2) + " % of purchases" : "", letters ? "warn" : "");
  tile("cards", shortCount(sum(status.partitions.map((p) => p.cards))), bytes(sum(status.partitions.map((p) => p.bytes))) + " on disk");
}

// Of the last points that have any.
function latestLatency() {
  for (let i = fine.points.length - 1; i >= 0; i--) if (fine.points[i].alert[0] !== null) return fine.points[i].alert;
  return [null, null];
}

function showRestores(status) {
  const restoring = status.partitions.filter((partition) => partition.restore);
  byId("restoring").hidden = restoring.length === 0;
  byId("restores").replaceChildren(
    ...restoring.slice(0, 20).map((partition) => {
      const { from, at, end, records, elapsed_ms } = partition.restore;
      const done = end > from ? Math.min(1, (at - from) / (end - from)) : 0;
      const left = done > 0 ? span((elapsed_ms * (1 - done)) / done) + " to go" : "waiting for " + span(elapsed_ms);
      const item = make("li");
      const bar = make("progress");
      bar.max = 1;
      if (end > from) bar.value = done;
      bar.setAttribute("aria-label", "partition " + partition.partition);
      item.append(make("span", "", "Partition " + partition.partition), bar,
        make("span", "", `${Math.floor(done * 100)} %, ${count(records)} records, ${left}`));
      return item;
    }),
  );
}

function showPartitions(status) {
  byId("partitions").replaceChildren(
    ...status.partitions.slice(0, PARTITION_ROWS_MAX).map((partition) => {
      const state = partition.schema_id === undefined ? partition.state : partition.state + " (" + partition.schema_id + ")";
      const known = partition.stream_time_ms !== null;
      return cells(make("tr"), [
        [String(partition.partition), "", "th"],
        [String(partition.worker)],
        [state, partition.state === "running" ? "good" : "warn"],
        [partition.lag === null ? "not known" : count(partition.lag), "n"],
        [partition.position < 0 ? "–" : count(partition.position), "n"],
        [known ? new Date(partition.stream_time_ms).toISOString().replace("T", " ").slice(0, 23) : "–", "n"],
        [known ? span(status.now_ms - partition.stream_time_ms) : "–", "n"],
        [count(partition.cards), "n"],
        [bytes(partition.bytes), "n"],
      ]);
    }),
  );
  const more = status.partitions.length - PARTITION_ROWS_MAX;
  const elsewhere = status.input_partitions - status.partitions.length;
  byId("partitions-more").textContent = [
    more > 0 ? `${more} more are not shown.` : "",
    elsewhere > 0 ? `${elsewhere} of the topic's ${status.input_partitions} partitions are with other processes.` : "",
  ].join(" ").trim();
}

function showWorkers(status) {
  byId("workers").replaceChildren(
    ...status.workers.map((worker, i) =>
      cells(make("tr"), [
        [String(i), "", "th"],
        [worker.ready ? "ready" : "not ready", worker.ready ? "good" : "warn"],
        [String(worker.partitions), "n"],
        [fine.latest ? shortCount(fine.latest.workers[i] ?? 0) : "–", "n"],
        [count(worker.alerts), "n"],
        [count(worker.commits), "n"],
        [count(worker.aborts), "n"],
        [count(worker.resets), "n"],
      ]),
    ),
  );
  byId("rules").replaceChildren(
    ...status.rules.map((rule) =>
      make("li", "", rule.window_ms === undefined
        ? `${rule.name}: a purchase by itself`
        : `${rule.name}: ${rule.threshold} in ${span(rule.window_ms)}, ${rule.window}` + (rule.grace_ms ? `, grace ${span(rule.grace_ms)}` : ""))),
  );
}

function showOdd(status) {
  const totals = status.totals;
  const rows = Object.entries(totals.late).map(([rule, value]) => ["late for " + rule, value]);
  rows.push(["duplicates", totals.duplicates], ["beyond a full card's kept ones", totals.capped], ["tombstones", totals.tombstones]);
  rows.push(["under a key that is not their card", totals.misplaced], ["deleted before they were read", totals.lost]);
  byId("odd").replaceChildren(...rows.flatMap(([name, value]) => [make("dt", "", name), make("dd", "", count(value))]));
}

function letterClass(name, total, examples, open) {
  const details = make("details");
  const summary = make("summary");
  details.open = open;
  details.dataset.name = name;
  summary.append(make("span", "", name), make("span", "", count(total)));
  const list = make("ul");
  for (const letter of examples.reverse())
    list.append(make("li", "", `${ago(latestStatus.now_ms - letter.committed_ms)}, partition ${letter.partition} offset ${count(letter.offset)}: ${letter.reason}`));
  details.append(summary, list);
  return details;
}

function showLetters(status) {
  const box = byId("letter-classes");
  const before = new Map([...box.children].map((details) => [details.dataset.name, details.open]));
  const classes = Object.entries(status.totals.dead_letters).filter(([, total]) => total > 0);
  const focused = box.contains(document.activeElement);
  byId("no-letters").hidden = classes.length > 0;
  if (focused) return; // whoever reads with the keyboard keeps the place
  box.replaceChildren(
    ...classes.map(([name, total]) =>
      letterClass(name, total, status.dead_letters.filter((letter) => letter.class === name), before.get(name) ?? false)),
  );
}

function onStatus(status) {
  if (latestStatus && latestStatus.started_ms !== status.started_ms) forgetAlerts();
  latestStatus = status;
  clockAheadMs = Date.now() - status.now_ms;
  fine.take(status);
  coarse.take(status);
  if (document.hidden) return;
  showIdentity(status);
  if (status.ready) showState("Ready", "good");
  else showState("Not ready: " + (status.readiness?.reason ?? "starting"), "");
  showTiles(status);
  showRestores(status);
  showPartitions(status);
  showWorkers(status);
  showOdd(status);
  showLetters(status);
  showAges();
  draw();
}

// ---- alerts ----

let lastSequence = 0;
let held = [];
let isHeld = false;

function forgetAlerts() {
  lastSequence = 0;
  alertTimes = [];
}

function alertItem(alert, isNew) {
  const item = make("li", isNew ? "new" : "");
  const head = make("div", "head");
  head.append(make("span", "mono", alert.card), make("span", "rule", alert.rule));
  const age = make("span", "age", ago(serviceNow() - alert.committed_ms));
  age.dataset.ms = alert.committed_ms;
  const within = alert.detected_at_ms - alert.timestamp_ms;
  const evidence =
    `${amount(alert.count, "purchase")}${within > 0 ? " within " + span(within) : ""}, ` +
    `since ${sinceMidnight(alert.timestamp_ms)} · ${alert.source}` +
    (alert.latency_ms === null ? "" : ` · committed ${span(alert.latency_ms)} after the message`);
  item.append(head, age, make("div", "evidence", evidence));
  return item;
}

function putAlerts(alerts, isNew) {
  const list = byId("alert-list");
  byId("no-alerts").hidden = byId("no-alerts").hidden || alerts.length > 0;
  list.hidden = !byId("no-alerts").hidden;
  for (const alert of alerts.slice(-ALERTS_MAX)) list.prepend(alertItem(alert, isNew));
  while (list.childElementCount > ALERTS_MAX) list.lastElementChild.remove();
}

function onAlerts(alerts) {
  const fresh = alerts.filter((alert) => alert.sequence > lastSequence);
  if (fresh.length === 0) return;
  const isFirst = lastSequence === 0;
  lastSequence = fresh[fresh.length - 1].sequence;
  alertTimes.push(...fresh.map((alert) => alert.committed_ms));
  if (!isHeld) return putAlerts(fresh, !isFirst);
  held = held.concat(fresh).slice(-HELD_MAX);
  byId("hold").textContent = `Go on (${held.length} waiting)`;
}

function toggleHold() {
  isHeld = !isHeld;
  byId("hold").setAttribute("aria-pressed", String(isHeld));
  byId("hold").textContent = isHeld ? "Go on" : "Hold";
  if (!isHeld) putAlerts(held.splice(0), true);
}

function showAges() {
  for (const age of document.querySelectorAll("#alert-list .age")) age.textContent = ago(serviceNow() - Number(age.dataset.ms));
}

function speak() {
  if (alertTimes.length > 0) byId("spoken").textContent = amount(alertTimes.length, "alert") + " in the last minute";
}

// ---- a card ----

function showAnswer(answer) {
  const box = byId("card-answer");
  if (!answer.found) {
    const untold = answer.untold_partitions ? ` ${answer.untold_partitions} partitions are being restored and could not be asked.` : "";
    box.replaceChildren(make("p", "", `${answer.card}: nothing is kept of it in this process.${untold}`));
    return;
  }
  if (answer.problem) return box.replaceChildren(make("p", "", answer.problem));
  const bursts = answer.purchases.filter((purchase) => purchase.burst.length).length;
  const summary = make("p");
  summary.append(make("b", "mono", answer.card),
    ` partition ${answer.partition}, as of ${answer.as_of === "now" ? "now" : "the last checkpoint"}: ` +
    `${amount(answer.purchases.length + answer.left_out, "purchase")} kept, ${bursts} of them in a burst` +
    (answer.left_out ? `, the newest ${answer.purchases.length} shown` : ""));
  const windowMs = latestStatus?.rules.find((rule) => rule.window_ms)?.window_ms ?? 60000;
  const table = make("table");
  table.append(make("tbody"));
  for (const purchase of answer.purchases.slice(-200).reverse())
    table.tBodies[0].append(cells(make("tr"), [
      [sinceMidnight(purchase.time_ms), "mono"],
      [purchase.id === null ? "no id" : "id " + purchase.id],
      [[...purchase.burst.map((rule) => "burst of " + rule), ...purchase.late.map((rule) => "late for " + rule)].join(", ")],
    ]));
  for (const counter of answer.counters)
    table.tBodies[0].append(cells(make("tr"), [[sinceMidnight(counter.start_ms), "mono"], [`${counter.count} in the window`], [counter.rule]]));
  const scroll = make("div", "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Purchases of the card");
  scroll.append(table);
  const legend = make("p", "hint", "Full: in a burst. Pale: counts towards one. Ringed in yellow: came late. Blue: neither.");
  box.replaceChildren(summary, Charts.timeline(answer, windowMs, box.clientWidth), legend, scroll);
}

async function onCard(event) {
  event.preventDefault();
  const box = byId("card-answer");
  box.replaceChildren(make("p", "hint", "asking …"));
  try {
    showAnswer(await Feed.lookUp(byId("card-number").value.trim()));
  } catch (problem) {
    box.replaceChildren(make("p", "", "It did not work: " + problem.message));
  }
}

// ---- start ----

function show(history) {
  shown = history;
  byId("fine").setAttribute("aria-pressed", String(history === fine));
  byId("coarse").setAttribute("aria-pressed", String(history === coarse));
  draw();
}

function onToken(event) {
  event.preventDefault();
  Feed.useToken(byId("token").value);
  byId("token").value = "";
  byId("token-form").hidden = true;
}

addCharts();
Charts.draw([], FINE.spanMs, Date.now());
byId("alert-list").hidden = true;
byId("hold").addEventListener("click", toggleHold);
byId("card-form").addEventListener("submit", onCard);
byId("token-form").addEventListener("submit", onToken);
byId("fine").addEventListener("click", () => show(fine));
byId("coarse").addEventListener("click", () => show(coarse));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  Charts.retheme();
  draw();
});
document.addEventListener("visibilitychange", () => latestStatus && onStatus(latestStatus));
setInterval(showAges, 1000);
setInterval(speak, 30000);

Feed.follow({
  open: () => {
    byId("token-form").hidden = true;
    forgetAlerts();
    byId("alert-list").replaceChildren();
  },
  status: onStatus,
  alerts: onAlerts,
  closed: (reason) => showState("No connection: " + reason + "; trying again", "bad"),
  refused: () => {
    showState("A token is needed", "");
    byId("token-form").hidden = false;
  },
});
