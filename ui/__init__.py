"""Everything Qt: the desk's windows, panels and the one bridge to the feed thread."""
