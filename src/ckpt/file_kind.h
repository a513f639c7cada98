// SPDX-License-Identifier: Apache-2.0
// What a file that is no torch.save archive seems to be instead, so that a refusal can say what to do.
#pragma once
#include <string>
#include <string_view>

namespace nibble {

/// "<why>; <what to do>" for bytes that do not start as a zip archive. Always has an answer: for unknown content its
/// first bytes.
std::string explain_foreign_file(std::string_view bytes);

}  // namespace nibble
