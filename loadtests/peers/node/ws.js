// A feed as it is usually written with `ws`, tuned as its users would: no compression, no copy of who is connected,
// each event's bytes handed on as they came. One process; it hears events from the NATS subject FRAMES_SUBJECT, whose
// messages are the text of a frame, ready to send: it has nothing to decode and nobody to look up.

import { createServer } from "node:http";
import { connect } from "@nats-io/transport-node";
import { WebSocketServer } from "ws";

const { LARDER_HOST, LARDER_PORT, LARDER_NATS_URL, FRAMES_SUBJECT } = process.env;

const http = createServer((request, response) => {
  response.writeHead(request.url === "/readyz" ? 200 : 404).end();
});
const sockets = new WebSocketServer({ server: http, perMessageDeflate: false, clientTracking: true });

const bus = await connect({ servers: LARDER_NATS_URL, maxReconnectAttempts: -1 });
bus.subscribe(FRAMES_SUBJECT, {
  callback: (error, message) => {
    if (error) throw error;
    for (const socket of sockets.clients) {
      if (socket.readyState === socket.OPEN) socket.send(message.data, { binary: false });
    }
  },
});
await bus.flush();

http.listen({ host: LARDER_HOST, port: Number(LARDER_PORT), backlog: 1024 });
process.on("SIGTERM", () => process.exit(0));
