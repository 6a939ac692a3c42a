"""Watching alerts: reading the store for them, sounds, and notifications of the desktop."""
