// What a shopper asks of the web-gateway. Every answer is checked; a wrong one is logged, and ends the visit.
import { check } from 'k6';
import http from 'k6/http';

const BASE = `http://${__ENV.WEB_GATEWAY_ADDR}`;
const LOGGED_CHARACTERS = 200;

export class WrongAnswer extends Error {}

// Whether the web-gateway is up. It is no part of the shopping: nothing is checked.
export function isHealthy() {
  try {
    const answer = http.get(`${BASE}/healthz`, { timeout: '5s', throw: true });
    return answer.status === 200 && answer.json('healthy') === true;
  } catch {
    return false; // nothing listens yet, or what listens is something else
  }
}

// Every page is the application's index page, whatever its path.
export function page(path, conditions = {}) {
  const name = `GET ${path}`;
  const answer = http.get(BASE + path, parameters(name));
  expect(name, answer, 'text/html', answer, {
    'is the index page': () => /<div id="root"/.test(answer.body),
    ...conditions,
  });
}

// Answers the JSON of an answer that meets the conditions, which are given it. `name` is for paths that hold values.
export function call(method, path, body, conditions, name = path) {
  const answer = http.request(method, `${BASE}/api/v1${path}`, JSON.stringify(body), parameters(`${method} ${name}`));
  const content = parsed(answer);
  expect(`${method} ${name}`, answer, 'application/json', content, conditions);
  return content;
}

// All at once, as a browser does.
export function pictures(filenames) {
  const name = 'GET /content/{file}';
  const requests = filenames.map((file) => ['GET', `${BASE}/api/v1/content/${file}`, null, parameters(name)]);
  for (const answer of http.batch(requests)) {
    expect(name, answer, 'image/svg+xml', answer, {
      'is a picture': () => /<svg\b/.test(answer.body),
      'may be cached': () => Boolean(answer.headers['Cache-Control']),
    });
  }
}

function parameters(name) {
  return { headers: { 'Content-Type': 'application/json' }, tags: { name }, timeout: '30s' };
}

function parsed(answer) {
  try {
    return answer.json();
  } catch {
    return undefined; // the conditions say so
  }
}

// The first condition that does not hold is what is wrong: those after it mostly follow from it.
function expect(name, answer, type, content, conditions) {
  const all = {
    'status is 200': () => answer.status === 200,
    [`is ${type}`]: () => (answer.headers['Content-Type'] || '').startsWith(type),
    ...conditions,
  };
  for (const [what, condition] of Object.entries(all)) {
    const failed = `${name}: ${what}`;
    if (!check(content, { [failed]: () => holds(condition, content) })) {
      const { status, error, body } = answer;
      const text = String(body || '').slice(0, LOGGED_CHARACTERS);
      console.error(JSON.stringify({ message: 'check failed', check: failed, status, error, body: text }));
      throw new WrongAnswer(failed);
    }
  }
}

// A condition may take the shape for granted: where it is another, the condition does not hold.
function holds(condition, content) {
  try {
    return Boolean(condition(content));
  } catch {
    return false;
  }
}
