"""Pure calculations on frames: no clock, no network, no widgets.

Imports frames and what lies below. To add one: a module that is a noun, a function that starts
with ``compute_`` or says what it gives, and a test against a case worked by hand.
"""
