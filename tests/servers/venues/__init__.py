"""Venues on 127.0.0.1 that speak each exchange's own REST and WebSocket contract."""
