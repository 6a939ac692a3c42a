"""Data to files: the command line, one-shot requests with retries, CSV and NPZ.

Imports the engine's wiring, analytics and what lies below; never Qt. A new kind of export is a
sub-command in `arguments` and a writer in `tables`.
"""
