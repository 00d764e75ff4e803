CREATE SCHEMA IF NOT EXISTS catalog;

CREATE TABLE IF NOT EXISTS catalog.products (
    id text PRIMARY KEY,
    position integer NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    picture text NOT NULL,
    -- The upper bound keeps out NaN, which Postgres holds to be greater than any number.
    price_usd numeric(12, 2) NOT NULL CHECK (price_usd BETWEEN 0 AND 1000000),
    categories text[] NOT NULL
);
