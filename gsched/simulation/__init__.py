"""`gsched simulate`: the scheduler's own core at work on a virtual clock."""
