// SPDX-License-Identifier: Apache-2.0
// Every relative link of every page leads to a file that is there, and to a heading that is in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/files.h"
#include "docs/markdown.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using test::read_markdown;
using testing::ElementsAre;

const fs::path kRepository = NIBBLE_SOURCE_DIR;

/// All pages of the repository; what is built or fetched is not part of it.
std::vector<fs::path> pages() {
  std::vector<fs::path> found;
  for (auto entry = fs::recursive_directory_iterator(kRepository); entry != fs::recursive_directory_iterator(); ++entry) {
    const auto name = entry->path().filename().string();
    const bool is_other = entry.depth() == 0 && (name.starts_with("build") || name == "third_party" || name == "tmp" || name == ".git");
    if (entry->is_directory() && (is_other || name == "checkpoints")) entry.disable_recursion_pending();
    if (entry->is_regular_file() && entry->path().extension() == ".md") found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// Empty: the link leads somewhere.
std::string fault_of(const fs::path& page, const std::string& target) {
  if (target.find(':') != std::string::npos) return "";  // https:, mailto:
  const auto hash = target.find('#');
  const auto path = target.substr(0, hash);
  const auto file = path.empty() ? page : (page.parent_path() / path).lexically_normal();
  if (!fs::exists(file)) return "there is no " + file.lexically_relative(kRepository).string();
  if (hash == std::string::npos) return "";
  if (file.extension() != ".md") return "an anchor in a file that has no headings";
  const auto anchors = read_markdown(read_file(file)).anchors;
  const auto anchor = target.substr(hash + 1);
  return std::find(anchors.begin(), anchors.end(), anchor) == anchors.end() ? "there is no heading #" + anchor : "";
}

TEST(Links, LeadSomewhere) {
  std::int64_t links = 0;
  for (const auto& page : pages())
    for (const auto& link : read_markdown(read_file(page)).links) {
      const auto fault = fault_of(page, link.target);
      EXPECT_TRUE(fault.empty()) << page.string() << ":" << link.line << ": " << link.target << ": " << fault;
      ++links;
    }
  EXPECT_GT(links, 50);
}

TEST(Links, DeadOnesAreFound) {
  const auto page = kRepository / "README.md";
  EXPECT_EQ(fault_of(page, "docs/architecture.md#words"), "");
  EXPECT_EQ(fault_of(page, "#no-such-heading"), "there is no heading #no-such-heading");
  EXPECT_EQ(fault_of(page, "docs/nowhere.md"), "there is no docs/nowhere.md");
  EXPECT_EQ(fault_of(kRepository / "docs/decisions/x.md", "../results.md"), "");
  EXPECT_EQ(fault_of(page, "https://example.org/nowhere"), "");
}

TEST(Markdown, IsReadAsGitHubDoes) {
  const auto page = read_markdown(
      "# One `two`, three!\nSee [a](b.md#c) and `[no](link)`.\n## One `two`, three!\n```\n# no heading [no](link)\n```\n"
      "<!-- not run: takes an hour -->\n\n  ```bash\nls\n  ```\n<!-- not run: lost -->\ntext\n```yaml\na: 1\n```\n");
  EXPECT_THAT(page.anchors, ElementsAre("one-two-three", "one-two-three-1"));
  ASSERT_EQ(page.links.size(), 1U);
  EXPECT_EQ(page.links[0].target, "b.md#c");
  EXPECT_EQ(page.links[0].line, 2);
  ASSERT_EQ(page.blocks.size(), 3U);
  EXPECT_EQ(page.blocks[1].language, "bash");
  EXPECT_EQ(page.blocks[1].text, "ls\n");
  EXPECT_EQ(page.blocks[1].why_not_run, "takes an hour");
  EXPECT_EQ(page.blocks[2].why_not_run, "");
  EXPECT_EQ(page.blocks[2].line, 14);
}

}  // namespace
}  // namespace nibble
