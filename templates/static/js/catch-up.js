/** Brings a list in line with the newest page of its messages: what is missing comes, what was removed goes. */

/**
 * `page` is {messages, hasMore}; `add(message)` appends one. False when the page has nothing to do with what the list
 * holds, which must then start over from it.
 */
export function catchUp(list, { messages, hasMore }, add) {
  if (!list.isEmpty && !messages.some(({ id }) => list.has(id))) return false;
  const shown = new Set(messages.map(({ id }) => id));
  for (const id of list.idsFrom(hasMore ? messages[0].id : 0)) if (!shown.has(id)) list.remove(id);
  for (const message of messages) if (!list.has(message.id)) add(message);
  return true;
}
