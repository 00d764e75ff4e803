// Requests to the web gateway. Every response is checked; an invalid one is logged and ends the visit.
import { check } from 'k6';
import http from 'k6/http';

const BASE = `http://${__ENV.WEB_GATEWAY_ADDR}`;
const LOGGED_CHARACTERS = 200;

export class InvalidResponse extends Error {}

// Tells whether the web gateway is healthy. This is not part of a visit, so nothing is checked.
export function isHealthy() {
  try {
    const response = http.get(`${BASE}/healthz`, { timeout: '5s', throw: true });
    return response.status === 200 && response.json('healthy') === true;
  } catch {
    return false; // nothing listens yet, or another program does
  }
}

// Requests a page. Every path returns the application's index page.
export function page(path, conditions = {}) {
  const name = `GET ${path}`;
  const response = http.get(BASE + path, parameters(name));
  expect(name, response, 'text/html', response, {
    'is the index page': () => /<div id="root"/.test(response.body),
    ...conditions,
  });
}

// Calls the API, checks the conditions on the JSON, and returns it. `name` replaces a path that has values.
export function call(method, path, body, conditions, name = path) {
  const response = http.request(method, `${BASE}/api/v1${path}`, JSON.stringify(body), parameters(`${method} ${name}`));
  const content = parsed(response);
  expect(`${method} ${name}`, response, 'application/json', content, conditions);
  return content;
}

// Requests all pictures at once, as a browser does.
export function pictures(filenames) {
  const name = 'GET /content/{file}';
  const requests = filenames.map((file) => ['GET', `${BASE}/api/v1/content/${file}`, null, parameters(name)]);
  for (const response of http.batch(requests)) {
    expect(name, response, 'image/svg+xml', response, {
      'is a picture': () => /<svg\b/.test(response.body),
      'may be cached': () => Boolean(response.headers['Cache-Control']),
    });
  }
}

function parameters(name) {
  return { headers: { 'Content-Type': 'application/json' }, tags: { name }, timeout: '30s' };
}

function parsed(response) {
  try {
    return response.json();
  } catch {
    return undefined; // the conditions will fail
  }
}

// Reports the first failing condition, since the next ones mostly fail because of it.
function expect(name, response, type, content, conditions) {
  const all = {
    'status is 200': () => response.status === 200,
    [`is ${type}`]: () => (response.headers['Content-Type'] || '').startsWith(type),
    ...conditions,
  };
  for (const [what, condition] of Object.entries(all)) {
    const failed = `${name}: ${what}`;
    if (!check(content, { [failed]: () => holds(condition, content) })) {
      const { status, error, body } = response;
      const text = String(body || '').slice(0, LOGGED_CHARACTERS);
      console.error(JSON.stringify({ message: 'check failed', check: failed, status, error, body: text }));
      throw new InvalidResponse(failed);
    }
  }
}

// Conditions may assume the shape of the content. They fail if it has another.
function holds(condition, content) {
  try {
    return Boolean(condition(content));
  } catch {
    return false;
  }
}
