#!/usr/bin/env bash
# Ends the job by what was found.
set -euo pipefail
case "${DRIFT_EXIT:?}" in
  0) ;;
  2)
    echo "::error title=drift::${DRIFT_SUMMARY:-}"
    exit 1
    ;;
  3)
    if [ "${INPUT_ALLOW_UNVERIFIABLE:-false}" != true ]; then
      echo "::error title=not looked at::${DRIFT_SUMMARY:-} Set allow-unverifiable to pass."
      exit 1
    fi
    ;;
  *)
    echo "::error title=driftmgr::it ended with ${DRIFT_EXIT}"
    exit 1
    ;;
esac
