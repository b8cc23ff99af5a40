/** The page for somebody not signed in: what happens in the stream over REST, looked at again now and then. */

import { catchUp } from "./catch-up.js";
import { byId } from "./dom.js";
import { HistoryRefused } from "./history.js";
import { getJson } from "./rest.js";

const AGAIN_MS = 10_000;
const GIFTERS = 5;

export async function followGuest({ view, history, list }) {
  const note = byId("history-note");
  let loaded = false;
  const refresh = async () => {
    if (document.hidden && loaded) return;
    try {
      const page = await history.latest();
      const isContinued = loaded && catchUp(list, page, (message) => view.message(message));
      if (!isContinued) view.load(page.messages, page.hasMore);
      loaded = true;
    } catch (error) {
      byId("chat-loading").hidden = true;
      if (error instanceof HistoryRefused) {
        note.textContent = error.message;
        return;
      }
      if (!loaded) note.textContent = "The chat could not be loaded. Trying again shortly.";
    }
    setTimeout(refresh, AGAIN_MS);
  };
  await refresh();
  document.addEventListener("visibilitychange", () => !document.hidden && loaded && refresh());
}

export function followGuestGames({ streamId, games, view }) {
  const look = async () => {
    if (document.hidden) return;
    games.watchAlong();
    try {
      const [{ gifters }, stream] = await Promise.all([getJson(`/api/streams/${streamId}/gifts/`), getJson(`/api/streams/${streamId}/`)]);
      view.showMetrics({ viewers: stream.viewers, topGifters: gifters.slice(0, GIFTERS) });
    } catch (error) {
      console.info("The stream's numbers could not be read.", error);
    }
  };
  look();
  setInterval(look, AGAIN_MS);
}
