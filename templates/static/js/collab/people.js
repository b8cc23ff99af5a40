/** Who takes part, who is here now, and inviting somebody. */

import { avatar, byId, element, hiddenText } from "../dom.js";
import { patch, post, remove } from "./api.js";
import { attempt } from "./attempt.js";

const GIVEN_ROLES = [["editor", "Editor"], ["commenter", "Commenter"], ["viewer", "Viewer"]];
const NAMES = { creator: "Creator", ...Object.fromEntries(GIVEN_ROLES) };

export class People {
  #sessionId;
  #userId;
  #list = byId("people");
  #here = byId("here");
  #invite = byId("invite");
  #participants = [];
  #present = new Set();
  #role = "viewer";

  constructor(sessionId, userId) {
    this.#sessionId = sessionId;
    this.#userId = userId;
    this.#invite.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  /** Shows the participants, for somebody with this role in an open session. */
  show(participants, role, isOpen) {
    this.#participants = participants;
    this.#role = role;
    this.#invite.hidden = !(isOpen && (role === "creator" || role === "editor"));
    this.#draw();
  }

  /** Shows who has the text open: [{id, name, hue}]. */
  showPresent(people) {
    this.#present = new Set(people.map(({ id }) => id));
    this.#here.replaceChildren(
      ...people.map(({ name }) => element("li", { title: name }, avatar(name), hiddenText(name))),
    );
    this.#draw();
  }

  #draw() {
    this.#list.replaceChildren(...this.#participants.map((participant) => this.#row(participant)));
  }

  #row({ userId, username, role }) {
    const isHere = this.#present.has(userId);
    const row = element(
      "li",
      { class: "person", "data-here": isHere },
      avatar(username),
      element(
        "span",
        { class: "person-name" },
        username,
        userId === this.#userId ? element("span", { class: "person-note" }, " you") : null,
        isHere ? element("span", { class: "person-here" }, "here") : null,
      ),
    );
    if (this.#role === "creator" && role !== "creator") row.append(this.#roleMenu(userId, username, role));
    else row.append(element("span", { class: "person-role" }, NAMES[role]));
    return row;
  }

  #roleMenu(userId, username, role) {
    const menu = element("select", { class: "select", "aria-label": `Role of ${username}` });
    for (const [value, name] of [...GIVEN_ROLES, ["", "Remove"]]) {
      menu.append(element("option", { value, selected: value === role }, name));
    }
    menu.addEventListener("change", () => {
      const path = `sessions/${this.#sessionId}/participants/${userId}/`;
      attempt(() => (menu.value ? patch(path, { role: menu.value }) : remove(path))).then((done) => {
        if (!done) this.#draw();
      });
    });
    return menu;
  }

  async #send() {
    const { username, role } = Object.fromEntries(new FormData(this.#invite));
    const note = byId("invite-note");
    const done = await attempt(() => post(`sessions/${this.#sessionId}/invites/`, { username: username.trim(), role }), note);
    if (!done) return;
    note.textContent = `${username.trim()} is invited.`;
    note.dataset.level = "good";
    this.#invite.reset();
  }
}
