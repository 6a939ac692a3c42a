"""The only door to the internet: one JSON client, and the budgets it must keep."""
