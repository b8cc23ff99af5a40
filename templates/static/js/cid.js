/** An id of the client's own making, which lets the server know a command that comes again. */
export function newCid() {
  // randomUUID exists in secure contexts only; a development server on a plain address is none.
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
