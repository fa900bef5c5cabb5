#!/bin/sh
# Regenerates every JSON file here: sh generate.sh PYTHON [generator ...]
set -eu
cd "$(dirname "$0")"
python=${1:-python3}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- model_data sgd nesterov adam adamw kfac foof shampoo psgd kbfgs seng muon lion \
  lamb lars sophia schedule-free soap ekfac splus sngm
for generator in "$@"; do
  echo "$generator"
  OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" "$generator.py"
done
