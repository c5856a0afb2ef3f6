CREATE TABLE customers (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE COLLATE NOCASE
);
CREATE TABLE tickets (
  number INTEGER PRIMARY KEY, customer INTEGER NOT NULL REFERENCES customers, subject TEXT NOT NULL,
  text TEXT NOT NULL, status TEXT NOT NULL, priority TEXT NOT NULL, order_id TEXT,
  created_at TEXT NOT NULL, closed_at TEXT
);
CREATE TABLE replies (
  number INTEGER PRIMARY KEY, ticket INTEGER NOT NULL REFERENCES tickets, author TEXT NOT NULL,
  text TEXT NOT NULL, internal INTEGER NOT NULL, created_at TEXT NOT NULL
);
