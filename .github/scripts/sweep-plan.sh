#!/usr/bin/env bash
# Says what a sweep runs: study, tier and matrix to GITHUB_OUTPUT.
# Needs STUDY, TIER and SHARDS, or LABEL (`sweep: STUDY` or `sweep: STUDY TIER`) instead of them.
set -euo pipefail
if [ -n "${LABEL:-}" ]; then
  [[ "$LABEL" =~ ^sweep:\ ([a-z0-9-]+)(\ (mini|paper))?$ ]] || { echo "The label asks for no sweep." >&2; exit 2; }
  STUDY=${BASH_REMATCH[1]}
  TIER=${BASH_REMATCH[3]:-mini}
fi
[[ "${STUDY:?}" =~ ^[a-z0-9-]+$ ]] || { echo "STUDY is no study" >&2; exit 2; }
[[ "${TIER:?}" =~ ^(mini|paper)$ ]] || { echo "TIER is mini or paper" >&2; exit 2; }
[[ "${SHARDS:=16}" =~ ^[1-9][0-9]{0,2}$ ]] || { echo "SHARDS is 1 to 256" >&2; exit 2; }
matrix=$(npm run --silent plan -- --study "$STUDY" --tier "$TIER" --launch github --shards "$SHARDS")
{
  echo "study=$STUDY"
  echo "tier=$TIER"
  echo "matrix=$matrix"
} >>"${GITHUB_OUTPUT:?}"
