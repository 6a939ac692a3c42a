"""Everything the desk can do, by name: commands, their keys, the palette, the cheat sheet."""

from __future__ import annotations

from ui.commands.command import Command, Scope, done_to
from ui.commands.table import CommandTable

__all__ = ["Command", "CommandTable", "Scope", "done_to"]
