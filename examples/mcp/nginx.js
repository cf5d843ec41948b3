// nginx with nginx-conf/mcp-server.conf, whose addresses are replaced by free ones.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function startNginx(port, mcpServer, issuer, jwks) {
  const prefix = mkdtempSync(join(tmpdir(), 'auth-jwt-mcp-'));
  chmodSync(prefix, 0o755); // workers run as another user when nginx is started by root
  for (const folder of ['conf/keys', 'logs', 'modules']) mkdirSync(join(prefix, folder), { recursive: true });
  symlinkSync(join(root, 'build/ngx_http_auth_jwt_module.so'), join(prefix, 'modules/ngx_http_auth_jwt_module.so'));
  writeFileSync(join(prefix, 'conf/keys/jwks.json'), jwks);
  const conf = readFileSync(join(root, 'nginx-conf/mcp-server.conf'), 'utf8')
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
    .replaceAll('http://127.0.0.1:8081', mcpServer)
    .replaceAll('http://127.0.0.1:8082', issuer);
  writeFileSync(join(prefix, 'conf/nginx.conf'), conf);

  const global = 'daemon off; pid logs/nginx.pid; error_log stderr info;';
  const nginx = spawn(join(root, 'build/nginx'), ['-p', prefix, '-c', 'conf/nginx.conf', '-e', 'stderr', '-g', global], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const log = [];
  const started = new Promise((resolve, reject) => {
    createInterface({ input: nginx.stderr }).on('line', (line) => {
      log.push(line);
      if (line.includes('start worker process ')) resolve();
    });
    nginx.once('exit', () => reject(new Error(`nginx ended:\n${log.join('\n')}`)));
  });
  await started;
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
