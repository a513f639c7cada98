#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-format 14 over every C++ file: scripts/format.sh [--check]. Other versions format differently.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -d '' files < <(find include src tests bench examples \( -name '*.cc' -o -name '*.h' \) -print0 | sort -z)
case "${1-}" in
  '') clang-format-14 -i "${files[@]}" ;;
  --check) clang-format-14 --dry-run --Werror "${files[@]}" && echo "format: ${#files[@]} files are as .clang-format wants them" ;;
  *)
    echo "usage: scripts/format.sh [--check]" >&2
    exit 2
    ;;
esac
