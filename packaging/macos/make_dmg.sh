#!/bin/bash
# Signs HeatDesk.app and packs it as a disk image: make_dmg.sh HeatDesk.app TARGET.dmg
#
# Without CODESIGN_IDENTITY the app is signed ad hoc: it then starts after "Open Anyway" in System
# Settings > Privacy & Security. With an identity (Developer ID Application) it is signed with the
# hardened runtime, and with NOTARY_PROFILE (kept by `xcrun notarytool store-credentials`) notarised.
set -euo pipefail
APP=$1 TARGET=$2
HERE=$(cd "$(dirname "$0")" && pwd)
IDENTITY=${CODESIGN_IDENTITY:--}

OPTIONS=(--force --sign "$IDENTITY" --entitlements "$HERE/entitlements.plist")
[ "$IDENTITY" = "-" ] || OPTIONS+=(--options runtime --timestamp)
# From the inside out: a signature covers what lies below it.
find "$APP/Contents" -type f \( -name '*.dylib' -o -name '*.so' \) -print0 |
  xargs -0 -n 20 codesign "${OPTIONS[@]}"
find "$APP/Contents/Frameworks" -type d -name '*.framework' -prune -print0 |
  xargs -0 -n 1 codesign "${OPTIONS[@]}"
codesign "${OPTIONS[@]}" "$APP"
codesign --verify --deep --strict "$APP"

STAGE=$(mktemp -d)
trap 'rm -rf "$STAGE"' EXIT
cp -R "$APP" "$STAGE/"
ln -s /Applications "$STAGE/Applications"
rm -f "$TARGET"
hdiutil create -volname HeatDesk -srcfolder "$STAGE" -fs HFS+ -format UDZO -ov "$TARGET"
if [ "$IDENTITY" != "-" ]; then
  codesign --sign "$IDENTITY" --timestamp "$TARGET"
  if [ -n "${NOTARY_PROFILE:-}" ]; then
    xcrun notarytool submit "$TARGET" --keychain-profile "$NOTARY_PROFILE" --wait
    xcrun stapler staple "$TARGET"
  fi
fi
