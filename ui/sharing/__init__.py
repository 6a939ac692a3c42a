"""Pictures of panels and of the desk, and tables as text: what leaves the desk by hand."""
