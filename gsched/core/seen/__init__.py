"""The state as people see it: as plain values, with reasons; it changes nothing."""
