"""Pure geometry and words: a window of the store becomes something drawable.

Imports the store, analytics and what lies below, never Qt. To add one: a module named after what
it lays out, with functions that a test can compare exactly.
"""
