"""`gschedctl`: control from the shell. It knows the REST API, and nothing else of the scheduler."""
