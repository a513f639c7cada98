// SPDX-License-Identifier: Apache-2.0
#include "docs/markdown.h"

#include <cctype>
#include <map>
#include <regex>
#include <sstream>

namespace nibble::test {
namespace {

/// What stands in backticks is code, and no link.
std::string without_code(const std::string& line) {
  static const std::regex code("`[^`]*`");
  return std::regex_replace(line, code, "");
}

void add_links(const std::string& line, std::int64_t number, MarkdownPage& page) {
  static const std::regex link(R"(\]\(([^()\s]+)\))");
  const auto text = without_code(line);
  for (auto found = std::sregex_iterator(text.begin(), text.end(), link); found != std::sregex_iterator(); ++found)
    page.links.push_back({(*found)[1], number});
}

}  // namespace

std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalnum(byte) != 0 || c == '-' || c == '_') anchor += static_cast<char>(std::tolower(byte));
    if (c == ' ') anchor += '-';
  }
  return anchor;
}

MarkdownPage read_markdown(const std::string& text) {
  static const std::regex heading(R"(#{1,6} +(.*\S)\s*)"), fence(R"(\s*```(\w*)\s*)"), not_run(R"(\s*<!-- not run: (.*\S) -->\s*)");
  MarkdownPage page;
  std::map<std::string, int> seen;
  std::istringstream lines(text);
  bool is_in_block = false;
  std::string reason;
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::smatch found;
    if (std::regex_match(line, found, fence)) {
      if (!is_in_block) page.blocks.push_back({found[1], "", reason, number});
      is_in_block = !is_in_block;
      reason.clear();
    } else if (is_in_block) {
      page.blocks.back().text += line + "\n";
    } else if (std::regex_match(line, found, not_run)) {
      reason = found[1];
    } else {
      if (std::regex_match(line, found, heading)) {
        const auto anchor = anchor_of(found[1]);
        const int before = seen[anchor]++;
        page.anchors.push_back(before == 0 ? anchor : anchor + "-" + std::to_string(before));
      }
      if (!line.empty()) reason.clear();
      add_links(line, number, page);
    }
  }
  return page;
}

}  // namespace nibble::test
