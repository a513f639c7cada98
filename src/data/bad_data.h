// SPDX-License-Identifier: Apache-2.0
// Images and labels that cannot be used, and whether the rest is used without them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace nibble {

/// One file, or one entry of a file, that is left out.
struct BadDatum {
  std::filesystem::path file;
  std::string reason;  ///< a whole message that names the file, and the line or entry in it
};

enum class OnBadData {
  stop,     ///< one is an error
  skip,     ///< they are left out, however many
  skip_few  ///< they are left out as long as it is one, or at most kFewBad of all; more of them are an error
};
inline constexpr double kFewBad = 0.1;

/// For documents.
std::vector<std::string> reasons_of(const std::vector<BadDatum>& bad);

/// "stop" or "skip"; `otherwise` for an empty text. Error(usage) naming both.
OnBadData parse_on_bad_data(const std::string& text, OnBadData otherwise);

/// Logs the first twenty as warnings and the others for --verbose, then throws Error(input) if the rule forbids so many beside `left` good
/// images, or there is none. `what` names the data in messages.
void settle_bad_data(const std::vector<BadDatum>& bad, std::int64_t left, OnBadData rule, const std::string& what);

struct ExpectedImage {
  std::filesystem::path file;
  std::int64_t width_px = 0;  ///< 0: any
  std::int64_t height_px = 0;
};
/// Reads each image as the network will, on several threads (0: the cores). By file: why it cannot be used, or nothing. `source` names what
/// says the sizes.
std::vector<std::optional<std::string>> image_problems(const std::vector<ExpectedImage>& images, const std::string& source,
                                                       int threads = 0);

}  // namespace nibble
