// SPDX-License-Identifier: Apache-2.0
#include "report/junit.h"

#include <fmt/format.h>

namespace nibble {
namespace {

/// For attributes in double quotes. Bytes of UTF-8 are kept: what comes here is text.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    switch (letter) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\n': result += "&#10;"; break;
      default: result += static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f ? '?' : letter;
    }
  }
  return result;
}

std::string result_element(const GateResult& gate, bool strict) {
  if (gate.passed) return "";
  const auto detail = escaped(gate.detail);
  if (gate.undecided && !strict) return fmt::format("<skipped message=\"not enough evidence: {}\"/>", detail);
  return fmt::format("<failure message=\"{}\" type=\"{}\"/>", detail, gate.undecided ? "not enough evidence" : "gate");
}

}  // namespace

std::string junit_document(const Report& report, bool strict) {
  const auto undecided = report.undecided_gates(), failed = report.failed_gates() + (strict ? undecided : 0);
  const auto counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{:.1f}\"", report.gates.size(), failed,
                                  strict ? 0 : undecided, report.seconds);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += fmt::format("<testsuites {}>\n<testsuite name=\"nibble {}\" {}>\n", counts, escaped(report.model), counts);
  for (const auto& gate : report.gates)
    text += fmt::format("<testcase classname=\"nibble.{}\" name=\"{}\" time=\"0\">{}</testcase>\n", escaped(gate.gate),
                        escaped(gate.subject), result_element(gate, strict));
  return text + "</testsuite>\n</testsuites>\n";
}

}  // namespace nibble
