// The OpenID provider: oidc-provider with dynamic client registration, PKCE, resource indicators
// (RFC 8707) and access tokens in JWT form. Its own development pages ask for login and consent.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { listen, stop } from './http.js';

export const scope = 'mcp:tools';

function jwk(alg, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), alg, kid: alg, use: 'sig' };
}

export async function startProvider() {
  const server = createServer();
  const issuer = await listen(server);
  const provider = new Provider(issuer, {
    clientBasedCORS: () => true,
    cookies: { keys: ['for the example only'] },
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx, resource) => ({
          scope,
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 300,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    jwks: {
      keys: [
        jwk('ES256', 'ec', { namedCurve: 'P-256' }),
        jwk('RS256', 'rsa', { modulusLength: 2048 }),
      ],
    },
    scopes: ['openid', 'offline_access', scope],
    pkce: { required: () => true },
  });
  server.on('request', provider.callback());
  return { issuer, stop: () => stop(server) };
}
