#!/usr/bin/env bash
# Brings a pull request's commit into the object store; nothing of it is checked out.
# Needs NUMBER (of the pull request) and HEAD_SHA (its commit, as the event says).
set -euo pipefail
[[ "${NUMBER:?}" =~ ^[0-9]+$ ]] || { echo "NUMBER is no number" >&2; exit 2; }
[[ "${HEAD_SHA:?}" =~ ^[0-9a-f]{40}$ ]] || { echo "HEAD_SHA is no commit" >&2; exit 2; }
git fetch --no-tags --no-recurse-submodules origin "+refs/pull/$NUMBER/head:refs/submission/head"
fetched=$(git rev-parse refs/submission/head)
if [ "$fetched" != "$HEAD_SHA" ]; then
  echo "The pull request has moved on to $fetched: its own run checks that." >&2
  exit 1
fi
