#!/usr/bin/env bash
# Everything there is to run on a machine with an NVIDIA GPU, in one command:
#
#   OUT=results benchmarks/gpu.sh                      all parts, one after another
#   OUT=results benchmarks/gpu.sh conformance device   only these
#
# environment   driver, devices, versions, and what kerasish says of the device
# conformance   tests/backend with the CuPy backend
# device        tests/cupy: kernels and whole models on CuPy against NumPy
# suite         all other tests, with CuPy as the backend in force
# benchmarks    benchmarks/run.py beside the other packages, on the GPU
# kernels       benchmarks/kernel_times.py: a step beside the sum of its launches
#
# Runs from the source tree, installed or not, and needs no network: python3 with cupy,
# numpy, h5py, threadpoolctl, pytest, pytest-timeout and hypothesis; torch and jax to
# compare with. PYTHON names another interpreter, WORKERS the number of test processes
# (where pytest-xdist is installed). Each part writes $OUT/PART.log. A part that fails
# does not stop the others; the exit status is the number of parts that failed.

set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

python="${PYTHON:-python3}"
mkdir -p "${OUT:-.}"
out="$(cd "${OUT:-.}" && pwd)"
export PYTHONPATH="$PWD:$PWD/backends${PYTHONPATH:+:$PYTHONPATH}"
export PYTHONDONTWRITEBYTECODE=1

workers=()
if "$python" -c "import xdist" 2>/dev/null; then
  workers=(-n "${WORKERS:-4}")
fi

tests() {
  KERASISH_BACKEND=cupy "$python" -m pytest -p no:cacheprovider -q --durations=15 "$@"
}

environment() {
  nvidia-smi
  "$python" - <<'EOF'
import importlib.metadata as metadata
import platform

import kerasish

print("python", platform.python_version())
for name in ("numpy", "h5py", "cupy-cuda13x", "cupy-cuda12x", "torch", "jax", "pytest"):
    try:
        print(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        print(name, "is not installed")
kerasish.config.set_backend("cupy")
from kerasish.backend import get_backend  # noqa: E402

print(get_backend().describe())
EOF
}

conformance() { tests "${workers[@]}" tests/backend; }

device() { tests tests/cupy; }

suite() {
  tests "${workers[@]}" tests --ignore=tests/backend --ignore=tests/cupy \
    --ignore=tests/parity --ignore=tests/benchmarks
}

benchmarks() {
  "$python" benchmarks/run.py --device gpu \
    --json "$out/benchmarks.json" --markdown "$out/benchmarks.md"
}

kernels() {
  local case
  for case in mlp64-adam-b32 mlp64-adam-b4096 cnn-b128 cnn-b1024 lstm-b32 \
    transformer-b32; do
    KERASISH_BACKEND=cupy "$python" benchmarks/kernel_times.py --case "$case" || return
    echo
  done
}

failed=0
for part in "${@:-all}"; do
  case "$part" in
    all) set -- environment conformance device suite benchmarks kernels ;;
    environment | conformance | device | suite | benchmarks | kernels) ;;
    *)
      echo "unknown part '$part'; the parts are: environment conformance device" \
        "suite benchmarks kernels" >&2
      exit 2
      ;;
  esac
done

for part in "$@"; do
  start=$SECONDS
  if "$part" >"$out/$part.log" 2>&1; then verdict=ok; else verdict=FAILED; fi
  [ "$verdict" = ok ] || failed=$((failed + 1))
  echo "== $part: $verdict after $((SECONDS - start)) s, see $out/$part.log"
  tail -n 15 "$out/$part.log"
done
exit "$failed"
