// The MCP client: it is given the address of the MCP server and nothing else.

import {
  UnauthorizedError,
  discoverAuthorizationServerMetadata,
  exchangeAuthorization,
  registerClient,
  startAuthorization,
} from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { authorize } from './user.js';

const redirectUrl = 'http://127.0.0.1:1/callback';

const clientMetadata = {
  client_name: 'example',
  redirect_uris: [redirectUrl],
  application_type: 'native',
  token_endpoint_auth_method: 'none',
};

// What the SDK wants to be remembered for it.
class Memory {
  redirectUrl = redirectUrl;
  clientMetadata = clientMetadata;
  clientInformation = () => this.information;
  saveClientInformation = (information) => { this.information = information; };
  tokens = () => this.saved;
  saveTokens = (tokens) => { this.saved = tokens; };
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => { this.verifier = verifier; };
  redirectToAuthorization = (url) => { this.authorizationUrl = url; };
}

export async function connect(url, login, fetch) {
  const memory = new Memory();
  const transport = () =>
    new StreamableHTTPClientTransport(new URL(url), { authProvider: memory, fetch });
  const client = new Client({ name: 'example', version: '1.0.0' });
  const first = transport();
  try {
    await client.connect(first);
    throw new Error('connected without a token');
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
  }
  await first.finishAuth(await authorize(memory.authorizationUrl, redirectUrl, login));
  await client.connect(transport());
  return { client, tokens: memory.saved };
}

// A token that the provider issues for another resource.
export async function tokenFor(resource, issuer, scope, login) {
  const metadata = await discoverAuthorizationServerMetadata(issuer);
  const clientInformation = await registerClient(issuer, { metadata, clientMetadata });
  const common = { metadata, clientInformation, resource: new URL(resource) };
  const { authorizationUrl, codeVerifier } = await startAuthorization(issuer, { ...common, redirectUrl, scope });
  const authorizationCode = await authorize(authorizationUrl, redirectUrl, login);
  const tokens = await exchangeAuthorization(issuer, { ...common, authorizationCode, codeVerifier, redirectUri: redirectUrl });
  return tokens.access_token;
}
