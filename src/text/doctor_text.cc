// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "text/result_text.h"

namespace nibble {

std::string text_of(const Diagnosis& diagnosis) {
  std::string text;
  for (const auto& row : diagnosis.rows) {
    const bool is_note = row.state == DiagnosisRow::State::note, is_there = row.state == DiagnosisRow::State::ok;
    text += fmt::format("{:<8}{:<14}{}\n", is_note ? "" : is_there ? "ok" : "MISSING", row.what, row.detail);
  }
  return text;
}

std::string text_of(const std::vector<LibraryState>& libraries) {
  std::string text = fmt::format("nibble {}\n", kVersion);
  for (const auto& state : libraries)
    text += state.version.empty() ? fmt::format("{} missing: {}\n", state.name, state.detail)
                                  : fmt::format("{} {}\n", state.name, state.version);
  return text;
}

}  // namespace nibble
