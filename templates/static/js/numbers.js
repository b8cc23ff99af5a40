/** Numbers over time, as charts and as a table: a stream's on its host's page, those of all streams for staff. */

import { chart } from "./chart.js";
import { element } from "./dom.js";
import { count } from "./format.js";
import { getJson } from "./rest.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const AGAIN_MS = 60_000;
/** The length of a period and how much of the past is shown in it. */
const PERIODS = {
  minute: { length: MINUTE, shown: HOUR, format: { hour: "2-digit", minute: "2-digit" } },
  hour: { length: HOUR, shown: 2 * DAY, format: { weekday: "short", hour: "2-digit", minute: "2-digit" } },
  // Days are the server's, counted in UTC.
  day: { length: DAY, shown: 30 * DAY, format: { day: "numeric", month: "short", timeZone: "UTC" } },
};
const SERIES = [
  { name: "viewers", title: "Viewers", kind: "area", isPeak: true },
  { name: "coins", title: "Coins", kind: "bars" },
  { name: "gifts", title: "Gifts", kind: "bars" },
  { name: "comments", title: "Comments", kind: "bars" },
  { name: "likes", title: "Likes", kind: "bars" },
];

class Numbers {
  #root;
  #charts;
  #state;
  #rows = null;
  #drawn = 0;

  constructor(root) {
    this.#root = root;
    this.#charts = root.querySelector("[data-charts]");
    this.#state = root.querySelector("[data-state]");
    root.addEventListener("change", () => this.#load());
    new ResizeObserver(() => this.#rows && this.#width() !== this.#drawn && this.#draw()).observe(this.#charts);
    this.#load();
    // The last minutes go on being written; what is over does not change.
    if (!root.dataset.until) setInterval(() => !document.hidden && this.#load(), AGAIN_MS);
  }

  get #period() {
    return this.#root.querySelector("input:checked").value;
  }

  async #load() {
    const period = this.#period;
    const { length, shown } = PERIODS[period];
    const until = this.#root.dataset.until ? Date.parse(this.#root.dataset.until) : Date.now();
    const start = Math.floor((until - shown) / length) * length + length;
    const query = new URLSearchParams({ period, from: new Date(start).toISOString(), to: new Date(until + 1).toISOString() });
    try {
      const { rows } = await getJson(`${this.#root.dataset.source}?${query}`);
      if (period !== this.#period) return;
      this.#rows = filled(rows, start, until, length);
      this.#say(rows.length ? "" : "No numbers in this time yet. They are written once a minute while a stream is live.");
      this.#charts.hidden = rows.length === 0;
      if (rows.length) this.#draw();
    } catch (error) {
      console.info("The numbers could not be read.", error);
      this.#say("The numbers could not be loaded. They are tried again in a minute.");
    }
  }

  #say(text) {
    this.#state.textContent = text;
    this.#state.hidden = text === "";
  }

  /** Of one chart: there are as many columns as the page's style wants. */
  #width() {
    const columns = getComputedStyle(this.#charts).gridTemplateColumns.split(" ");
    return Math.floor(parseFloat(columns[0]));
  }

  #draw() {
    const width = this.#width();
    // In the admin the page may be laid out later than its numbers come; the observer draws them then.
    if (Number.isNaN(width)) return;
    this.#drawn = width;
    const isOpen = this.#charts.querySelector("details")?.open ?? false;
    const table = this.#table();
    table.open = isOpen;
    this.#charts.replaceChildren(...SERIES.map((series) => this.#figure(series)), table);
  }

  #figure({ name, title, kind, isPeak }) {
    const points = this.#rows.map((row) => ({ at: row.at, value: row[name] }));
    const peak = points.reduce((most, point) => (point.value > most.value ? point : most));
    const sum = points.reduce((total, { value }) => total + value, 0);
    const summary = isPeak ? `${count(peak.value)} at most` : `${count(sum)} in all`;
    const moment = this.#moment();
    const label = `${title} by ${this.#period}: ${summary}. The most, ${count(peak.value)}, at ${moment(peak.at)}. All numbers are in the table below.`;
    return element(
      "figure",
      { class: "numbers-figure", "data-series": name },
      element("figcaption", {}, element("strong", {}, title), " ", element("span", { class: "numbers-sum" }, summary)),
      chart({ points, kind, label, width: Math.max(160, this.#drawn - 26), count, moment }),
    );
  }

  #table() {
    const moment = this.#moment();
    const rows = this.#rows.filter((row) => SERIES.some(({ name }) => row[name])).reverse();
    const heads = ["Time", ...SERIES.map(({ title }) => title)].map((title) => element("th", { scope: "col" }, title));
    const cells = (row) => SERIES.map(({ name }) => element("td", {}, row[name].toLocaleString()));
    const body = rows.map((row) => element("tr", {}, element("th", { scope: "row" }, moment(row.at)), ...cells(row)));
    const table = element("table", { class: "numbers-table" }, element("caption", { class: "visually-hidden" }, `Numbers by ${this.#period}`), element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...body));
    return element("details", { class: "numbers-details" }, element("summary", {}, "Show as a table"), element("div", { class: "numbers-scroll", tabindex: "0", role: "group", "aria-label": "Table of the numbers" }, table));
  }

  #moment() {
    const format = new Intl.DateTimeFormat(undefined, PERIODS[this.#period].format);
    return (at) => format.format(new Date(at));
  }
}

/** A row for each period of the stretch: those with nothing to tell are left out by the server. */
function filled(rows, start, until, length) {
  const known = new Map(rows.map((row) => [Date.parse(row.startsAt), row]));
  const all = [];
  for (let at = start; at <= until; at += length) {
    const row = known.get(at);
    all.push({ at, ...Object.fromEntries(SERIES.map(({ name }) => [name, row?.[name] ?? 0])) });
  }
  return all;
}

for (const root of document.querySelectorAll("[data-numbers]")) new Numbers(root);
