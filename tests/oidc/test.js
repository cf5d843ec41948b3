// Each provider issues tokens through its own flow, publishes its keys over TLS, rotates them while requests run, and
// goes away for a while: no good token is refused, and none passes once its key is gone.

import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { start as startDjango } from './django.js';
import { start as startOidcProvider } from './oidc-provider.js';
import { freePort, startNginx } from './servers.js';

const folder = process.argv[2];
const seconds = { refresh: 2, cooldown: 1, timeout: 2 };

// Below /plain nothing is said but who issues the tokens, and for whom; below /quick times fit for a test.
const conf = (port, { issuer, audience }) => `
load_module modules/ngx_http_auth_jwt_module.so;
worker_processes 2;
events {}
http {
    access_log off;
    auth_jwt_issuer plain {
        issuer   ${issuer};
        audience ${audience};
    }
    auth_jwt_issuer quick {
        issuer   ${issuer};
        audience ${audience};
        refresh  ${seconds.refresh}s;
        cooldown ${seconds.cooldown}s;
        timeout  ${seconds.timeout}s;
    }
    server {
        listen 127.0.0.1:${port};
        auth_jwt "api";
        location /plain { auth_jwt_trust plain; try_files /ok.txt =500; }
        location /quick { auth_jwt_trust quick; try_files /ok.txt =500; }
    }
}
`;

async function run(name, start) {
  console.log(name);
  const provider = await start(folder, await freePort());
  const port = await freePort();
  const nginx = await startNginx(conf(port, provider), `${folder}/ca.pem`);
  const agent = new Agent({ keepAlive: true });
  const ask = (path, token) =>
    new Promise((resolve, reject) => {
      const headers = token ? { authorization: `Bearer ${token}` } : {};
      request({ port, host: '127.0.0.1', path, agent, headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode));
      }).on('error', reject).end();
    });

  // Requests that run all the time, with the tokens that are good at the time.
  const good = [];
  const load = { running: true, asked: 0, refused: [] };
  async function loop() {
    while (load.running) {
      const token = good[load.asked % good.length];
      const status = await ask('/quick', token).catch((error) => error.code);
      if (!load.running) return;
      load.asked += 1;
      if (status !== 200) load.refused.push({ status, header: Buffer.from(token.split('.')[0], 'base64url').toString() });
      await sleep(5);
    }
  }
  async function mint(count) {
    const tokens = [];
    while (tokens.length < count) tokens.push(await provider.token());
    return tokens;
  }
  const fine = (step) => {
    assert.deepEqual(load.refused, [], step);
    console.log(`  ${step}: ${load.asked} requests, none refused`);
  };

  try {
    const [token] = await mint(1);
    for (const path of ['/plain', '/quick']) {
      assert.equal(await ask(path, token), 200, 'the first request, for which the keys were fetched');
      assert.equal(await ask(path), 401);
      const [header, claims, signature] = token.split('.');
      const forged = JSON.parse(Buffer.from(claims, 'base64url'));
      assert.equal(forged.iss, provider.issuer);
      forged.sub = 'root';
      const payload = Buffer.from(JSON.stringify(forged)).toString('base64url');
      assert.equal(await ask(path, `${header}.${payload}.${signature}`), 401, 'changed');
      assert.equal(await ask(path, await provider.token(provider.other)), 401, 'for another audience');
    }
    console.log('  three lines protect a location');

    const old = await mint(4);
    good.push(...old);
    const loops = Promise.all([loop(), loop(), loop()]);

    await provider.publish();
    await sleep(1000 * (seconds.cooldown + seconds.timeout));
    await provider.use();
    const young = await mint(8);
    assert.notEqual(young[0].split('.')[0], old[0].split('.')[0], 'signed with the next key');
    good.push(...young);
    await sleep(1000);
    fine('the next key signs');

    good.splice(0, old.length); // an operator waits for the end of their lives
    await sleep(50);
    await provider.drop();
    await sleep(1000 * (seconds.refresh + seconds.timeout));
    for (const token of old) {
      for (let count = 0; count < 10; count += 1) assert.equal(await ask('/quick', token), 401, 'its key is gone');
    }
    fine('the old key is gone');

    await provider.down();
    await sleep(1000 * (seconds.refresh + 1));
    fine('the provider is down');
    await provider.up();
    good.push(...(await mint(2)));
    await sleep(1000 * seconds.refresh);
    fine('and up again');

    load.running = false;
    await loops;
    fine('in the end');
    assert.ok(load.asked > 500, `${load.asked} requests`);
    const bad = nginx.log.filter((line) => /\[(emerg|alert|crit)\]|exited on signal/.test(line));
    assert.deepEqual(bad, []);
  } catch (error) {
    console.error(nginx.log.join('\n'));
    throw error;
  } finally {
    load.running = false;
    agent.destroy();
    await nginx.stop();
    await provider.down();
  }
}

await run('oidc-provider, access tokens of a service', startOidcProvider);
await run('Django OAuth Toolkit, ID tokens of a user', startDjango);
console.log('both providers: no good token was refused, no token of a key that is gone passed');
