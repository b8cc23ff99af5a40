/** The editor page: one session, its text, its people and what they remark. */

import { isFinal } from "../backoff.js";
import { byId, tintAll } from "../dom.js";
import { GatewaySocket } from "../gateway-socket.js";
import { post } from "./api.js";
import { attempt } from "./attempt.js";
import { Comments } from "./comments.js";
import { People } from "./people.js";
import { SessionRoom } from "./session-room.js";
import { makeTabs } from "./tabs.js";
import { TextEditor } from "./text-editor.js";
import { Versions } from "./versions.js";

const STATUS_WORDS = { active: "Active", paused: "Paused", completed: "Completed", cancelled: "Cancelled", expired: "Expired" };
const LIVE = {
  connecting: "Connecting",
  live: "Everybody sees what you write",
  reconnecting: "Offline: what you write is kept in this tab and merged when you are back",
};
const REFUSED = {
  access_denied: "You may not change this text. What you wrote last was not taken.",
  invalid_state: "The session is not open. What you wrote last was not taken.",
  not_found: "You no longer take part in this session.",
};

const page = byId("main");
const { sessionId, userId, username } = page.dataset;
const editor = new TextEditor({ parent: byId("text"), sessionId, username, nonce: page.dataset.nonce });
const people = new People(sessionId, userId);
const comments = new Comments(sessionId, userId, editor);
const versions = new Versions(sessionId);
const socket = new GatewaySocket(`${location.origin.replace(/^http/, "ws")}/ws/`);
const room = new SessionRoom(socket, sessionId);
let session = null;
let textState = "connecting";

makeTabs(byId("tabs"));
tintAll(document);
listen();
socket.open();

function listen() {
  editor.addEventListener("status", ({ detail }) => {
    textState = detail.state;
    showConnection();
  });
  editor.addEventListener("people", ({ detail }) => people.showPresent(detail));
  editor.addEventListener("refused", ({ detail }) => notice(REFUSED[detail.code] ?? detail.message));
  room.addEventListener("joined", ({ detail }) => show(detail));
  room.addEventListener("refused", ({ detail }) => leave(REFUSED[detail.code] ?? detail.message));
  room.addEventListener("event", ({ detail }) => hear(detail));
  socket.addEventListener("state", ({ detail }) => {
    if (detail.state === "closed" && isFinal(detail.code)) leave("Your session has ended. Sign in again.");
  });
  for (const button of document.querySelectorAll("[data-act]")) {
    button.addEventListener("click", () => act(button));
  }
  addEventListener("beforeunload", (event) => editor.hasUnsent && event.preventDefault());
}

function show(joined) {
  session = joined;
  showConnection();
  byId("status").textContent = STATUS_WORDS[session.status];
  byId("status").dataset.status = session.status;
  const isOpen = session.status === "active";
  const mayWrite = session.role === "creator" || session.role === "editor";
  editor.setEditable(isOpen && mayWrite);
  byId("read-only").hidden = isOpen && mayWrite;
  byId("read-only").textContent = isOpen ? `You take part as ${session.role}: you can read${session.role === "commenter" ? " and comment" : ""}.` : closedWords(session.status);
  people.show(session.participants, session.role, isOpen);
  comments.load(session.role, isOpen);
  versions.show(isOpen && mayWrite);
  for (const button of document.querySelectorAll("[data-act]")) {
    button.hidden = session.role !== "creator" || !button.dataset.when.split(" ").includes(session.status);
  }
}

const closedWords = (status) =>
  ({
    paused: "The session is paused. The text can be read.",
    completed: "The session is completed. This is its final text.",
    cancelled: "The session was cancelled. The text can be read.",
    expired: "The session's time is over. The text can be read.",
  })[status];

function hear({ event, data }) {
  if (event === "comment_added" || event === "comment_resolved") comments.heard();
  else if (event === "participant_joined" || event === "participant_changed") room.refresh();
  else if (event === "collaboration_changed") show({ ...session, status: data.status });
  else if (event === "collaboration_completed") show({ ...session, status: "completed" });
}

async function act(button) {
  const { act: action, confirm: question } = button.dataset;
  if (question && !confirm(question)) return;
  button.disabled = true;
  await attempt(() => post(`sessions/${sessionId}/${action}/`));
  button.disabled = false;
}

/** Nobody can write before the room has told their role, even if the text is here already. */
function showConnection() {
  const state = session ? textState : "connecting";
  byId("connection").dataset.state = state;
  byId("connection-label").textContent = LIVE[state];
}

function leave(words) {
  editor.end();
  editor.setEditable(false);
  notice(words);
}

function notice(words) {
  byId("notice").dataset.level = "error";
  byId("notice").textContent = words;
}
