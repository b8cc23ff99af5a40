/** Building elements. Text always goes in as text nodes; nothing here parses markup. */

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** An element with attributes (`class`, `data-…`, any other; null leaves one out) and children. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** A picture out of the sheet in includes/icons.html. */
export function icon(name, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Text for screen readers only. */
export const hiddenText = (text) => element("span", { class: "visually-hidden" }, text);

export function avatar(username) {
  return tint(element("span", { class: "avatar", "aria-hidden": "true" }, initial(username)), username);
}

const initial = (username) => (Array.from(username ?? "")[0] ?? "?").toUpperCase();

/** Gives a node the colour that belongs to `seed`: the same name has the same colour everywhere. */
export function tint(node, seed) {
  node.style.setProperty("--hue", String(hueOf(String(seed))));
  return node;
}

export function tintAll(root) {
  for (const node of root.querySelectorAll("[data-seed]")) tint(node, node.dataset.seed);
}

/** The hue, 0 to 359, that belongs to a name. */
export function hueOf(seed) {
  let hash = 2166136261;
  for (let index = 0; index < seed.length; index += 1) {
    hash = Math.imul(hash ^ seed.charCodeAt(index), 16777619);
  }
  return ((hash ^ (hash >>> 15)) >>> 0) % 360;
}
