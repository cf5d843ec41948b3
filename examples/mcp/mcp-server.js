// The MCP server: it knows nothing of tokens, and takes the user's name from the header that nginx sets.

import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { listen, stop } from './http.js';

function tools() {
  const server = new McpServer({ name: 'example', version: '1.0.0' });
  server.registerTool('whoami', { description: 'Says who asks' }, ({ requestInfo }) => {
    const { 'x-user': user, authorization } = requestInfo.headers;
    return { content: [{ type: 'text', text: JSON.stringify({ user, authorization }) }] };
  });
  return server;
}

export async function startMcpServer() {
  let requests = 0;
  const server = createServer(async (request, response) => {
    requests += 1;
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    response.on('close', () => transport.close());
    await tools().connect(transport);
    await transport.handleRequest(request, response);
  });
  const origin = await listen(server);
  return { origin, requests: () => requests, stop: () => stop(server) };
}
