"""What clients ask, bring and are told."""
