/** Who spoke or came lately: the names offered when somebody types an @. */

const REMEMBERED = 300;

export class Chatters {
  #names = new Map();
  #self;

  constructor(self) {
    this.#self = String(self ?? "");
  }

  saw(userId, username) {
    if (!username || String(userId) === this.#self) return;
    this.#names.delete(String(userId));
    this.#names.set(String(userId), username);
    if (this.#names.size > REMEMBERED) this.#names.delete(this.#names.keys().next().value);
  }

  /** Up to `limit` names that begin with `prefix`, latest first. */
  matching(prefix, limit = 6) {
    const wanted = prefix.toLocaleLowerCase();
    return [...this.#names.values()]
      .reverse()
      .filter((name) => name.toLocaleLowerCase().startsWith(wanted))
      .slice(0, limit);
  }
}
