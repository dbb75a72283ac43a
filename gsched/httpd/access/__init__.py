"""Who may do what: accounts, sessions, roles, and which requests are let in at all."""
