// The user and a browser: follows redirects, keeps cookies, logs in, consents, and gives back the code.

export async function authorize(start, redirectUrl, login) {
  const cookies = new Map();
  let request = { url: start };
  for (let steps = 0; steps < 20; steps += 1) {
    const { url, body } = request;
    if (url.href.startsWith(redirectUrl)) {
      const code = url.searchParams.get('code');
      if (!code) throw new Error(`no code: ${url}`);
      return code;
    }
    const response = await fetch(url, {
      method: body ? 'POST' : 'GET',
      body,
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      redirect: 'manual',
    });
    // One text in Debian's Node 18; the comma of a date is not followed by a name.
    const set = response.headers.get('set-cookie')?.split(/,\s*(?=[^;,]+=)/) ?? [];
    for (const cookie of set) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      if (value) cookies.set(name, value);
      else cookies.delete(name);
    }
    const location = response.headers.get('location');
    request = location
      ? { url: new URL(location, url) }
      : fill(await response.text(), url, login);
  }
  throw new Error('the provider never came back');
}

// The first form of the page, with what it asks for.
function fill(page, url, login) {
  const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
  if (!action) throw new Error(`no form at ${url}:\n${page}`);
  const body = new URLSearchParams();
  for (const [input] of page.matchAll(/<input[^>]*>/g)) {
    const attribute = (name) => new RegExp(`${name}="([^"]*)"`).exec(input)?.[1];
    const name = attribute('name');
    if (name) body.set(name, name === 'login' ? login : (attribute('value') ?? 'x'));
  }
  return { url: new URL(action, url), body };
}
