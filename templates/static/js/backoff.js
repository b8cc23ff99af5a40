/** How long to wait before connecting again, and what each close code means (see the wire contract). */

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Exponential with jitter: half of the step is certain, half is chance, so that clients spread out. */
export function reconnectDelay(attempt, random = Math.random) {
  const step = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return step / 2 + (random() * step) / 2;
}

/** 4000–4099 ask to come back; 4100–4199 ask not to; anything else is the network's doing. */
export const isFinal = (code) => code >= 4100 && code <= 4199;

const FINAL = {
  4100: { title: "You are signed out", detail: "Your session has ended. Sign in again to take part.", action: "signin" },
  4101: { title: "You have been banned", detail: "Your account may not join the chat at the moment.", action: null },
  4102: { title: "Opened somewhere else", detail: "A newer session took this one's place.", action: "reconnect" },
  4103: { title: "Too many open connections", detail: "Close this site in another tab or on another device, then reconnect.", action: "reconnect" },
  4104: { title: "Closed by the server", detail: "Too many requests were refused. Wait a few minutes before you reconnect.", action: "reconnect" },
};

/** The server did not take this browser's session and waited in vain for something else. */
const UNRECOGNISED = { title: "You could not be signed in", detail: "Your session has ended, or too many connections of yours are open.", action: "signin" };

/** What to tell somebody whose connection was closed for good: {title, detail, action}. */
export function explainClose(code, reason) {
  if (reason === "authentication_timeout") return UNRECOGNISED;
  return FINAL[code] ?? { title: "Disconnected", detail: reason || "The server closed the connection.", action: "reconnect" };
}
