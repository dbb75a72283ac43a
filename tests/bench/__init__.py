"""Load with fake nodes and fake clients, for gsched and dispyscheduler side by side."""
