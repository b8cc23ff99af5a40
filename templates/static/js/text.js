/** Message text as the protocol counts it: in Unicode code points, where JavaScript counts UTF-16 units. */

export const codePoints = (text) => Array.from(text).length;

/**
 * Cuts `text` at its mentions, whose `start` and `end` are code point offsets:
 * [{text, mention|null}, …] in order. Ranges that overlap or leave the text are passed over.
 */
export function segments(text, mentions) {
  if (!mentions?.length) return text ? [{ text, mention: null }] : [];
  const points = Array.from(text);
  const parts = [];
  let at = 0;
  const push = (end, mention) => {
    if (end > at) parts.push({ text: points.slice(at, end).join(""), mention });
    at = Math.max(at, end);
  };
  for (const mention of [...mentions].sort((a, b) => a.start - b.start)) {
    if (!(mention.start >= at && mention.end > mention.start && mention.end <= points.length)) continue;
    push(mention.start, null);
    push(mention.end, mention);
  }
  push(points.length, null);
  return parts;
}

const EMOJI = /^(?:\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3|\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?(?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?)*|\s)+$/u;

/** Whether there is nothing in `text` but emoji and spaces. */
export const isEmojiOnly = (text) => text.trim() !== "" && EMOJI.test(text);
