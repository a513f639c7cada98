// SPDX-License-Identifier: Apache-2.0
// The parts of a Markdown page that can go wrong: links, headings, and commands in fenced blocks.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace nibble::test {

struct MarkdownLink {
  std::string target;     ///< "docs/recipes.md#targets", as it stands
  std::int64_t line = 0;  ///< from 1
};
/// A fenced block, ``` to ```.
struct MarkdownBlock {
  std::string language;     ///< "yaml"; empty where none is named
  std::string text;         ///< without the fences
  std::string why_not_run;  ///< of the comment `<!-- not run: REASON -->` in front of it; empty: there is none
  std::int64_t line = 0;    ///< of the first fence, from 1
};
struct MarkdownPage {
  std::vector<MarkdownLink> links;
  std::vector<std::string> anchors;  ///< of its headings, as GitHub makes them
  std::vector<MarkdownBlock> blocks;
};

MarkdownPage read_markdown(const std::string& text);

/// "Who loads the files?" -> "who-loads-the-files": lower case, letters, digits, '-' and '_' alone, a hyphen for each blank.
std::string anchor_of(const std::string& heading);

}  // namespace nibble::test
