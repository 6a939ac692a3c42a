"""What runs providers: wanted subscriptions become tasks, their frames go to the store."""

from heatdesk.engine.engine import BuildProvider, Engine

__all__ = ["BuildProvider", "Engine"]
