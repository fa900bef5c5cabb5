#!/usr/bin/env bash
# Reruns one committed trial, chosen by chance; opens an issue when it differs.
# Later commits may round otherwise: where it differs it is rerun by the code that recorded it, and that counts.
# Needs REPOSITORY (OWNER/NAME), GITHUB_TOKEN and the whole history.
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
if [ "$status" -eq 1 ]; then
  recorded='JSON.parse(require("fs").readFileSync(process.argv[1])).environment?.find(({ what }) => what === "commit").recorded'
  commit=$(node -p "$recorded" "$comparison")
  # A result may name any commit; only one that was reviewed is run.
  if [[ "$commit" =~ ^[0-9a-f]{40}$ ]] && git merge-base --is-ancestor "$commit" HEAD~1; then
    echo "It differs here; once more at $commit."
    there=$(mktemp -d)
    git worktree add --quiet --detach "$there" "$commit"
    address_there="$PWD/$address"
    again=$(mktemp)
    status=0
    (
      cd "$there"
      unset GITHUB_TOKEN
      npm ci --no-audit --no-fund >&2
      npm run --silent reproduce -- "$address_there" --json
    ) >"$again" || status=$?
    [ "$status" -le 1 ] && [ -s "$again" ] && comparison=$again
  fi
fi
npm run --silent submission -- weekly "$address" "$comparison" --repository "$REPOSITORY"
