#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy 14 of one file, as CMake asks for it beside a compilation: scripts/tidy.sh [option ...] FILE -- COMMAND.
# LibTorch's ivalue.h has a std::vector of a type that is not complete yet. With GCC's library, where vectors are constexpr in C++20, clang
# refuses that; with LLVM's it does not. So where this is what stops it, the file is looked at once more with LLVM's library.
set -uo pipefail
found=$(clang-tidy-14 --quiet "$@" 2>&1)
status=$?
if [[ $status -ne 0 && $found == *"incomplete type 'c10::IValue'"* ]]; then
  exec clang-tidy-14 --quiet --extra-arg=-stdlib=libc++ "$@"
fi
printf '%s\n' "$found"
exit "$status"
