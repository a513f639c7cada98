// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "report/summary.h"
#include "text/result_text.h"

namespace nibble {

std::string text_of(const RunResult& result) {
  return fmt::format("{}\nrun directory: {}\n", summary_markdown(result.report), result.directory.string());
}

}  // namespace nibble
