/** A chart of one number over time, as SVG: bars for what is counted, an area for what is measured. */

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 160;
const TOP = 10;
const BOTTOM = 24;
const RIGHT = 6;
const LABEL_PX = 76;
const MOST_TICKS = 4;

/**
 * `points` are [{at: epoch milliseconds, value}], evenly spaced; `kind` is bars or area; `label` says all of it to
 * somebody who does not see it; `count` and `moment` make words of values and times.
 */
export function chart({ points, kind, label, width, count, moment }) {
  const steps = ticks(Math.max(...points.map(({ value }) => value)));
  const most = steps.at(-1);
  const left = 10 + 7 * Math.max(...steps.map((step) => count(step).length));
  const inner = { width: width - left - RIGHT, height: HEIGHT - TOP - BOTTOM };
  const slot = inner.width / points.length;
  const x = (index) => left + slot * (index + 0.5);
  const y = (value) => TOP + inner.height * (1 - value / most);
  const svg = node("svg", { class: "numbers-chart", viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": label });
  for (const step of steps) {
    svg.append(node("line", { class: "chart-grid", x1: left, x2: width - RIGHT, y1: y(step), y2: y(step) }));
    svg.append(node("text", { class: "chart-label", x: left - 6, y: y(step) + 4, "text-anchor": "end" }, count(step)));
  }
  for (const index of labelled(points.length, inner.width)) {
    svg.append(node("text", { class: "chart-label", x: x(index), y: HEIGHT - 6, "text-anchor": "middle" }, moment(points[index].at)));
  }
  svg.append(...(kind === "bars" ? bars(points, { x, y, slot, count, moment }) : area(points, { x, y, slot, count, moment })));
  return svg;
}

/** Round values from 0 to at least `most`, whole ones, and few. */
export function ticks(most) {
  const rough = Math.max(1, most / MOST_TICKS);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const number = Math.max(1, Math.ceil(most / step));
  return Array.from({ length: number + 1 }, (_, index) => index * step);
}

function labelled(number, width) {
  const every = Math.max(1, Math.ceil(number / Math.max(1, Math.floor(width / LABEL_PX))));
  const first = Math.min(Math.floor(every / 2), number - 1);
  return Array.from({ length: Math.ceil((number - first) / every) }, (_, index) => first + index * every);
}

function bars(points, { x, y, slot, count, moment }) {
  const width = Math.max(1, Math.min(28, slot * 0.72));
  return points.map(({ at, value }, index) =>
    node("rect", { class: "chart-bar", x: x(index) - width / 2, y: y(value), width, height: Math.max(0, y(0) - y(value)), rx: Math.min(2, width / 3) }, node("title", {}, `${moment(at)}: ${count(value)}`)),
  );
}

function area(points, { x, y, slot, count, moment }) {
  const line = points.map(({ value }, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  const base = y(0).toFixed(1);
  const fill = [`${x(0).toFixed(1)},${base}`, ...line, `${x(points.length - 1).toFixed(1)},${base}`];
  return [
    node("polygon", { class: "chart-area", points: fill.join(" ") }),
    node("polyline", { class: "chart-line", points: line.join(" ") }),
    // Wide and invisible: what a pointer finds.
    ...points.map(({ at, value }, index) => node("rect", { class: "chart-target", x: x(index) - slot / 2, y: TOP, width: slot, height: HEIGHT - TOP - BOTTOM }, node("title", {}, `${moment(at)}: ${count(value)}`))),
  ];
}

function node(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}
