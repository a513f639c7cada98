// SPDX-License-Identifier: Apache-2.0
// Recognises what a file is that is no torch.save archive, so that a refusal can say what to do.
#pragma once
#include <string>
#include <string_view>

namespace nibble {

/// "<why>; <what to do>" for bytes that do not start as a zip archive. There is always an answer: where the content is unknown, it shows
/// the first bytes.
std::string explain_foreign_file(std::string_view bytes);

}  // namespace nibble
