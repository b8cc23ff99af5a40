// The stock y-websocket provider and a stock Yjs document, driven over lines of JSON: what happens goes out on
// standard output as [name, data], commands come in on standard input as {"do", …}.
// Arguments: the address, the session. The token is read from the first line of standard input.
import { createInterface } from "node:readline";
import WebSocket from "ws";
import * as decoding from "lib0/decoding";
import * as Y from "yjs";
import { WebsocketProvider } from "y-websocket";

const [url, session] = process.argv.slice(2);
const print = (name, data) => process.stdout.write(JSON.stringify([name, data]) + "\n");
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
console.warn = (text) => print("$denied", { text });

const token = (await lines.next()).value;
const document = new Y.Doc();
const text = document.getText("content");
// How much of each client the server has said is in the text: what was told is promised to be kept.
const told = new Map();
const hear = ({ data }) => {
  const decoder = decoding.createDecoder(new Uint8Array(data));
  if (decoding.readVarUint(decoder) !== 0) return;
  const isQuestion = decoding.readVarUint(decoder) === 0;
  const body = decoding.readVarUint8Array(decoder);
  const clocks = isQuestion ? Y.decodeStateVector(body) : Y.parseUpdateMeta(body).to;
  for (const [client, clock] of clocks) told.set(client, Math.max(clock, told.get(client) ?? 0));
};

const provider = new WebsocketProvider(`${url}/ws/collab`, session, document, {
  WebSocketPolyfill: WebSocket,
  protocols: ["yjs", `bearer.${token}`],
  disableBc: true,
  maxBackoffTime: 500,
});
provider.on("status", (status) => {
  if (status.status === "connected") provider.ws.addEventListener("message", hear);
  print("$status", status);
});
provider.on("sync", (synced) => print("$sync", { synced }));
provider.on("closed", ({ code, reason }) => print("$closed", { code, reason }));
provider.awareness.setLocalStateField("user", { name: "somebody else", color: "#123456" });
provider.awareness.on("change", () => {
  const states = [...provider.awareness.getStates()].map(([client, state]) => ({ client, ...state }));
  print("$awareness", { states: states.filter(({ client }) => client !== document.clientID) });
});
text.observe(() => print("$text", { text: text.toString() }));

// Mulberry32, so that a seed types the same everywhere.
const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let value = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
  return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
};

const WORDS = ["ab", "é", "👋", "ß. "];
let typing;

const actions = {
  insert: ({ at, words }) => text.insert(Math.min(at, text.length), words),
  delete: ({ at, length }) => text.delete(at, length),
  cut: () => provider.ws?.terminate(),
  leave: () => provider.disconnect(),
  come: () => provider.connect(),
  move: ({ to }) => {
    provider.serverUrl = `${to}/ws/collab`;
    provider.ws?.terminate();
  },
  // Between whole characters, as every editor does: some are two units of UTF-16.
  type: ({ seed, every }) => {
    const next = random(seed);
    typing = setInterval(() => {
      const characters = [...text.toString()];
      const place = Math.floor(next() * (characters.length + 1));
      const at = characters.slice(0, place).join("").length;
      if (place === characters.length || next() < 0.7) text.insert(at, WORDS[Math.floor(next() * WORDS.length)]);
      else text.delete(at, characters[place].length);
    }, every);
  },
  rest: () => clearInterval(typing),
  say: () => {
    const clocks = Y.decodeStateVector(Y.encodeStateVector(document));
    print("$said", { text: text.toString(), clocks: Object.fromEntries(clocks), told: Object.fromEntries(told) });
  },
  point: ({ cursor }) => provider.awareness.setLocalStateField("cursor", cursor),
};

for await (const line of lines) {
  const command = JSON.parse(line);
  actions[command.do](command);
}
provider.destroy();
process.exit(0);
