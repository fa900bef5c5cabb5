#!/usr/bin/env bash
# Merges what the shards brought back, and opens a pull request with it.
# Needs FROM (a folder of shards), STUDY, TIER, RUN_URL, RUN_ID and GH_TOKEN.
set -euo pipefail
[[ "${STUDY:?}" =~ ^[a-z0-9-]+$ && "${TIER:?}" =~ ^(mini|paper)$ ]] || { echo "no study or tier" >&2; exit 2; }
[[ "${RUN_ID:?}" =~ ^[0-9]+$ ]] || { echo "RUN_ID is no number" >&2; exit 2; }
shopt -s nullglob
shards=("${FROM:?}"/*/)
[ ${#shards[@]} -gt 0 ] || { echo "No shard brought anything back." >&2; exit 1; }
npm run --silent collect -- "${shards[@]}"
npm run --silent validate
branch="sweep/$STUDY-$TIER-$RUN_ID"
git switch --quiet --create "$branch"
git add results
if git diff --cached --quiet; then
  echo "Nothing new."
  exit 0
fi
git -c user.name="github-actions[bot]" -c user.email="41898282+github-actions[bot]@users.noreply.github.com" \
  commit --quiet --message "Results of $STUDY, tier $TIER" --message "${RUN_URL:?}"
gh auth setup-git
git push --quiet origin "$branch"
gh pr create --head "$branch" --title "Results of $STUDY, tier $TIER" \
  --body "Made by $RUN_URL, with an attestation for every file: \`gh attestation verify FILE --repo OWNER/NAME\`."
