CREATE TABLE parcels (
  number TEXT PRIMARY KEY, status TEXT NOT NULL, location TEXT NOT NULL, since TEXT NOT NULL,
  expected_delivery TEXT, to_city TEXT NOT NULL, to_postcode TEXT NOT NULL, weight_kg REAL NOT NULL
);
CREATE TABLE events (
  parcel TEXT NOT NULL REFERENCES parcels, at TEXT NOT NULL, place TEXT NOT NULL, what TEXT NOT NULL
);
CREATE TABLE labels (number INTEGER PRIMARY KEY, parcel TEXT NOT NULL REFERENCES parcels);
