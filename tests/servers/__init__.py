"""Servers on 127.0.0.1 that speak the documented contracts of the data providers."""
