#!/usr/bin/env bash
# Installs a HeatDesk package into a bare Debian, starts it there, and removes it again.
#
#   sudo packaging/try_deb.sh dist/heatdesk_0.1.0_amd64.deb [SUITE] [FOLDER]
#
# SUITE is bookworm (the oldest supported) unless given; FOLDER keeps the Debian, a new one is made by
# debootstrap where there is none. Needs root, debootstrap and a mirror. With DISPLAY set to an X
# server of this machine (without access control) the windows are opened there too; PICTURE=desk.png
# keeps what was seen. What is proven: the package's Depends are all it needs (nothing else is
# installed, no recommended packages either) and each of them is used, the self-test passes for an
# ordinary user and fails without a plugin, removing leaves nothing but what that user stored.
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
for file in $(grep -lis acquire /etc/apt/apt.conf.d/* || true); do
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
apt() {
  inside apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends "$@" 2>&1 >/dev/null |
    { grep -v '^debconf:' || true; }
}
# Starts the installed program as an ordinary user; VARIABLE=VALUE may come first.
settings=()
heatdesk() {
  env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME=/home/trader "${settings[@]}" \
    /usr/sbin/chroot --userspec=trader:trader "$ROOT" heatdesk "$@"
}
files() {
  # Everything but what apt and dpkg keep for themselves and what the user stored.
  (cd "$ROOT" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./var/lib/dpkg \
    -o -path ./var/lib/apt -o -path ./var/cache/apt -o -path ./var/cache/debconf -o -path ./var/log \
    -o -path ./home/trader -o -path ./tmp/try \) -prune -o -print | sort)
}
# The packages it depends on, one a line; of a choice the one that is here.
depends() {
  inside dpkg-deb --field /tmp/try/heatdesk.deb Depends | tr ',' '\n' | sed 's/([^)]*)//g' |
    while read -r choice; do
      for one in ${choice//|/ }; do
        if inside dpkg-query -W -f '${db:Status-Status}' "$one" 2>/dev/null | grep -qx installed; then
          echo "$one"
          break
        fi
      done
    done
}
# Without any font the self-test has to fail; others may have brought some as well.
fails_without_fonts() {
  local code=0
  mv "$ROOT/usr/share/fonts" "$ROOT/tmp/try/fonts"
  heatdesk --selftest >"$ROOT/tmp/try/without" 2>&1 || code=$?
  mv "$ROOT/tmp/try/fonts" "$ROOT/usr/share/fonts"
  grep '^FAIL  fonts' "$ROOT/tmp/try/without" && [ "$code" != 0 ]
}

# Bare again, where an earlier run left what the package depends on.
apt purge heatdesk || true
apt autoremove --purge
say "bare: $(inside dpkg-query -W -f 'x' | wc -c) packages"
inside apt-get -qq update
rm -rf "$ROOT/home/trader" "$ROOT/tmp/try"
inside id trader >/dev/null 2>&1 || inside useradd trader
install -d -o "$(inside id -u trader)" -g "$(inside id -g trader)" "$ROOT/home/trader" "$ROOT/tmp/try"
cp "$DEB" "$ROOT/tmp/try/heatdesk.deb"

say "what it depends on"
inside dpkg-deb --field /tmp/try/heatdesk.deb Depends
# What it depends on comes first, so that removing can be compared file by file.
apt install /tmp/try/heatdesk.deb
inside dpkg --purge heatdesk >/dev/null
files >"$ROOT/tmp/try/before"
say "install"
inside dpkg --install /tmp/try/heatdesk.deb
inside dpkg --status heatdesk | grep -q '^Status: install ok installed' || fail "not installed"
say "packages in this Debian: $(inside dpkg-query -W -f 'x' | wc -c)"
for file in usr/bin/heatdesk usr/share/applications/org.heatdesk.HeatDesk.desktop \
  usr/share/icons/hicolor/48x48/apps/heatdesk.png usr/share/doc/heatdesk/copyright \
  opt/heatdesk/licenses/INDEX.txt; do
  [ -e "$ROOT/$file" ] || [ -L "$ROOT/$file" ] || fail "$file is missing"
done

say "every library is found"
inside find /opt/heatdesk -type f \( -name HeatDesk -o -name '*.so*' \) >"$ROOT/tmp/try/programs"
inside xargs -a /tmp/try/programs env LD_LIBRARY_PATH=/opt/heatdesk/_internal ldd \
  >"$ROOT/tmp/try/links" 2>/dev/null || true
! grep 'not found' "$ROOT/tmp/try/links" || fail "libraries are missing"
# /lib is /usr/lib; packages name either.
sed -nE 's#.*=> (/usr)?(/[^ ]+).*#\2#p; s#^\s(/usr)?(/[^ ]*ld-linux[^ ]*).*#\2#p' "$ROOT/tmp/try/links" |
  sort -u >"$ROOT/tmp/try/used"
echo "$(wc -l <"$ROOT/tmp/try/programs") files link to $(grep -vc '^/opt' "$ROOT/tmp/try/used") of the system"
say "every package it depends on is used"
for package in $(depends); do
  if ! inside dpkg-query -L "$package" | sed 's#^/usr##' | grep -Fxf "$ROOT/tmp/try/used" >/dev/null; then
    case $package in
      fonts-*) echo "$package brings fonts; without any:" && fails_without_fonts || fail "fonts are not needed" ;;
      *) fail "$package is not needed" ;;
    esac
  fi
done

say "self-test, without a display"
heatdesk --selftest || fail "the self-test"
say "self-test without a plugin: has to fail"
plugin=$ROOT/opt/heatdesk/_internal/PySide6/Qt/plugins/imageformats/libqsvg.so
mv "$plugin" "$ROOT/tmp/try/plugin"
code=0
heatdesk --selftest >"$ROOT/tmp/try/without" 2>&1 || code=$?
mv "$ROOT/tmp/try/plugin" "$plugin"
grep '^FAIL' "$ROOT/tmp/try/without" || fail "a missing plugin is not told"
[ "$code" != 0 ] || fail "a missing plugin ends with 0"
say "the demo desk as a picture"
heatdesk snapshot --demo --out /tmp/try/demo.png || fail "the picture"
[ "$(stat -c %s "$ROOT/tmp/try/demo.png")" -gt 50000 ] || fail "the picture is empty"
say "a command without windows"
heatdesk export --help | head -2
if [ -n "${DISPLAY:-}" ]; then
  settings=("DISPLAY=$DISPLAY" QT_QPA_PLATFORM=xcb)
  say "self-test on the display $DISPLAY"
  heatdesk --selftest || fail "the self-test on a display"
  say "the demo desk on the display"
  timeout 120 env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME=/home/trader "${settings[@]}" \
    /usr/sbin/chroot --userspec=trader:trader "$ROOT" heatdesk --demo &
  desk=$!
  window=
  if command -v xdotool >/dev/null; then
    window=$(timeout 90 xdotool search --sync --onlyvisible --class heatdesk | head -1) || true
    [ -n "$window" ] || fail "no window opened"
    xdotool getwindowname "$window"
  fi
  sleep 10
  [ -z "${PICTURE:-}" ] || import -window "${window:-root}" "$PICTURE"
  kill "$desk" || fail "the desk ended by itself"
  code=0
  wait "$desk" || code=$?
  # It ends by the signal (0: it closed on it).
  [ "$code" = 143 ] || [ "$code" = 124 ] || [ "$code" = 0 ] || fail "the desk ended with $code"
fi

say "remove"
inside dpkg --remove heatdesk
inside dpkg --purge heatdesk 2>/dev/null || true
inside dpkg-query -W heatdesk >/dev/null 2>&1 && fail "the package is still known"
files >"$ROOT/tmp/try/after"
diff "$ROOT/tmp/try/before" "$ROOT/tmp/try/after" || fail "removing left or took files"
say "left, of the user's own:"
(cd "$ROOT/home/trader" && find . -mindepth 1 -maxdepth 4 -not -path './.cache/*/*' | sort)
apt autoremove --purge
say "passed: installs, starts and removes cleanly in a bare $SUITE"
