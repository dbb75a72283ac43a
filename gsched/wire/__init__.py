"""Bytes to records and back: no sockets, no scheduling."""
