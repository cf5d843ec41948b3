// An MCP client that knows only the address of an MCP server behind nginx finds out by itself where to
// get a token, gets one, and calls a tool. Prints each request on the way.

import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { connect, tokenFor } from './client.js';
import { freePort } from './http.js';
import { startMcpServer } from './mcp-server.js';
import { startNginx } from './nginx.js';
import { scope, startProvider } from './provider.js';

globalThis.crypto ??= webcrypto; // Debian's Node 18

const provider = await startProvider();
const mcp = await startMcpServer();
const jwks = await (await fetch(`${provider.issuer}/jwks`)).text();
const port = await freePort();
const nginx = await startNginx(port, mcp.origin, provider.issuer, jwks);
const resource = `http://127.0.0.1:${port}/mcp`;
const metadata = `http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp`;

const names = { [port]: 'nginx', [new URL(provider.issuer).port]: 'provider' };
const seen = [];
async function traced(input, init) {
  const url = new URL(input);
  const response = await fetch(input, init);
  seen.push(`${init?.method ?? 'GET'} ${names[url.port]}${url.pathname} ${response.status}`);
  console.log(`  ${seen.at(-1)}`);
  return response;
}

const initialize = (authorization) =>
  fetch(resource, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'x-user': 'root',
      ...(authorization && { authorization }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
    }),
  });

try {
  // What a client finds.
  const refused = await initialize();
  assert.equal(refused.status, 401);
  const challenge = refused.headers.get('www-authenticate');
  assert.ok(challenge.includes(`resource_metadata="${metadata}"`), challenge);
  const document = await (await fetch(metadata, { headers: { host: 'evil.example' } })).json();
  assert.equal(document.resource, resource);
  assert.deepEqual(document.authorization_servers, [provider.issuer]);
  assert.deepEqual(document.scopes_supported, [scope]);
  assert.equal(mcp.requests(), 0, 'nothing reached the MCP server without a token');

  // What the SDK's client makes of it.
  const { client, tokens } = await connect(resource, 'ann', traced);
  const result = await client.callTool({ name: 'whoami', arguments: {} });
  assert.deepEqual(JSON.parse(result.content[0].text), { user: 'ann' }, 'the verified user, and no token');
  assert.deepEqual((await client.listTools()).tools.map(({ name }) => name), ['whoami']);
  await client.close();
  for (const step of [
    'POST nginx/mcp 401',
    'GET nginx/.well-known/oauth-protected-resource/mcp 200',
    'POST provider/reg 201',
    'POST provider/token 200',
    'POST nginx/mcp 200',
  ]) {
    assert.ok(seen.includes(step), `${step} is not among\n${seen.join('\n')}`);
  }

  // What does not pass.
  const [header, claims, signature] = tokens.access_token.split('.');
  const status = async (authorization) => (await initialize(authorization)).status;
  assert.equal(await status(`Bearer ${tokens.access_token}`), 200);
  const forged = JSON.parse(Buffer.from(claims, 'base64url'));
  assert.equal(forged.aud, resource);
  forged.sub = 'root';
  const payload = Buffer.from(JSON.stringify(forged)).toString('base64url');
  assert.equal(await status(`Bearer ${header}.${payload}.${signature}`), 401);
  const elsewhere = await tokenFor('https://elsewhere.example/mcp', provider.issuer, scope, 'ann');
  assert.equal(await status(`Bearer ${elsewhere}`), 401, 'a token for another resource');
  console.log('the client found its way, and only its token passes');
} catch (error) {
  console.error(nginx.log.join('\n'));
  throw error;
} finally {
  await nginx.stop();
  await mcp.stop();
  await provider.stop();
}
