# SPDX-License-Identifier: Apache-2.0
# Run by the build (build_id.cmake): writes OUTPUT from VERSION, OPTIONS and the contents of the headers that HEADERS_FILE lists, in FOLDER.
# The file keeps its time where nothing changed, so that nothing is compiled again.
file(READ ${HEADERS_FILE} headers)
set(text "${VERSION} ${OPTIONS}")
foreach(header IN LISTS headers)
  file(SHA256 ${FOLDER}/${header} hash)
  string(APPEND text " ${header} ${hash}")
endforeach()
string(SHA256 hash "${text}")
string(SUBSTRING ${hash} 0 16 hash)
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "// Made by cmake/build_id_step.cmake.
#pragma once
namespace nibble {
inline constexpr const char* kBuildId = \"${VERSION}-${hash}\";
}
")
