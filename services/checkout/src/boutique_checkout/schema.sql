CREATE SCHEMA IF NOT EXISTS orders;

CREATE TABLE IF NOT EXISTS orders.orders (
    id uuid PRIMARY KEY,
    idempotency_key text UNIQUE,
    fingerprint bytea NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'charged', 'placed', 'refunding', 'refunded')),
    user_id text NOT NULL,
    email text NOT NULL,
    street_address text NOT NULL,
    city text NOT NULL,
    state text NOT NULL,
    country text NOT NULL,
    zip_code integer NOT NULL,
    currency_code text NOT NULL,
    shipping_cost numeric(28, 9) NOT NULL,
    total numeric(28, 9) NOT NULL,
    transaction_id text NOT NULL DEFAULT '',
    tracking_id text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((status = 'refunded') = (idempotency_key IS NULL))
);

-- Also upgrades a table without postal codes. The default is for the old version of the service.
ALTER TABLE orders.orders ADD COLUMN IF NOT EXISTS postal_code text NOT NULL DEFAULT '';

CREATE TABLE IF NOT EXISTS orders.items (
    order_id uuid REFERENCES orders.orders ON DELETE CASCADE,
    position integer,
    product_id text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    price numeric(28, 9) NOT NULL,
    PRIMARY KEY (order_id, position)
);

CREATE INDEX IF NOT EXISTS orders_idempotency_key_idx ON orders.orders (idempotency_key) WHERE status = 'refunding';
