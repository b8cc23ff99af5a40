/** Something done again and again, kept below a limit: `burst` times at once, then once every `everyMs`. */
export class Pace {
  #burst;
  #everyMs;
  #left;
  #at = performance.now();

  constructor(burst, everyMs) {
    this.#burst = burst;
    this.#everyMs = everyMs;
    this.#left = burst;
  }

  /** Whether it may be done now; then it counts as done. */
  take() {
    const now = performance.now();
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) / this.#everyMs);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
