"""Named workspaces: what they hold, their files, and the ones that HeatDesk brings along."""
