"""Settings: forms generated from the settings' own descriptions, and the keys page."""
