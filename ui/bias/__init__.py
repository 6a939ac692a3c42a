"""The cohort matrix: coins by class of traders, and its key."""
