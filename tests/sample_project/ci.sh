#!/bin/sh
# What the pipeline of pocket-chat runs. `sh ci.sh accept` takes what the client does now for the baseline.
set -u
choice="--family canary --family framing --family disconnects --family tool-calls"

if [ "${1:-}" = accept ]; then
  harness replay --system adapter.py $choice --results baseline.jsonl --quiet
  [ $? -le 1 ] || exit 1 # 1: it fails somewhere, which is what a baseline is for
  echo "baseline.jsonl says how pocket-chat does now"
  exit 0
fi

mkdir -p build
failed=0
python -m pytest -q --junit-xml build/tests.xml --harness-results build/tests.jsonl || failed=1
harness replay --system adapter.py $choice --baseline baseline.jsonl --junit build/conformance.xml --report build/report ||
  failed=1
harness report build/report/results.jsonl --markdown build/summary.md || failed=1
exit $failed
