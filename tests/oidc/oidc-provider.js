// The provider of node-oidc-provider: access tokens of a service (client credentials, RFC 9068), ES256.

import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import Provider from 'oidc-provider';
import { close, listen } from './servers.js';

export const audience = 'https://api.example.com';

export async function start(folder, port) {
  const tls = { key: readFileSync(`${folder}/server.key`), cert: readFileSync(`${folder}/server.pem`) };
  const issuer = `https://127.0.0.1:${port}`;
  let server;
  let callback;
  let made = 0;
  const keys = [];

  // Its keys are fixed when it is made: as an operator would, another one takes its place.
  function deploy() {
    callback = new Provider(issuer, {
      clients: [{ client_id: 'service', client_secret: 'for the test only', grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }],
      clientDefaults: { id_token_signed_response_alg: 'ES256' },
      cookies: { keys: ['for the test only'] },
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_ctx, resource) => ({
            scope: 'orders:read',
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 300,
            jwt: { sign: { alg: 'ES256' } },
          }),
        },
      },
      jwks: { keys: [...keys] },
      scopes: ['orders:read'],
    }).callback();
  }

  const provider = {
    issuer,
    audience,
    other: 'https://other.example.com',
    // The next key is published behind the one that signs.
    async publish() {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      keys.push({ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: `key ${(made += 1)}` });
      deploy();
    },
    async use() {
      keys.push(keys.shift());
      deploy();
    },
    async drop() {
      keys.pop();
      deploy();
    },
    async up() {
      server = createServer(tls, (request, response) => callback(request, response));
      await listen(server, port);
    },
    async down() {
      await close(server);
    },
    async token(resource = audience) {
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from('service:for+the+test+only').toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read', resource }),
      });
      const body = await response.json();
      if (!response.ok) throw new Error(JSON.stringify(body));
      return body.access_token;
    },
  };
  await provider.publish();
  await provider.up();
  return provider;
}
