"""dragoman.yaml: typed settings, and the file and line of every key."""
