"""Live order books: kept in step with a venue, and sampled into columns. Pure: no network, no clock.

A venue's messages become `events`, a `sequence` says which of them may be applied, the machine in
`sync` applies them to the `dense` book or throws it away, and `sampling` turns it into frames.
"""
