"""Write what can be generated of the user's guide: panels, workspaces, keys, hand, settings.

``python packaging/guide.py`` writes docs/user-guide.md between its markers; with ``--check`` it
only tells, by its exit code, whether that would change anything.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "user-guide.md"
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from heatdesk.settings import Settings
    from heatdesk.workspaces.shipped import Shipped
    from ui.commands import Command
    from ui.panel import Panel

OF_THIS_MACHINE = ("window.on.", "window.go.", "panel.to.", "panel.show.")
"""Commands that name a monitor or a window: another computer has others."""
TITLES = {"view": "View", "performance": "Performance", "providers": "Providers"}


def settings_table(settings: Settings) -> str:
    """Return every setting below the defaults given, a table for each section."""
    from heatdesk.settings import walk

    parts: list[str] = []
    section = ""
    for path, value, item in sorted(walk(settings), key=lambda one: one[0][0] == "providers"):
        here = ".".join(path[:-1])
        if here != section:
            section = here
            parts += ["", f"**{_section_title(path[:-1])}** (`[{here}]`)", ""]
            parts += ["| setting | name in the file | values | default | meaning |"]
            parts += ["| --- | --- | --- | --- | --- |"]
        said = item.metadata
        parts.append(
            _row(
                said["label"],
                f"`{path[-1]}`",
                _values(item.metadata, value),
                f"`{_toml(value)}`",
                said["help"],
            )
        )
    return "\n".join(parts).strip()


def shortcuts_table(commands: Iterable[Command]) -> str:
    """Return the usual keys of all commands by group, then what has none."""
    groups: dict[str, list[Command]] = {}
    for command in commands:
        if command.listed and not command.id.startswith(OF_THIS_MACHINE):
            groups.setdefault(command.group, []).append(command)
    lines = ["| where | what | keys |", "| --- | --- | --- |"]
    for group, held in groups.items():
        for one in held:
            if one.keys:
                keys = " or ".join(f"`{key}`" for key in one.keys)
                lines.append(_row(group, one.title, keys))
    lines += ["", "Two keys with a comma between them are pressed one after the other."]
    keyless = {group: [one.title for one in held if not one.keys] for group, held in groups.items()}
    if any(keyless.values()):
        lines += ["", "Without a usual key, found by the palette and free to be given one:", ""]
        lines += [f"- {group}: {'; '.join(names)}." for group, names in keyless.items() if names]
    return "\n".join(lines)


def panels_table(kinds: Iterable[type[Panel]]) -> str:
    """Return every kind of panel with what it shows; each is a heading of the guide."""
    lines = ["| panel | what it shows |", "| --- | --- |"]
    for kind in kinds:
        said = (kind.__doc__ or "").strip().partition("\n\n")[0]
        anchor = kind.title.lower().replace(" ", "-")
        lines.append(_row(f"[{kind.title}](#{anchor})", " ".join(said.split())))
    return "\n".join(lines)


def workspaces_table(shipped: Iterable[Shipped], kinds: Iterable[type[Panel]]) -> str:
    """Return the workspaces that come along, with their keys and the rows of panels they show."""
    titles = {kind.panel_id: kind.title for kind in kinds}
    lines = ["| keys | workspace | panels, row by row |", "| --- | --- | --- |"]
    for number, one in enumerate(shipped, 1):
        kind_of = {record.id: record.kind for record in one.panels}
        rows = (
            ", ".join(titles[kind_of.get(name, name)] for cell in row.cells for name in cell.panels)
            for row in one.plan.rows
        )
        lines.append(_row(f"`Ctrl+{number}`", one.name, "; ".join(rows)))
    return "\n".join(lines)


def gestures_table(gestures: Iterable[tuple[str, str]]) -> str:
    """Return what the hand does over a chart."""
    return "\n".join(["| hand | what |", "| --- | --- |", *(_row(*one) for one in gestures)])


def put_between(text: str, name: str, content: str) -> str:
    """Replace what stands between the markers of a name.

    Raises
    ------
    ValueError
        When the text does not have both.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise ValueError(f"{begin} and {end} are not both there")
    return f"{before}{begin}\n\n{content}\n\n{end}{after}"


def desk_commands() -> Sequence[Command]:
    """Return every command of a desk as the program builds it, on no screen and in no home."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from ui.app.program import Program
    from ui.app.stage import open_application

    open_application()
    with tempfile.TemporaryDirectory() as home:
        program = Program(Path(home), {}, demo=True)
        try:
            commands = program.desk.commands.all()
            program.desk.close()
        finally:
            program.stop()  # gives the hook back that would keep an error to itself
    return commands


def generated() -> dict[str, str]:
    """Return each generated part by the name of its markers."""
    from heatdesk.settings import Settings
    from heatdesk.workspaces.shipped import SHIPPED

    commands = desk_commands()
    from ui.commands.cheat_sheet import GESTURES
    from ui.panels import PANELS

    return {
        "panels": panels_table(PANELS),
        "workspaces": workspaces_table(SHIPPED, PANELS),
        "settings": settings_table(Settings()),
        "shortcuts": shortcuts_table(commands),
        "gestures": gestures_table(GESTURES),
    }


def main(argv: Sequence[str]) -> int:
    """Write the guide, or check it; return the exit code."""
    text = wanted = GUIDE.read_text(encoding="utf-8")
    for name, content in generated().items():
        wanted = put_between(wanted, name, content)
    if wanted == text:
        return 0
    if "--check" in argv:
        print(f"{GUIDE.name} is not what the program says; run python packaging/guide.py")
        return 1
    GUIDE.write_text(wanted, encoding="utf-8", newline="\n")
    print(f"{GUIDE.name} is written")
    return 0


def _section_title(section: tuple[str, ...]) -> str:
    if section[0] != "providers":
        return TITLES[section[0]]
    from heatdesk.providers import PROVIDERS

    titles = {cls.spec.id: cls.spec.title for cls in PROVIDERS}
    return titles[section[1].replace("_", "-")]


def _values(said: dict[str, object], value: object) -> str:
    choices, titles = said["choices"], said["titles"]
    unit = f" {said['unit']}" if said["unit"] else ""
    if choices:
        pairs = zip(choices, titles, strict=True)  # type: ignore[call-overload]
        return ", ".join(f"`{c}`" if c == t else f"`{c}` ({t})" for c, t in pairs)
    if isinstance(value, bool):
        return "`true`, `false`"
    if said["range"]:
        least, most = said["range"]  # type: ignore[misc]
        return f"{least:,} to {most:,}{unit}"
    return f"text{unit}"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
