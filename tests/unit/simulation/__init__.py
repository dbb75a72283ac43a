"""Tests of gsched simulate."""
