/** Who looks at the page: their role, their tier as it is now, and what tiers open. Emits `change` with the tier. */
export class Viewer extends EventTarget {
  #page;
  ogLevel;

  /** `page` is the data of the page; `userId` is undefined for a guest. */
  constructor(page) {
    super();
    this.#page = page;
    this.userId = page.userId;
    this.isHost = page.userId === page.hostId;
    this.mayModerate = page.mayModerate !== undefined;
    this.country = page.country;
    this.ogLevel = Number(page.ogLevel ?? 0);
  }

  /** From which OG level on there is a perk: animated, stealth, ghost, pin, lounge or spotlight. */
  levelFor(perk) {
    return Number(this.#page[`from${perk[0].toUpperCase()}${perk.slice(1)}`]);
  }

  has(perk) {
    return this.ogLevel >= this.levelFor(perk);
  }

  setLevel(level) {
    if (level === this.ogLevel) return;
    this.ogLevel = level;
    this.dispatchEvent(new Event("change"));
  }
}
