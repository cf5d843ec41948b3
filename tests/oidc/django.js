// The provider of Django OAuth Toolkit: ID tokens of a user (authorization code with PKCE), RS256. Its keys are
// settings, so each step of a rotation is a restart, as its manual has it.

import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('django_provider.py', import.meta.url));
const redirect = 'https://app.example.com/callback';

export async function start(folder, port) {
  const origin = `https://127.0.0.1:${port}`;
  const issuer = `${origin}/o`;
  const keys = [];
  let made = 0;
  let child;

  async function restart() {
    await provider.down();
    await provider.up();
  }

  const provider = {
    issuer,
    audience: 'app',
    other: 'other',
    async publish() {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const path = `${folder}/django-${(made += 1)}.pem`;
      writeFileSync(path, privateKey.export({ format: 'pem', type: 'pkcs8' }));
      keys.push(path);
      if (child) await restart();
    },
    async use() {
      keys.push(keys.shift());
      await restart();
    },
    async drop() {
      keys.pop();
      await restart();
    },
    async up() {
      child = spawn(process.env.PYTHON, [script, folder, String(port), redirect, ...keys], { stdio: ['pipe', 'pipe', 'inherit'] });
      const failed = once(child, 'exit').then(() => { throw new Error('the Django provider ended'); });
      failed.catch(() => {});
      const lines = createInterface({ input: child.stdout });
      await Promise.race([once(lines, 'line'), failed]); // it listens
      await fetch(`${issuer}/.well-known/openid-configuration`); // and has loaded what it needs
    },
    async down() {
      if (!child) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL'); // as an operator's machine would go
      await ended;
      child = undefined;
    },
    async token(client = 'app') {
      const login = await fetch(`${origin}/login`, { method: 'POST' });
      const cookie = login.headers.get('set-cookie').split(';')[0]; // the session's
      const verifier = randomBytes(32).toString('base64url');
      const question = new URLSearchParams({
        response_type: 'code',
        client_id: client,
        redirect_uri: redirect,
        scope: 'openid',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      });
      const answer = await fetch(`${issuer}/authorize/?${question}`, { headers: { cookie }, redirect: 'manual' });
      const code = new URL(answer.headers.get('location') ?? redirect).searchParams.get('code');
      if (!code) throw new Error(`no code: ${answer.status} ${answer.headers.get('location')} ${await answer.text()}`);
      const response = await fetch(`${issuer}/token/`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'authorization_code', client_id: client, redirect_uri: redirect, code, code_verifier: verifier }),
      });
      const body = await response.json();
      if (!response.ok) throw new Error(JSON.stringify(body));
      return body.id_token;
    },
  };
  await provider.publish();
  await provider.up();
  return provider;
}
