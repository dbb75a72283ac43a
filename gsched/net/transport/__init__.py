"""Sockets and greenlets: bytes in and out, with limits; knows neither jobs nor messages."""
