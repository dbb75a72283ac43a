"""Each defence, and what gsched would be like without it: `make mutants` (see __main__.py)."""
