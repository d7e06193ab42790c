// A feed as it is usually written with socket.io and its Redis adapter, WebSocket transport alone. One process. An
// event comes from another process through the adapter, as each does for all processes but the one that emitted it.

import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { Redis } from "ioredis";
import { Server } from "socket.io";

const { LARDER_HOST, LARDER_PORT, LARDER_VALKEY_URL } = process.env;

const http = createServer((request, response) => {
  response.writeHead(request.url === "/readyz" ? 200 : 404).end();
});
const publisher = new Redis(LARDER_VALKEY_URL);
const subscriber = publisher.duplicate();
await Promise.all([publisher.ping(), subscriber.ping()]);

const io = new Server(http, {
  adapter: createAdapter(publisher, subscriber),
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
});
// socket.io's own advice for little memory: the handshake's request is not kept.
io.engine.on("connection", (socket) => {
  socket.request = null;
});

http.listen({ host: LARDER_HOST, port: Number(LARDER_PORT), backlog: 1024 });
process.on("SIGTERM", () => process.exit(0));
