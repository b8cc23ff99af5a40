// The stock socket.io-client, driven over lines of JSON: events go out on standard output, commands come
// in on standard input as {"id", "event", "data"}; an "id" of null asks for no acknowledgement.
// Arguments: URL, transports separated by commas. The token is read from the first line of standard input.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, transports] = process.argv.slice(2);
const print = (name, data) => process.stdout.write(JSON.stringify([name, data]) + "\n");
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const token = (await lines.next()).value;
const socket = io(url, {
  transports: transports.split(","),
  auth: { token, userId: "legacy apps send this" },
  reconnection: false,
});
socket.onAny((name, data) => print(name, data));
print("$start", { transport: socket.io.engine.transport.name });
socket.io.engine.on("upgrade", (transport) => print("$upgrade", { transport: transport.name }));
socket.on("connect", () => print("$connect", {}));
socket.on("connect_error", (error) => print("$refused", { message: error.message, data: error.data ?? null }));
socket.on("disconnect", (reason) => print("$disconnect", { reason }));

for await (const line of lines) {
  const { id, event, data } = JSON.parse(line);
  if (id === null) socket.emit(event, data);
  else socket.emit(event, data, (answer) => print("$answer", { id, answer }));
}
socket.disconnect();
