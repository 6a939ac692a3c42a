"""The Qt-free core of HeatDesk: providers, engine, store, views, export."""

__version__ = "0.1.0"
