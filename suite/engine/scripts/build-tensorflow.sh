#!/usr/bin/env bash
# Builds tfjs-node's native binding against the libtensorflow inside a Python wheel, so that the
# `tensorflow` backend runs on today's TensorFlow instead of the 2.9.1 that the package downloads.
set -euo pipefail

TFJS_VERSION=4.22.0
TENSORFLOW_VERSION=2.21.0

usage() {
  cat <<TEXT
Usage: npm run tensorflow:build [-- --cuda]

Builds @tensorflow/tfjs-node $TFJS_VERSION against TensorFlow $TENSORFLOW_VERSION (wheel tensorflow-cpu, 270 MB to
download, 900 MB on disk, about two minutes) into .crossover/tensorflow. Nothing in node_modules,
package.json or package-lock.json is touched; delete the folder to undo it.

  --cuda   builds @tensorflow/tfjs-node-gpu against the wheel tensorflow (CUDA 12, cuDNN 9) into
           .crossover/tensorflow-cuda. UNTRIED: the same road, but never yet walked with a GPU.
           The CUDA libraries must be where the loader finds them (LD_LIBRARY_PATH).
  --help   this text

Needs: Linux on x86-64, Node 20 or 22, python3 with pip, make and a C++17 compiler.
Set PYTHON to use another Python than python3.

Examples:
  npm run tensorflow:build
  npm run tensorflow:build -- --cuda
  npm run doctor -- --backend tensorflow
TEXT
}

fail() {
  printf 'build-tensorflow: %s\n' "$1" >&2
  exit "${2:-1}"
}

package=tfjs-node wheel=tensorflow-cpu folder=tensorflow
case "${1:-}" in
  "") ;;
  --cuda) package=tfjs-node-gpu wheel=tensorflow folder=tensorflow-cuda ;;
  --help | -h) usage; exit 0 ;;
  *) usage >&2; fail "unknown argument: $1" 2 ;;
esac

python=${PYTHON:-python3}
[[ "$(uname -s)-$(uname -m)" == Linux-x86_64 ]] \
  || fail "built on Linux x86-64 only; this is $(uname -s) $(uname -m)."
node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 23 ? 0 : 1)' \
  || fail "tfjs-node $TFJS_VERSION runs on Node 20 and 22; this is Node $(node --version)."
for tool in "$python" make g++ npm; do
  command -v "$tool" > /dev/null || fail "'$tool' is not there. Install it, then run this again."
done
"$python" -m pip --version > /dev/null 2>&1 || fail "$python has no pip. Set PYTHON to one that has."

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
[[ -d "$root/node_modules/@tensorflow/tfjs" ]] || fail "run npm ci in $root first."
mkdir -p "$root/.crossover"
# Everything is made aside and renamed at the end: an interrupted build leaves no half package.
work=$(mktemp -d "$root/.crossover/build-tensorflow.XXXXXX")
trap 'rm -rf "$work"' EXIT
tree=$work/tree
module=$tree/node_modules/@tensorflow/$package

step() { printf '\n[%s] %s\n' "$1" "$2"; }
quiet_npm() { npm "$@" --ignore-scripts --no-audit --no-fund --loglevel=error; }

step 1/4 "wheel $wheel $TENSORFLOW_VERSION"
"$python" -m pip download -qq --disable-pip-version-check --no-deps --dest "$work/wheel" \
  --only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 \
  --platform manylinux_2_27_x86_64 --platform manylinux2014_x86_64 "$wheel==$TENSORFLOW_VERSION"

step 2/4 "@tensorflow/$package $TFJS_VERSION and node-gyp"
mkdir -p "$tree" "$work/pack" "$work/gyp"
quiet_npm pack --silent --pack-destination "$work/pack" "@tensorflow/$package@$TFJS_VERSION" > /dev/null
tar -xzf "$work"/pack/*.tgz -C "$work/pack"
# Its own copy of tfjs is left out on purpose: Node then finds the project's, one folder tree up,
# and there is one engine, one kernel registry and one set of gradients.
mapfile -t dependencies < <(node -p '
  const { dependencies } = require(process.argv[1]);
  Object.entries(dependencies)
    .filter(([name]) => name !== "@tensorflow/tfjs")
    .map(([name, range]) => `${name}@${range}`)
    .join("\n")' "$work/pack/package/package.json")
quiet_npm install --prefix "$tree" --no-save --no-package-lock "${dependencies[@]}"
mkdir -p "$(dirname "$module")"
mv "$work/pack/package" "$module"
quiet_npm install --prefix "$work/gyp" --no-save --no-package-lock node-gyp@10.3.1

step 3/4 "libtensorflow and its headers"
"$python" - "$work"/wheel/*.whl "$module/deps" <<'PYTHON'
import pathlib, shutil, sys, zipfile

wheel, deps = sys.argv[1], pathlib.Path(sys.argv[2])
libraries = ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
headers = "tensorflow/include/"
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name in libraries:
            target = deps / "lib" / pathlib.PurePosixPath(name).name
        elif name.startswith(headers) and not name.endswith("/"):
            target = deps / "include" / name[len(headers):]
        else:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, open(target, "wb") as sink:
            shutil.copyfileobj(source, sink)
PYTHON
ln -s libtensorflow_cc.so.2 "$module/deps/lib/libtensorflow.so"
ln -s libtensorflow_framework.so.2 "$module/deps/lib/libtensorflow_framework.so"

step 4/4 "the binding"
prefix=$(node -p 'require("node:path").dirname(require("node:path").dirname(process.execPath))')
headers=()
# Node's own headers, where they are installed; otherwise node-gyp downloads them.
[[ -f "$prefix/include/node/node_api.h" ]] && headers=(--nodedir="$prefix")
(
  cd "$module"
  node "$work/gyp/node_modules/node-gyp/bin/node-gyp.js" rebuild --silent "${headers[@]}" \
    --module_name=tfjs_binding --module_path="$module/lib/napi-v8" --napi_build_version=8 \
    > "$work/gyp.log" 2>&1
) || { tail -n 40 "$work/gyp.log" >&2; fail "the compiler refused the binding; its last words are above."; }
rm -rf "$module/build" "$module/deps/include"

rm -rf "$root/.crossover/$folder"
mv "$tree" "$root/.crossover/$folder"
printf '\nBuilt .crossover/%s. Check it with: npm run doctor -- --backend tensorflow\n' "$folder"
