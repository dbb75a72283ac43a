"""Greenlets and sockets: carries out effects, turns messages into events."""
