#!/usr/bin/env bash
# Checks the fetched pull request and writes the report; exit code 1 when it is refused.
# Needs BASE_SHA, HEAD_SHA, REPOSITORY_URL and OUT (a folder).
set -euo pipefail
: "${BASE_SHA:?}" "${HEAD_SHA:?}" "${REPOSITORY_URL:?}" "${OUT:?}"
mkdir -p "$OUT"
# Lines of the log that begin with :: are commands to the runner: none of what follows is one.
token="end-$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')"
echo "::stop-commands::$token"
status=0
npm run --silent submission -- check --base "$BASE_SHA" --head "$HEAD_SHA" \
  --repository "$REPOSITORY_URL" --out "$OUT/report.json" --site "$OUT/site" || status=$?
echo "::$token::"
if [ ! -s "$OUT/report.json" ]; then
  echo "No report was written (exit code $status)." >&2
  exit 2
fi
exit "$status"
