#!/usr/bin/env bash
# Reruns one committed trial, chosen by chance; opens an issue when it differs.
# Needs REPOSITORY (OWNER/NAME) and GITHUB_TOKEN.
set -euo pipefail
: "${REPOSITORY:?}"
address=$(npm run --silent submission -- pick)
if [ -z "$address" ]; then
  echo "No committed trial fits this runner."
  exit 0
fi
echo "$address"
comparison=$(mktemp)
# Exit code 1 says that it differs: that is for the issue to say. Anything else is a failure.
status=0
env -u GITHUB_TOKEN npm run --silent reproduce -- "$address" --json >"$comparison" || status=$?
[ "$status" -le 1 ] && [ -s "$comparison" ] || exit "$status"
npm run --silent submission -- weekly "$address" "$comparison" --repository "$REPOSITORY"
