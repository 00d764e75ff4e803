// The simulated shopper: visits the home page, fills the cart, orders, and finds the cart empty again.
import { check, sleep } from 'k6';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';

import { call, isHealthy, page, pictures, InvalidResponse } from './storefront.js';
import { summary, thresholds } from './summary.js';

const MINIMUM_WAIT_SECONDS = Number(__ENV.MINIMUM_WAIT_SECONDS);
const MAXIMUM_WAIT_SECONDS = Number(__ENV.MAXIMUM_WAIT_SECONDS);
const STARTUP_SECONDS = Number(__ENV.STARTUP_SECONDS);
const POLL_SECONDS = 0.5;
const WAITS = 8;

const ADDRESS = {
  street_1: '1600 Amphitheatre Parkway',
  street_2: '',
  city: 'Mountain View',
  state: 'CA',
  postal_code: '94043',
  country: 'United States',
};
const TEST_CARD = '4432-8015-6152-0454';

const orders = new Counter('orders');

export const options = {
  scenarios: {
    shoppers: {
      executor: 'constant-vus',
      vus: Number(__ENV.USERS),
      duration: `${__ENV.RUN_SECONDS}s`,
      // After the run, shoppers finish their visits.
      gracefulStop: `${WAITS * MAXIMUM_WAIT_SECONDS + 30}s`,
    },
  },
  thresholds,
  setupTimeout: `${STARTUP_SECONDS + 30}s`,
  summaryTrendStats: ['med', 'p(95)'],
  // Each visit has its own connections, as it has its own cookies (k6's default), so shoppers reach every replica.
  noVUConnectionReuse: true,
  batchPerHost: 6,
};

export function setup() {
  const deadline = Date.now() + STARTUP_SECONDS * 1000;
  const address = __ENV.WEB_GATEWAY_ADDR;
  while (!isHealthy()) {
    if (Date.now() >= deadline) {
      exec.test.abort(`the shop does not respond at ${address}`);
    }
    console.info(JSON.stringify({ message: 'waiting for the shop', address }));
    sleep(POLL_SECONDS);
  }
}

export default function visit() {
  try {
    shop();
  } catch (error) {
    if (!(error instanceof InvalidResponse)) {
      // Without a failed check, k6 would log the error and the run would succeed.
      check(null, { 'the script runs': () => false });
      console.error(JSON.stringify({ message: 'check failed', check: 'the script runs', error: String(error) }));
    }
  }
}

export function handleSummary(data) {
  return { stdout: JSON.stringify(summary(data)) };
}

function shop() {
  const product = oneOf(home());
  const quantity = 1 + Math.floor(Math.random() * 3);
  const itemsTotal = cents(product.price) * quantity;
  pause();
  call('PUT', `/cart/${product.id}/${quantity}`, {}, { succeeds }, '/cart/{id}/{quantity}');
  pause();
  page('/cart');
  cart('has what was added', { [product.id]: String(quantity) });
  pause();
  page('/checkout');
  pause();
  const quote = call('POST', '/checkout/quote', { shipping: { address: ADDRESS } }, {
    succeeds,
    'the items total is the sum of the prices': ({ data }) => cents(data.items_total) === itemsTotal,
    'the total is items and shipping': ({ data }) => isSum(data),
  }).data;
  pause();
  order(product, quantity, quote);
  pause();
  page('/confirmation');
  pause();
  page('/cart');
  cart('is empty after the order', {});
}

// Returns the products shown.
function home() {
  page('/', { 'starts a session': (response) => response.cookies.session_id.length === 1 });
  const { results } = call('POST', '/product/search', { query: '', page: { size: 6 } }, {
    'six products are found': ({ meta, results }) => results.length === 6 && meta.page.total_results >= 6,
    'products are complete': ({ results }) => results.every(isProduct),
    'products are sorted by rating': ({ results }) => results.every(({ rating }, i) => !i || results[i - 1].rating >= rating),
  });
  cart('is empty at first', {});
  pictures(results.map(({ filename }) => filename));
  return results;
}

function cart(expectation, contents) {
  call('POST', '/cart', {}, { succeeds, [expectation]: ({ data }) => isEqual(data, contents) });
}

function order(product, quantity, quote) {
  const card = {
    name: 'Sample Shopper',
    number: TEST_CARD,
    expiration: `12/${String(new Date().getFullYear() + 1).slice(-2)}`,
    security_code: '672',
    postal_code: ADDRESS.postal_code,
  };
  const placed = call(
    'POST',
    '/checkout/process',
    {
      amount: quote.items_total,
      email: 'shopper@example.com',
      shipping: { address: ADDRESS },
      billing: { address: ADDRESS, card },
    },
    {
      succeeds,
      'the order has its ids': (order) => isText(order.order_id) && isText(order.tracking_id),
      'the order has the items of the cart': ({ items }) =>
        items.length === 1 &&
        items[0].id === product.id &&
        Number(items[0].quantity) === quantity &&
        cents(items[0].price) === cents(product.price),
      'the total is items and shipping': isSum,
      'the total is as quoted': ({ total }) => cents(total) === cents(quote.total),
    },
  );
  orders.add(1);
  const { order_id, tracking_id } = placed;
  console.info(JSON.stringify({ message: 'order placed', order_id, tracking_id }));
}

function succeeds({ message }) {
  return message === 'success';
}

function isProduct({ id, name, description, price, rating, reviews, filename }) {
  return (
    [id, name, description, filename].every(isText) && [price, rating, reviews].every(Number.isFinite) && price > 0
  );
}

function isSum({ items_total, shipping_cost, total }) {
  return cents(items_total) + cents(shipping_cost) === cents(total);
}

function isText(value) {
  return typeof value === 'string' && value !== '';
}

// Compares flat objects.
function isEqual(one, other) {
  const ids = Object.keys(one);
  return ids.length === Object.keys(other).length && ids.every((id) => String(one[id]) === other[id]);
}

// Prices are dollars; only sums of cents are exact.
function cents(dollars) {
  return Math.round(dollars * 100);
}

function oneOf(choices) {
  return choices[Math.floor(Math.random() * choices.length)];
}

function pause() {
  sleep(MINIMUM_WAIT_SECONDS + Math.random() * (MAXIMUM_WAIT_SECONDS - MINIMUM_WAIT_SECONDS));
}
