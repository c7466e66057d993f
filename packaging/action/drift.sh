#!/usr/bin/env bash
# Looks once and writes every form of the answer: annotations to the log, a summary of the job, SARIF and JSON files, outputs.
set -euo pipefail

report="${RUNNER_TEMP:?}/driftmgr.json"
page="$RUNNER_TEMP/driftmgr.md"
sarif="${INPUT_SARIF_FILE:?}"
said="$RUNNER_TEMP/driftmgr.annotations"
rm -f -- "$report" "$page" "$said"

# One word a line: names with spaces stay whole.
words=()
add() {
  local line
  while IFS= read -r line; do
    if [ -n "$line" ]; then words+=("$line"); fi
  done <<<"$1"
}
add "${INPUT_ARGS:-}"
case "${INPUT_FAIL_ON:?}" in
  never) ;;
  *) words+=(--fail-on "$INPUT_FAIL_ON") ;;
esac
words+=(--)
add "${INPUT_TARGETS:?}"

code=0
driftmgr drift --timeout "${INPUT_TIMEOUT:?}" --format github \
  --output "json=$report" --output "markdown=$page" --output "sarif=$sarif" "${words[@]}" | tee "$said" || code=$?
if [ ! -s "$report" ]; then
  echo "::error title=driftmgr::the drift was not determined; the log above says why"
  exit 1
fi

cat -- "$page" >>"${GITHUB_STEP_SUMMARY:?}"
# Of the whole report: what fails the job is another question.
drifted=$(python3 -c '
import json, sys
summary = json.load(open(sys.argv[1], encoding="utf-8"))["summary"]
differs = summary["drifted"] + summary["deleted"] + summary["unmanaged"]
print("true" if differs else "unknown" if summary["unverifiable"] else "false")
' "$report")
{
  echo "drifted=$drifted"
  echo "summary=$(grep -v '^::' -- "$said" | tail -n 1)"
  echo "report-path=$report"
  echo "sarif-path=$sarif"
  echo "exit-code=$code"
} >>"${GITHUB_OUTPUT:?}"
# Whether that fails the job is judged last, when the reports are where they belong.
