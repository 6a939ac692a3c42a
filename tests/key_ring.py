"""A Secret Service of its own for a test: on a private bus, and open, locked or absent."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.processes import stop, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PASSWORD = b"correct horse"

# No service files are read: nothing starts by itself, so an absent key ring stays absent and a
# locked one cannot open a password dialog that nobody answers.
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class KeyRing:
    """A private D-Bus and, on it, a Secret Service that can be locked or taken away.

    ``env`` holds the environment of a program that is to use it.
    """

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._folder = folder
        self._daemon: subprocess.Popen[bytes] | None = None
        path, config = folder / "bus", folder / "bus.xml"
        config.write_text(BUS_CONFIG.format(socket=path), encoding="utf-8")
        (folder / "data" / "keyrings").mkdir(parents=True)
        self.env = {
            **env,
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={path}",
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_RUNTIME_DIR": str(folder),
        }
        self.env.pop("PYTHON_KEYRING_BACKEND", None)  # here the real one is meant
        with (folder / "bus.log").open("wb") as log:
            self._bus = subprocess.Popen(
                ["dbus-daemon", "--nofork", "--config-file", str(config)], stdout=log, stderr=log
            )
        wait_until(path.exists, "the message bus")

    def unlock(self) -> None:
        """Run the service with its key ring open; the keys stored so far are kept."""
        self._start(["--unlock"], PASSWORD)

    def lock(self) -> None:
        """Run the service with its key ring closed; nobody is there to type the password."""
        self._start([], b"")

    def take_away(self) -> None:
        """Leave the bus without a Secret Service."""
        if self._daemon is not None:
            stop(self._daemon)
            self._daemon = None

    def close(self) -> None:
        """Stop the service and the bus."""
        self.take_away()
        stop(self._bus)

    def _start(self, options: list[str], password: bytes) -> None:
        self.take_away()
        with (self._folder / "keyring.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                ["gnome-keyring-daemon", "--foreground", "--components=secrets", *options],
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        if self._daemon.stdin is not None:
            with self._daemon.stdin as stdin:
                stdin.write(password)
        wait_until(self._is_on_the_bus, "the key ring")

    def _is_on_the_bus(self) -> bool:
        from jeepney import message_bus
        from jeepney.io.blocking import Proxy, open_dbus_connection

        try:
            connection = open_dbus_connection(self.env["DBUS_SESSION_BUS_ADDRESS"])
        except ConnectionRefusedError:  # its socket is there, and nobody listens yet
            return False
        with connection:
            return bool(Proxy(message_bus, connection).NameHasOwner("org.freedesktop.secrets")[0])
