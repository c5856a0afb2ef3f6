"""What Dragoman makes of a description, and how to better it."""
