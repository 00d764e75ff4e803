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

-- Also upgrades a table of before there were ratings. The defaults are for the former version of the service, and for
-- its migration, which know nothing of them.
ALTER TABLE catalog.products
    ADD COLUMN IF NOT EXISTS rating numeric(2, 1) NOT NULL DEFAULT 0 CHECK (rating = 0 OR rating BETWEEN 1 AND 5),
    ADD COLUMN IF NOT EXISTS reviews integer NOT NULL DEFAULT 0
        CHECK (reviews >= 0 AND (reviews = 0) = (rating = 0));
