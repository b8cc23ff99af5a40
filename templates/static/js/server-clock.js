/** The server's clock, as far as this device knows it: deadlines are the server's, whatever the device's clock says. */
export class ServerClock {
  #ahead = 0;

  /** Takes the time the server said it was, in the moment it is heard. */
  heard(serverTime) {
    const then = Date.parse(serverTime);
    if (!Number.isNaN(then)) this.#ahead = then - Date.now();
  }

  /** When this device's clock will show what the server's shows at `timestamp`; in epoch milliseconds. */
  local(timestamp) {
    return Date.parse(timestamp) - this.#ahead;
  }
}
