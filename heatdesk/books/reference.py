"""The same book in the plainest form, for tests to hold the fast one to."""

from __future__ import annotations
