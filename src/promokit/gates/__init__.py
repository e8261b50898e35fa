"""Gates: each one small file, facts in, an answer out. Pure."""
