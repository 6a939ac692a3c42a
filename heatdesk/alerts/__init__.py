"""Alerts without Qt: what is watched, when it counts, what is remembered of it."""
