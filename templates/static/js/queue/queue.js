/** The moderators' queue in the admin: puts its parts together. */

import { ConnectionStatus } from "../connection-status.js";
import { byId, element } from "../dom.js";
import { moment } from "../format.js";
import { GatewaySocket, Refusal, Unanswered } from "../gateway-socket.js";
import { Warnings } from "../warnings.js";
import { Acts } from "./acts.js";
import { Bulk } from "./bulk.js";
import { Filters } from "./filters.js";
import { ItemList } from "./item-list.js";
import { listenToKeys } from "./keys.js";
import { QueueRoom } from "./queue-room.js";
import { items as numberOf } from "./words.js";

const TICK_MS = 1000;
const LOST = new Set(["waiting", "offline", "closed"]);

const page = byId("queue").dataset;
const socket = new GatewaySocket(`${location.origin.replace(/^http/, "ws")}/ws/`);
const room = new QueueRoom(socket);
const list = new ItemList(byId("items"), { people: page.people, sanction: page.sanction });
const badge = document.querySelector("#nav-sidebar a.active > span:last-child");
const acts = new Acts(socket);
const filters = new Filters(socket, (work) => acts.attempt(work));
const bulk = new Bulk(list, { act, assign });
new ConnectionStatus(socket, room, new Warnings(byId("alerts")), "You cannot read the queue");

socket.addEventListener("frame", ({ detail: { event, data } }) => event === "second_look:changed" && showSecondLook(data.isAway ? data : null));
room.addEventListener("items", ({ detail }) => show(detail));
socket.addEventListener("state", ({ detail }) => {
  if (LOST.has(detail.state)) byId("lost").hidden = false;
});
room.addEventListener("joined", ({ detail }) => {
  byId("lost").hidden = true;
  showSecondLook(detail.secondLookAway);
  filters.load();
  if (list.current) explain(list.current);
});
filters.addEventListener("changed", ({ detail }) => {
  list.clear();
  acts.say("");
  say("Loading the queue");
  room.look(detail);
});
list.addEventListener("released", () => room.refresh());
list.addEventListener("opened", ({ detail }) => explain(detail));
byId("notice").addEventListener("click", ({ target }) => target.closest("[data-undo]") && undo());
byId("more").addEventListener("click", () => room.more());
byId("items").addEventListener("click", ({ target }) => {
  const { act: name, narrow, value, words } = target.closest("[data-act], [data-narrow]")?.dataset ?? {};
  if (name) act(name, [list.current.item], list.current.reason);
  if (narrow) filters.narrow(narrow, value, words);
});
byId("items").addEventListener("change", async ({ target }) => {
  if (!target.matches("[data-assign]")) return;
  await assign([list.current.item], target.value);
  target.selectedIndex = 0;
});
listenToKeys({
  j: () => list.step(1),
  k: () => list.step(-1),
  ArrowDown: () => list.step(1),
  ArrowUp: () => list.step(-1),
  c: () => actOnChosen("claim"),
  r: () => actOnChosen("unclaim"),
  h: () => actOnChosen("hide"),
  s: () => actOnChosen("show"),
  u: () => undo(),
  x: () => list.toggle(),
  e: () => byId(list.selected.length ? "bulk-reason" : "reason")?.focus(),
  f: () => filters.focus(),
  a: () => list.selectAll(list.selected.length === 0),
});
setInterval(() => list.tick(Date.now()), TICK_MS);
room.look(filters.view);
socket.open();

function show({ items, next, count }) {
  filters.know(items);
  list.show(items);
  byId("more").hidden = next === "";
  byId("count").textContent = `${numberOf(count)} ${filters.view.decided ? "decided" : "waiting"}`;
  say(filters.isNarrow ? "Nothing here matches the filter." : "Nothing is here. Whatever comes appears by itself.");
  if (list.current?.isGone) explain(list.current);
  if (!filters.isNarrow && !filters.view.decided) badge.textContent = String(count);
}

/** Says something in the list's place, while it is empty. */
function say(words) {
  byId("items").hidden = list.isEmpty;
  byId("state").hidden = !list.isEmpty;
  byId("state").textContent = words;
}

/** Says that messages are not looked at a second time; nothing when they are. */
function showSecondLook(away) {
  byId("second-look").hidden = !away;
  byId("second-look").replaceChildren(
    ...(away ? [`Nobody looks at messages a second time: ${away.provider} is away since `, element("time", { datetime: away.since }, moment(away.since)), "."] : []),
  );
}

/** Reads how an open item is, with what belongs to it. */
async function explain(row) {
  try {
    const details = await socket.command("queue:read", { id: row.item.id });
    row.update(details.item);
    row.explain(details);
  } catch (error) {
    // It is read again when the connection is back.
    if (!(error instanceof Refusal || error instanceof Unanswered)) throw error;
  }
}

/** Acts on what is selected, or on the open item when nothing is. */
function actOnChosen(name) {
  const row = list.current;
  if (list.selected.length) act(name, list.selected, bulk.reason);
  else if (row) act(name, [row.item], row.reason);
}

async function act(name, items, reason) {
  if (name === "hide" || name === "show") await acts.decide(items, name, reason);
  else await acts[name](items);
  list.deselect(items);
  room.refresh(0);
}

async function undo() {
  await acts.undoLast();
  room.refresh(0);
}

async function assign(items, userId) {
  await acts.assign(items, userId);
  list.deselect(items);
  room.refresh(0);
}
