"""Two real client programs that compete for one real node, to be watched."""
