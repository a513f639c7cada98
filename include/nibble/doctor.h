// SPDX-License-Identifier: Apache-2.0
// What this machine has and what is missing.
#pragma once
#include <string>
#include <vector>

#include "nibble/visibility.h"

namespace nibble {

/// One library: its version, or why it cannot be used.
struct LibraryState {
  std::string name;     ///< "LibTorch", "ONNX Runtime", "OpenCV".
  std::string version;  ///< Empty: it is missing.
  std::string detail;   ///< What else is known of it, or the reason why it is missing.
};
/// LibTorch, ONNX Runtime and OpenCV, in this order. Throws nothing: a missing library is a row. The version of nibble is kVersion.
NIBBLE_EXPORT std::vector<LibraryState> library_states();

/// One line of a diagnosis.
struct DiagnosisRow {
  enum class State { ok, missing, note };  ///< note: a fact that nothing depends on
  State state = State::note;
  std::string what;    ///< "ONNX Runtime".
  std::string detail;  ///< Version and place, or what to do where it is missing.
};
struct Diagnosis {
  std::vector<DiagnosisRow> rows;
  bool complete = true;  ///< No row is missing: everything that the provider needs is there.
};
/// Looks for what `provider` ("cpu" or "cuda") needs. Throws Error(usage) for a provider that nobody knows.
NIBBLE_EXPORT Diagnosis doctor(const std::string& provider);

}  // namespace nibble
