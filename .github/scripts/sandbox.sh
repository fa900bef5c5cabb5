#!/usr/bin/env bash
# Installs bubblewrap on a Debian or Ubuntu runner and makes sure that it works: no sandbox, no run.
set -euo pipefail
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
if ! command -v bwrap >/dev/null; then
  as_root apt-get update -qq
  as_root apt-get install -y -qq --no-install-recommends bubblewrap >/dev/null
fi
# Ubuntu 24.04 lets no ordinary user make a user namespace unless this is off.
setting=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
if [ -e "$setting" ] && [ "$(cat "$setting")" != 0 ]; then
  echo 0 | as_root tee "$setting" >/dev/null
fi
bwrap --ro-bind / / --unshare-all --unshare-user --disable-userns --dev /dev --proc /proc true
echo "$(bwrap --version) works"
