"""A folder for each kind of API: what reads its description, builds its requests, sends them."""
