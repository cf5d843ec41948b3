// nginx, and servers on loopback ports.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function listen(server, port) {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

export async function close(server) {
  server.closeAllConnections?.();
  server.close();
  await once(server, 'close');
}

/** Below the range of outgoing connections, so that none takes the port of a server that is down for a while. */
export async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    try {
      await listen(server, port);
    } catch {
      continue; // taken
    }
    await close(server);
    return port;
  }
}

/** Starts nginx; `ca` is what its machine trusts. */
export async function startNginx(conf, ca) {
  const prefix = mkdtempSync(join(tmpdir(), 'auth-jwt-oidc-'));
  chmodSync(prefix, 0o755); // workers run as another user when nginx is started by root
  for (const folder of ['conf', 'logs', 'html', 'modules']) mkdirSync(join(prefix, folder));
  symlinkSync(join(root, 'build/ngx_http_auth_jwt_module.so'), join(prefix, 'modules/ngx_http_auth_jwt_module.so'));
  writeFileSync(join(prefix, 'html/ok.txt'), 'ok\n');
  writeFileSync(join(prefix, 'conf/nginx.conf'), conf);

  const global = 'daemon off; pid logs/nginx.pid; error_log stderr info;';
  const nginx = spawn(join(root, 'build/nginx'), ['-p', prefix, '-c', 'conf/nginx.conf', '-e', 'stderr', '-g', global], {
    env: { ...process.env, SSL_CERT_FILE: ca },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const log = [];
  await new Promise((resolve, reject) => {
    createInterface({ input: nginx.stderr }).on('line', (line) => {
      log.push(line);
      if (line.includes('start worker process ')) resolve();
    });
    nginx.once('exit', () => reject(new Error(`nginx ended:\n${log.join('\n')}`)));
  });
  return {
    log,
    async stop() {
      const ended = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await ended;
      rmSync(prefix, { recursive: true });
    },
  };
}
