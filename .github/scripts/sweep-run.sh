#!/usr/bin/env bash
# Runs one shard, once more if it failed: what is finished is not run again.
# Needs STUDY, TIER, SHARD, DEVICE and OUT (a folder that gets the new result files).
set -euo pipefail
[[ "${STUDY:?}" =~ ^[a-z0-9-]+$ && "${TIER:?}" =~ ^(mini|paper)$ ]] || { echo "no study or tier" >&2; exit 2; }
[[ "${SHARD:?}" =~ ^[0-9]+/[0-9]+$ ]] || { echo "SHARD is PART/PARTS" >&2; exit 2; }
[[ "${DEVICE:?}" =~ ^(cpu|cuda|webgpu)$ ]] || { echo "DEVICE is cpu, cuda or webgpu" >&2; exit 2; }
run() {
  npm run --silent bench -- --study "$STUDY" --tier "$TIER" --shard "$SHARD" --device "$DEVICE"
}
status=0
run || run || status=$?
mkdir -p "${OUT:?}"
git ls-files --modified --others --exclude-standard -z -- results |
  while IFS= read -r -d '' file; do
    target="$OUT/${file#results/}"
    mkdir -p "$(dirname "$target")"
    cp "$file" "$target"
  done
exit "$status"
