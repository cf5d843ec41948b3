// Servers on free loopback ports.

import { once } from 'node:events';
import { createServer } from 'node:net';

export async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

export async function stop(server) {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

export async function freePort() {
  const server = createServer();
  const origin = await listen(server);
  server.close();
  await once(server, 'close');
  return new URL(origin).port;
}
