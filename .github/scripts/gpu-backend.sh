#!/usr/bin/env bash
# Fetches ONNX Runtime's CUDA provider (an install script, so never for untrusted code) and looks
# whether the device works. Needs DEVICE.
set -euo pipefail
[[ "${DEVICE:?}" =~ ^(cpu|cuda|webgpu)$ ]] || { echo "DEVICE is cpu, cuda or webgpu" >&2; exit 2; }
if [ "$DEVICE" = cuda ]; then
  npm rebuild onnxruntime-node --ignore-scripts=false
fi
npm run --silent doctor -- --backend onnxruntime --device "$DEVICE"
