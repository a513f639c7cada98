#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy 14 of one file, as CMake asks for it beside a compilation: scripts/tidy.sh [option ...] FILE -- COMMAND. Where the command is
# that of a file with LibTorch, what clang needs to read that is included first.
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
options=(--quiet)
if [[ $* == *torch/csrc* ]]; then options+=(--extra-arg-before=-include "--extra-arg-before=$source/cmake/clang_torch.h"); fi
exec clang-tidy-14 "${options[@]}" "$@"
