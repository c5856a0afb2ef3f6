-- Amounts are in cents; days and times are text of ISO 8601.
CREATE TABLE customers (
  customer_id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE COLLATE NOCASE,
  city TEXT NOT NULL, postcode TEXT NOT NULL
);
CREATE TABLE products (
  sku TEXT PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL, price INTEGER NOT NULL,
  on_hand INTEGER NOT NULL CHECK (on_hand >= 0), about TEXT NOT NULL
);
CREATE TABLE orders (
  number INTEGER PRIMARY KEY, customer_id TEXT NOT NULL, status TEXT NOT NULL,
  order_date TEXT NOT NULL, shipping_cost INTEGER NOT NULL, carrier TEXT, tracking_number TEXT,
  shipped_date TEXT, estimated_delivery_date TEXT, delivered_date TEXT
);
CREATE TABLE order_lines (
  number INTEGER NOT NULL REFERENCES orders, sku TEXT NOT NULL REFERENCES products,
  quantity INTEGER NOT NULL, unit_price INTEGER NOT NULL, PRIMARY KEY (number, sku)
);
CREATE TABLE payments (
  number INTEGER PRIMARY KEY, order_number INTEGER NOT NULL REFERENCES orders,
  status TEXT NOT NULL, method TEXT NOT NULL, amount INTEGER NOT NULL,
  captured INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE refunds (
  number INTEGER PRIMARY KEY, payment_number INTEGER NOT NULL REFERENCES payments,
  order_number INTEGER NOT NULL REFERENCES orders, part TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0), reason TEXT NOT NULL, refund_date TEXT NOT NULL
);
CREATE TABLE carts (
  number INTEGER PRIMARY KEY, customer_id TEXT NOT NULL, status TEXT NOT NULL DEFAULT 'open'
);
CREATE TABLE cart_lines (
  number INTEGER NOT NULL REFERENCES carts, sku TEXT NOT NULL REFERENCES products,
  quantity INTEGER NOT NULL, PRIMARY KEY (number, sku)
);
CREATE TABLE reservations (
  number INTEGER PRIMARY KEY, client TEXT NOT NULL, sku TEXT NOT NULL REFERENCES products,
  quantity INTEGER NOT NULL, status TEXT NOT NULL DEFAULT 'active', expires_at TEXT NOT NULL
);
CREATE TABLE first_answers (
  client TEXT NOT NULL, idempotency_key TEXT NOT NULL, request TEXT NOT NULL,
  status INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (client, idempotency_key)
);
