#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian packages of what is built: scripts/package.sh BUILD_FOLDER [OUT]. The same build gives the same bytes, whenever and by whomever it
# is packaged: files bear the date of SOURCE_DATE_EPOCH, or else of the last commit, and the permissions of umask 022.
set -euo pipefail
build=${1:?usage: scripts/package.sh BUILD_FOLDER [OUT]}
out=$(realpath -m "${2:-$build/packages}")
source=$(cd "$(dirname "$0")/.." && pwd)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$source" log -1 --format=%ct 2>/dev/null || date +%s)}
umask 022
cd "$build"
cpack -B "$out"
