"""What there is: clusters, nodes, jobs, leases, and what holds them."""
