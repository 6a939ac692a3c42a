#!/usr/bin/env bash
# Installs a HeatDesk package into a bare Debian, starts it there, and removes it again.
#
#   sudo packaging/try_deb.sh dist/heatdesk_0.1.0_amd64.deb [SUITE] [FOLDER]
#
# SUITE is bookworm (the oldest supported) unless given; FOLDER keeps the Debian, a new one is made by
# debootstrap where there is none. Needs root, debootstrap and a mirror. With DISPLAY set to an X
# server of this machine the windows are opened there too. What is proven: the package's Depends are
# all it needs (nothing else is installed, no recommended packages either), the self-test passes for
# an ordinary user, and removing leaves no file behind.
set -euo pipefail

DEB=$(readlink -f "${1:?usage: try_deb.sh PACKAGE.deb [SUITE] [FOLDER]}")
SUITE=${2:-bookworm}
ROOT=${3:-$(mktemp -d)/$SUITE}
MIRROR=${MIRROR:-http://deb.debian.org/debian}

say() { printf '\ntry_deb: %s\n' "$*"; }
fail() { say "FAILED: $*"; exit 1; }

if [ ! -x "$ROOT/usr/bin/apt-get" ]; then
  say "a bare $SUITE in $ROOT"
  debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$ROOT" "$MIRROR"
fi
# How this machine reaches the mirror (name servers, a proxy, its authority) holds in there too.
cp -L /etc/resolv.conf /etc/hosts "$ROOT/etc/"
cp -L /etc/ssl/certs/ca-certificates.crt "$ROOT/etc/ssl/certs/"
for file in /etc/apt/apt.conf.d/*; do
  [ -e "$ROOT$file" ] || cp -L "$file" "$ROOT$file"
done

cleanup() {
  for place in dev/shm dev/pts dev proc; do
    mountpoint -q "$ROOT/$place" && umount -l "$ROOT/$place" || true
  done
}
trap cleanup EXIT
mountpoint -q "$ROOT/proc" || mount -t proc proc "$ROOT/proc"
mountpoint -q "$ROOT/dev" || mount --bind /dev "$ROOT/dev"
mountpoint -q "$ROOT/dev/pts" || mount -t devpts devpts "$ROOT/dev/pts"
mountpoint -q "$ROOT/dev/shm" || mount -t tmpfs tmpfs "$ROOT/dev/shm"

inside() {
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    chroot "$ROOT" "$@"
}
as_user() {
  env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME=/home/trader "$@"
}
files() {
  # Everything but what apt and dpkg keep for themselves.
  (cd "$ROOT" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./var/lib/dpkg \
    -o -path ./var/lib/apt -o -path ./var/cache -o -path ./var/log -o -path ./root \
    -o -path ./home -o -path ./tmp \) -prune -o -print | sort)
}

# Bare again, where an earlier run left what the package depends on.
inside apt-get -qq -y purge heatdesk >/dev/null 2>&1 || true
inside apt-get -qq -y autoremove --purge >/dev/null
say "bare: $(inside dpkg-query -W -f 'x' | wc -c) packages"
inside apt-get -qq update
inside id trader >/dev/null 2>&1 || inside useradd --create-home trader
cp "$DEB" "$ROOT/tmp/heatdesk.deb"

say "what it depends on"
inside dpkg-deb --field /tmp/heatdesk.deb Depends
# What it depends on comes first, so that removing can be compared file by file.
inside apt-get -qq -y --no-install-recommends install /tmp/heatdesk.deb
inside dpkg --purge heatdesk >/dev/null
files >"$ROOT/tmp/before"
say "install"
inside apt-get -qq -y --no-install-recommends install /tmp/heatdesk.deb
inside dpkg --status heatdesk | grep -q '^Status: install ok installed' || fail "not installed"
say "packages in this Debian: $(inside dpkg-query -W -f 'x' | wc -c)"

say "self-test, without a display"
as_user /usr/sbin/chroot --userspec=trader:trader "$ROOT" heatdesk --selftest || fail "the self-test"
say "the demo desk as a picture"
as_user /usr/sbin/chroot --userspec=trader:trader "$ROOT" heatdesk snapshot --demo --out /tmp/demo.png || fail "the picture"
[ "$(stat -c %s "$ROOT/tmp/demo.png")" -gt 50000 ] || fail "the picture is empty"
say "a command without windows"
as_user /usr/sbin/chroot --userspec=trader:trader "$ROOT" heatdesk export --help | head -2
if [ -n "${DISPLAY:-}" ]; then
  say "self-test on the display $DISPLAY"
  as_user DISPLAY="$DISPLAY" QT_QPA_PLATFORM=xcb \
    /usr/sbin/chroot --userspec=trader:trader "$ROOT" heatdesk --selftest || fail "the self-test on a display"
  say "the demo desk, for ten seconds"
  code=0
  as_user DISPLAY="$DISPLAY" HEATDESK_HOME=/tmp/desk \
    timeout 10 /usr/sbin/chroot --userspec=trader:trader "$ROOT" heatdesk --demo || code=$?
  # It ends by the signal (0: it closed on it) and not before.
  [ "$code" = 124 ] || [ "$code" = 0 ] || fail "the desk ended with $code"
fi
for file in usr/bin/heatdesk usr/share/applications/org.heatdesk.HeatDesk.desktop \
  usr/share/icons/hicolor/48x48/apps/heatdesk.png usr/share/doc/heatdesk/copyright; do
  [ -e "$ROOT/$file" ] || [ -L "$ROOT/$file" ] || fail "$file is missing"
done

say "remove"
inside apt-get -qq -y purge heatdesk
files >"$ROOT/tmp/after"
diff "$ROOT/tmp/before" "$ROOT/tmp/after" || fail "removing left or took files"
inside apt-get -qq -y autoremove --purge >/dev/null
say "passed: installs, starts and removes cleanly in a bare $SUITE"
