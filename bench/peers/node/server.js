// The peer the mobile apps used to talk to: Socket.IO with its Redis adapter, doing our job and no more.
// The port is the first argument; Redis and the signing key come from REDIS_URL and JWT_SIGNING_KEY.
const { createServer } = require("node:http");
const { createAdapter } = require("@socket.io/redis-adapter");
const jwt = require("jsonwebtoken");
const { createClient } = require("redis");
const { Server } = require("socket.io");

const KEY = process.env.JWT_SIGNING_KEY;
const CLAIMS = { algorithms: ["HS256"], issuer: "realtime-backend", audience: "realtime-clients" };

function authenticate(socket, next) {
  try {
    const { userId } = jwt.verify(socket.handshake.auth.token, KEY, CLAIMS);
    socket.data.user = { id: userId, username: `member${userId}` };
    next();
  } catch {
    next(new Error("Invalid authentication token"));
  }
}

let sent = 0;

function chatMessage(user, { message, type }) {
  return {
    id: String(++sent),
    userId: user.id,
    username: user.username,
    message,
    type,
    timestamp: new Date().toISOString(),
    userAvatar: null,
  };
}

function serve(io, socket) {
  socket.on("stream:join", ({ streamId }, ack) => {
    socket.join(`stream:${streamId}`);
    ack({ ok: true, data: {} });
  });
  socket.on("chat:new", (data, ack) => {
    io.to(`stream:${data.streamId}`).emit("chat:new", chatMessage(socket.data.user, data));
    ack({ ok: true, data: {} });
  });
}

async function main() {
  const publisher = createClient({ url: process.env.REDIS_URL });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const http = createServer((request, response) => response.end("ok"));
  const io = new Server(http, { adapter: createAdapter(publisher, subscriber) });
  io.use(authenticate);
  io.on("connection", (socket) => serve(io, socket));
  http.listen(Number(process.argv[2]), "127.0.0.1", 4096);
}

main();
