"""The commands, a module each. `catalogue` lists them."""
