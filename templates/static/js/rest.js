/** Reading over REST, as whoever is signed in on this browser. */

export async function getJson(path) {
  const response = await fetch(path, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${path} answered ${response.status}.`);
  return response.json();
}
