"""What all live feeds of exchanges share: one provider class, its connections and its books.

A venue is one file beside this package: a `VenueRules` (pure: what it writes and how it numbers)
and a `LiveProvider` with its spec.
"""
