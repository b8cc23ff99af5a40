/** Pages of older messages over REST: loaded when the reader comes near the top, or asks for them. */

const PAGE = 50;
const NEAR_TOP_PX = 160;

export class ChatHistory {
  #path;
  #list;
  #scroller;
  #button;
  #note;
  #toRow;
  #lounge;
  #loading = false;
  #hasMore = false;

  /** `toRow` makes a row of a message; `note` is where the reader is told what happens; `lounge` whether it is that of the lounge. */
  constructor({ streamId, list, scroller, button, note, toRow, lounge = false }) {
    this.#path = `/api/streams/${encodeURIComponent(streamId)}/messages/`;
    this.#list = list;
    this.#scroller = scroller;
    this.#button = button;
    this.#note = note;
    this.#toRow = toRow;
    this.#lounge = lounge;
    button.addEventListener("click", () => this.loadEarlier());
    list.addEventListener("trimmed", () => this.#more(true));
    scroller.addEventListener("scroll", () => scroller.scrollTop < NEAR_TOP_PX && this.#hasMore && this.loadEarlier(), { passive: true });
  }

  /** Says whether there may be messages above the ones shown. */
  begin(hasMore) {
    this.#note.textContent = "";
    this.#more(hasMore);
  }

  /** The newest page: {messages, hasMore}. */
  async latest() {
    return this.#fetch({});
  }

  async loadEarlier() {
    const before = this.#list.oldestId;
    if (this.#loading || before === null) return;
    this.#loading = true;
    this.#button.hidden = true;
    this.#note.textContent = "Loading earlier messages…";
    try {
      const page = await this.#fetch({ before });
      this.#list.prepend(page.messages.map(this.#toRow));
      this.#note.textContent = page.hasMore ? "" : "The beginning of the chat";
      this.#more(page.hasMore && page.messages.length > 0);
    } catch (error) {
      this.#note.textContent = error instanceof HistoryRefused ? error.message : "Earlier messages could not be loaded.";
      this.#button.textContent = "Try again";
      this.#button.hidden = false;
      this.#hasMore = false;
    }
    this.#loading = false;
  }

  #more(hasMore) {
    this.#hasMore = hasMore;
    this.#button.hidden = !hasMore;
    this.#button.textContent = "Load earlier messages";
  }

  async #fetch(query) {
    const url = `${this.#path}?${new URLSearchParams({ ...query, limit: PAGE, lounge: this.#lounge })}`;
    const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (response.status === 401 || response.status === 403) throw new HistoryRefused("Sign in to read the chat of this stream.");
    if (!response.ok) throw new Error(`The history answered ${response.status}.`);
    return response.json();
  }
}

/** The reader may not see this chat; trying again does not help. */
export class HistoryRefused extends Error {}
