/** REST of collaboration, as whoever is signed in on this browser. */

import { byId } from "../dom.js";
import { Refusal } from "../gateway-socket.js";

const BASE = "/api/collab/";

export const get = (path) => request("GET", path);
export const post = (path, body = {}) => request("POST", path, body);
export const patch = (path, body) => request("PATCH", path, body);
export const remove = (path) => request("DELETE", path);

async function request(method, path, body) {
  const headers = { Accept: "application/json", "X-CSRFToken": byId("csrf").value };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(BASE + path, {
    method,
    credentials: "same-origin",
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch(() => {
    throw new Refusal({ code: "unavailable", message: "The server cannot be reached. Try again when you are back online." });
  });
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(answer.error ?? answer);
  return answer;
}
