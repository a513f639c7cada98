#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything nibble needs to build, on Debian 12 (bookworm): scripts/setup.sh [--dev]
#   1. Debian packages that are missing (root or sudo);
#   2. ONNX Runtime's headers, from the next Debian release (bookworm has none), by a signed apt download from the
#      mirror this machine already uses; nothing of apt's own state is touched;
#   3. ONNX Runtime's library, from its Python wheel, checked against its hash; nothing is installed into Python.
# third_party.txt says what is installed, in which versions and with which hashes. 2 and 3 end up in
# third_party/onnxruntime/{include,lib}. Running it again does only what is missing.
# --dev adds what `make asan`, `make tidy`, `make format` and fuzzing want.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly kKeyring=/usr/share/keyrings/debian-archive-keyring.gpg
readonly kHome=third_party/onnxruntime
readonly kLog=third_party/setup.log

# column NUMBER PATTERN...: that column of the rows of third_party.txt whose use, or name, is one of the patterns.
column() {
  local number=$1
  shift
  awk -F ' *[|] *' -v number="$number" -v wanted="|$(printf '%s|' "$@")" \
    '!/^#/ && NF && (index(wanted, "|" $2 "|") || index(wanted, "|" $1 "|")) { sub(/ +$/, "", $number); print $number }' third_party.txt
}
# Debian's packages of these uses; what comes from elsewhere has a colon or a slash in its name.
debian_packages() { column 5 "$@" | sed '/[:/]/d'; }

kRuntimeVersion=$(column 3 'ONNX Runtime')
kWheelSha256=$(column 6 'ONNX Runtime') # cp311, manylinux_2_28, x86_64
kHeadersPackage=$(column 5 'ONNX Runtime headers')
kKeyringVersion=$(column 3 "Debian's keys") # the first with the keys of the headers' release
readonly kRuntimeVersion kWheelSha256 kHeadersRelease=${kHeadersPackage%:*} kKeyringVersion=${kKeyringVersion#>=}
mapfile -t packages < <(debian_packages compiled linked loaded build test)
mapfile -t dev_packages < <(debian_packages dev)

third_way() {
  cat >&2 <<'TEXT'
Without root, or on another system: have the libraries that third_party.txt lists in place by other means, then
  cmake --preset release -DORT_INCLUDE_DIR=<folder of onnxruntime_cxx_api.h> -DORT_LIBRARY=<libonnxruntime.so>
  cmake --build --preset release
TEXT
}

fail() {
  echo "setup: $1" >&2
  exit 1
}

fail_with_log() {
  echo "--- errors in $kLog" >&2
  # The first errors are the cause, the last lines what came of it.
  { grep -E '^(Err:|E: |ERROR)' "$kLog" || true; } | sed -n '1,4p' >&2
  tail -n 3 "$kLog" >&2
  fail "$1"
}

# run_step TITLE COMMAND...: one line, with the seconds it took. The command's own words go to the log.
run_step() {
  local title=$1 began=$SECONDS
  shift
  echo "setup: $title ..."
  printf '\n### %s\n' "$title" >>"$kLog"
  "$@"
  echo "setup: $title: done ($((SECONDS - began)) s)"
}

# --- 1. packages ------------------------------------------------------------------------------------------------------

version_of() { { dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null || true; } | sed -n 's/^installed //p'; }

# Names of `packages` that are not installed, or too old to do.
missing_packages() {
  { dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true; } |
    sed -n 's/^installed //p' | sort -u | comm -13 - <(printf '%s\n' "${packages[@]}" | sort -u)
  local keyring
  keyring=$(version_of debian-archive-keyring)
  if [ -n "$keyring" ] && dpkg --compare-versions "$keyring" lt "$kKeyringVersion"; then echo debian-archive-keyring; fi
}

# Turns apt's machine-readable progress into a line per quarter: "dlstatus:3:41.2:..." / "pmstatus:libfoo:80.1:...".
show_progress() {
  local kind rest percent shown_dl=0 shown_pm=0
  while IFS=: read -r kind _ percent rest; do
    percent=${percent%%.*}
    case $kind in
      dlstatus) if ((percent >= shown_dl + 25)); then echo "setup:   download $((shown_dl = percent / 25 * 25)) %"; fi ;;
      pmstatus) if ((percent >= shown_pm + 25)); then echo "setup:   install $((shown_pm = percent / 25 * 25)) %"; fi ;;
    esac
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_as_root() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

install_packages() {
  # A broken third-party source makes `update` fail although Debian's own lists are fine: let the installation decide.
  apt_as_root update >>"$kLog" 2>&1 || echo "setup:   apt-get update had errors (in $kLog); going on with the lists there are"
  # Fd 3 is the progress. sudo closes it, and then there is none.
  local status=()
  if [ "$(id -u)" = 0 ]; then status=(-o APT::Status-Fd=3); fi
  { apt_as_root install --no-install-recommends "${status[@]}" "$@" 3>&1 >>"$kLog" 2>&1 || touch "$kLog.failed"; } | show_progress
  if [ -e "$kLog.failed" ]; then
    rm "$kLog.failed"
    fail_with_log "apt-get could not install the packages; full log in $kLog. Mend the apt set-up and run it again."
  fi
}

require_packages() {
  local missing
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then return; fi
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "setup: these packages are missing and installing them needs root (or sudo): ${missing[*]}" >&2
    third_way
    exit 1
  fi
  run_step "${#missing[@]} Debian packages and what they need" install_packages "${missing[@]}"
}

# --- 2. ONNX Runtime's headers ----------------------------------------------------------------------------------------

# The mirror this machine takes bookworm from, whatever it is. Needs package lists; images often come without.
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' 'Codename: bookworm' | sed -n 1p
}

fetch_headers() {
  local mirror work=$PWD/third_party/.headers.part
  mirror=$(debian_mirror)
  if [ -z "$mirror" ]; then
    if [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; then apt_as_root update >>"$kLog" 2>&1 || true; fi
    mirror=$(debian_mirror)
  fi
  [ -n "$mirror" ] || fail "apt knows no bookworm main mirror; put one into its sources, run apt-get update as root, and start again."
  rm -rf "$work"
  mkdir -p "$work"/{lists/partial,cache/archives/partial,parts}
  printf 'deb [arch=%s signed-by=%s] %s %s main\n' "$(dpkg --print-architecture)" "$kKeyring" "$mirror" "$kHeadersRelease" >"$work/sources.list"
  # A private apt: its lists and cache lie in $work, so the system's stay as they are.
  local apt=(apt-get -q -o "Dir::Etc::SourceList=$work/sources.list" -o "Dir::Etc::SourceParts=$work/parts"
    -o "Dir::Etc::Preferences=$work/none" -o "Dir::Etc::PreferencesParts=$work/parts" -o "Dir::State::Lists=$work/lists"
    -o "Dir::Cache=$work/cache" -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none -o Acquire::Retries=3)
  "${apt[@]}" update >>"$kLog" 2>&1 ||
    fail_with_log "cannot read $kHeadersRelease from this machine's Debian mirror; the mirror has to carry that release too."
  (cd "$work" && "${apt[@]}" download "${kHeadersPackage#*:}") >>"$kLog" 2>&1 ||
    fail_with_log "cannot download ${kHeadersPackage#*:} of $kHeadersRelease; see $kLog."
  dpkg-deb -x "$work/${kHeadersPackage#*:}"_*.deb "$work/root"
  cp -a "$work/root/usr/include/onnxruntime" "$work/include"
  cp -a "$work/root/usr/share/doc/${kHeadersPackage#*:}/copyright" "$work/include/COPYRIGHT.debian"
  replace "$work/include" "$kHome/include"
  rm -rf "$work"
}

# --- 3. ONNX Runtime's library ----------------------------------------------------------------------------------------

# A Python with pip: the user's own first, then Debian's.
python_with_pip() {
  local python
  for python in python3 /usr/bin/python3; do
    if "$python" -m pip --version >/dev/null 2>&1; then
      echo "$python"
      return
    fi
  done
}

fetch_runtime() {
  local python work=$PWD/third_party/.runtime.part
  rm -rf "$work"
  mkdir -p "$work"
  printf 'onnxruntime==%s --hash=sha256:%s\n' "$kRuntimeVersion" "$kWheelSha256" >"$work/wanted.txt"
  python=$(python_with_pip)
  # The same wheel whatever Python runs pip: only the C++ library in it is used.
  "$python" -m pip --disable-pip-version-check download --no-deps --require-hashes --only-binary :all: --python-version 3.11 \
    --implementation cp --abi cp311 --platform manylinux_2_28_x86_64 -d "$work" -r "$work/wanted.txt" >>"$kLog" 2>&1 ||
    fail_with_log "pip could not download onnxruntime $kRuntimeVersion; set pip's index, proxy or certificate as this network wants, and run it again."
  "$python" -m zipfile -e "$work"/onnxruntime-*.whl "$work/wheel"
  local from=$work/wheel/onnxruntime
  mkdir "$work/lib"
  cp "$from/capi/libonnxruntime.so.$kRuntimeVersion" "$from/capi/libonnxruntime_providers_shared.so" \
    "$from/LICENSE" "$from/ThirdPartyNotices.txt" "$work/lib/"
  ln -s "libonnxruntime.so.$kRuntimeVersion" "$work/lib/libonnxruntime.so.1"
  replace "$work/lib" "$kHome/lib"
  rm -rf "$work"
}

# replace NEW OLD: the complete new folder takes the old one's place; at no time is a half one there.
replace() {
  mkdir -p "$(dirname "$2")"
  rm -rf "$2.old"
  if [ -e "$2" ]; then mv "$2" "$2.old"; fi
  mv "$1" "$2"
  rm -rf "$2.old"
}

# --- all of it --------------------------------------------------------------------------------------------------------

# Every file that must be there; folders appear only complete (replace), so one file stands for all.
has_headers() { [ -f "$kHome/include/COPYRIGHT.debian" ] && [ -f "$kHome/include/onnxruntime_cxx_api.h" ]; }
has_runtime() { [ -f "$kHome/lib/libonnxruntime.so.$kRuntimeVersion" ] && [ -L "$kHome/lib/libonnxruntime.so.1" ] && [ -f "$kHome/lib/LICENSE" ]; }

require_bookworm() {
  if [ "$(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME-}")" = bookworm ] && [ "$(dpkg --print-architecture)" = amd64 ]; then return; fi
  echo "setup: this script knows Debian 12 (bookworm) on amd64 only, and this machine is something else." >&2
  third_way
  exit 1
}

main() {
  case "${1-}" in
    '') ;;
    --dev) packages+=("${dev_packages[@]}") ;;
    *) fail "unknown option $1; usage: scripts/setup.sh [--dev]" ;;
  esac
  local began=$SECONDS
  require_bookworm
  mkdir -p third_party
  # One set-up at a time: `make run` and `make test` may be started together.
  exec 9>third_party/.lock
  flock 9
  # Only for the download; nibble itself needs no Python.
  if ! has_runtime && [ -z "$(python_with_pip)" ]; then packages+=(python3 python3-pip); fi
  if [ -z "$(missing_packages)" ] && has_headers && has_runtime; then return; fi
  : >"$kLog"
  require_packages
  if ! has_headers; then run_step "ONNX Runtime headers" fetch_headers; fi
  if ! has_runtime; then run_step "ONNX Runtime $kRuntimeVersion" fetch_runtime; fi
  echo "setup: ready ($((SECONDS - began)) s)"
}

main "$@"
