// The thresholds of a run, and its summary. Figures have the same names as the load generator's.

// Only requests of shoppers, not those that waited for the shop.
const SHOPPERS = '{scenario:shoppers}';
const LIMITS = [
  [`http_req_duration${SHOPPERS}`, 'p(95)<2000', 'the 95th percentile of response times is not below 2 s'],
  [`http_req_failed${SHOPPERS}`, 'rate<0.001', 'the share of requests that failed is not below 0.1 %'],
  ['checks', 'rate==1', 'a check failed'],
];

export const thresholds = {
  [`http_reqs${SHOPPERS}`]: [], // makes k6 count them separately
  ...Object.fromEntries(LIMITS.map(([metric, limit]) => [metric, [limit]])),
};

// Converts the data that k6 passes to handleSummary. Units are in the names.
export function summary({ metrics, root_group: { checks }, state }) {
  const values = (metric) => (metrics[metric] ? metrics[metric].values : {});
  const durations = values(`http_req_duration${SHOPPERS}`);
  return {
    requests: values(`http_reqs${SHOPPERS}`).count || 0,
    failures: values(`http_req_failed${SHOPPERS}`).passes || 0,
    p50_ms: rounded(durations.med),
    p95_ms: rounded(durations['p(95)']),
    checks: values('checks').passes || 0,
    orders: values('orders').count || 0,
    seconds: rounded(state.testRunDurationMs / 1000),
    errors: Object.fromEntries(checks.filter(({ fails }) => fails).map(({ name, fails }) => [name, fails])),
    crossed: LIMITS.filter(([metric, limit]) => isCrossed(metrics[metric], limit)).map(([, , words]) => words),
  };
}

function isCrossed(metric, limit) {
  return metric !== undefined && !metric.thresholds[limit].ok;
}

function rounded(number) {
  return Math.round((number || 0) * 1000) / 1000;
}
