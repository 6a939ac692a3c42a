"""Who tells us: one file per provider, one line in `PROVIDERS`.

Imports frames, net, settings and what lies below; never the store, the engine or Qt.
To add a provider: a module with a `Provider` subclass and pure ``parse_`` functions beside it,
one line in the tuple, example payloads under ``tests/``.
"""
