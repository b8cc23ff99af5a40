/**
 * One stream's room: joins it after every connect, resumes where it left off, and hands out each event once.
 *
 * Emits `snapshot` (the join answer, when the page must start over), `joined` (the join answer, always),
 * `refused` (the stream cannot be entered: a Refusal) and `event` {event, data}.
 */

import { Refusal } from "./gateway-socket.js";

const REMEMBERED_EVENTS = 2000;
const RETRY_JOIN_MS = 3000;

export class StreamRoom extends EventTarget {
  #socket;
  #streamId;
  #entry;
  #position = null;
  #joining = false;
  #early = [];
  #seen = new Set();
  #retry = null;
  joined = false;

  /** `entry` says, whenever it comes in, in which way. */
  constructor(socket, streamId, entry) {
    super();
    this.#entry = entry;
    entry.addEventListener("change", () => this.joined && this.#join());
    this.#socket = socket;
    this.#streamId = streamId;
    socket.addEventListener("state", ({ detail }) => {
      this.joined = false;
      clearTimeout(this.#retry);
      if (detail.state === "ready") this.#join();
    });
    socket.addEventListener("frame", ({ detail }) => this.#receive(detail));
  }

  /** Sends a command that belongs to this stream. */
  command(event, data = {}) {
    return this.#socket.command(event, { streamId: this.#streamId, ...data });
  }

  async #join() {
    this.#joining = true;
    this.#early = [];
    let answer;
    try {
      answer = await this.command("stream:join", { entry: this.#entry.way, ...(this.#position && { since: this.#position }) });
    } catch (error) {
      this.#joining = false;
      if (error instanceof Refusal) this.#joinRefused(error);
      return;
    }
    this.#position = { epoch: answer.epoch, seq: answer.seq };
    if (answer.recovered) {
      for (const { event, data } of answer.events ?? []) this.#deliver(event, data);
    } else {
      this.#emit("snapshot", answer);
    }
    this.#joining = false;
    this.joined = true;
    // What the room said while the answer was on its way comes after what the answer holds.
    for (const { event, data } of this.#early.splice(0)) this.#deliver(event, data);
    this.#emit("joined", answer);
  }

  #joinRefused(refusal) {
    if (refusal.retryAfter === null) {
      this.#emit("refused", refusal);
      return;
    }
    this.#retry = setTimeout(() => this.#join(), Math.max(RETRY_JOIN_MS, refusal.retryAfter * 1000));
  }

  #receive({ event, data }) {
    if (event === "room:reset") {
      if (data?.room === `stream:${this.#streamId}`) this.#startOver();
      return;
    }
    // The join answer repeated as an event; to others it is a notice and has a userId.
    if (event === "stream:join" && data?.userId === undefined) return;
    if (!isOf(this.#streamId, data)) return;
    if (this.#joining) this.#early.push({ event, data });
    else this.#deliver(event, data);
  }

  #startOver() {
    this.#position = null;
    if (!this.#joining && this.#socket.state === "ready") this.#join();
  }

  #deliver(event, data) {
    if (this.#isRepeated(data?.eventId)) return;
    if (this.#position && data?.epoch === this.#position.epoch && data.seq > this.#position.seq) {
      this.#position.seq = data.seq;
    }
    this.#emit("event", { event, data });
  }

  #isRepeated(eventId) {
    if (eventId === undefined) return false;
    if (this.#seen.has(eventId)) return true;
    this.#seen.add(eventId);
    if (this.#seen.size > REMEMBERED_EVENTS) this.#seen.delete(this.#seen.values().next().value);
    return false;
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Whether an event concerns the stream: most name one, those of a battle two, those of the user none. */
function isOf(streamId, data) {
  const sides = data?.battle?.sides ?? [];
  const named = [data?.streamId, data?.opponentStreamId, ...sides.map((side) => side.streamId)].filter((id) => id !== undefined && id !== null);
  return named.length === 0 || named.some((id) => String(id) === streamId);
}
