// The stock socket.io-client with connection state recovery asked for, driven over lines of JSON on standard input:
// {"id", "event", "data"} sends a command, {"do": "cut"} drops the transport, {"do": "come", "url"} connects again there.
// What happens goes out on standard output as [name, data].
// Arguments: URL, transports separated by commas. The token is read from the first line of standard input.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, transports] = process.argv.slice(2);
const print = (name, data) => process.stdout.write(JSON.stringify([name, data]) + "\n");
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const token = (await lines.next()).value;
const socket = io(url, { transports: transports.split(","), auth: { token, recovery: true }, reconnection: false });
socket.onAny((name, data) => print(name, data));
socket.on("connect", () => print("$connect", { id: socket.id, recovered: socket.recovered ?? false }));
socket.on("connect_error", (error) => print("$refused", { message: error.message, data: error.data ?? null }));
socket.on("disconnect", (reason) => print("$disconnect", { reason }));

function cut() {
  const { engine } = socket.io;
  if (engine.transport.ws) engine.transport.ws.terminate();
  else engine.close();
}

for await (const line of lines) {
  const order = JSON.parse(line);
  if (order.do === "cut") cut();
  else if (order.do === "come") {
    socket.io.uri = order.url;
    socket.connect();
  } else socket.emit(order.event, order.data, (answer) => print("$answer", { id: order.id, answer }));
}
socket.disconnect();
