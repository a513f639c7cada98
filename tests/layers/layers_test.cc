// SPDX-License-Identifier: Apache-2.0
#include "layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "support/scratch.h"

namespace nibble::layers {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kTables = R"(
Text with a | bar.

| folder | what | may include | outside library |
|---|---|---|---|
| `include/nibble` | face | - | - |
| `src/base` | ground | - | zlib |
| `src/data` | images | base | OpenCV (`image.cc`) |
| `src/top` | all of it | all | - |

| outside library | headers |
|---|---|
| zlib | `zlib.h` |
| OpenCV | `opencv2/`, `opencv_*` |
)";

/// A source tree that lives as long as the test.
class Tree : public testing::Test {
 protected:
  Tree() : root_(test::process_folder() / ("layers_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    fs::remove_all(root_);
    add("include/nibble/error.h", "#include <string>\n");
    add("src/base/a.h", "#include <zlib.h>\n#include \"nibble/error.h\"\n");
    add("src/data/image.cc", "#include <opencv2/core.hpp>\n#include \"base/a.h\"\n#include \"data/image.h\"\n");
    add("src/top/main.cc", "#include \"data/image.h\"\n#include \"base/a.h\"\n");
  }
  ~Tree() override { fs::remove_all(root_); }

  void add(const fs::path& file, const std::string& content) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << content;
  }
  std::vector<std::string> violations() { return find_violations(root_, parse_rules(kTables)); }

  fs::path root_;
};

TEST_F(Tree, LawfulTreeHasNoViolations) { EXPECT_THAT(violations(), IsEmpty()); }

TEST_F(Tree, LowerLayerMayNotIncludeHigher) {
  add("src/base/b.cc", "#include <vector>\n\n  #  include \"data/image.h\"  // why\n");
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("src/base/b.cc:3: base may not include data")));
}

TEST_F(Tree, PublicHeadersIncludeNothingOfOurs) {
  add("include/nibble/run.h", "#include <nibble/error.h>\n#include \"base/a.h\"\n");
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("include/nibble/run.h:2: nibble may not include base")));
}

TEST_F(Tree, LibraryOutsideItsFolder) {
  add("src/top/zip.cc", "#include <zlib.h>\n");
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("src/top/zip.cc:1: top may not use zlib")));
}

TEST_F(Tree, LibraryOutsideItsFile) {
  add("src/data/other.cc", "#include <opencv2/core.hpp>\n#include <opencv_version.h>\n");
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("only image.cc may use OpenCV (<opencv2"), HasSubstr("OpenCV (<opencv_version.h>)")));
}

TEST_F(Tree, LibraryWithoutARow) {
  add("src/top/x.cc", "#include <boost/any.hpp>\n");
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("<boost/any.hpp>: no row")));
}

TEST_F(Tree, HeaderWithoutItsFolder) {
  add("src/data/x.cc", "#include \"image.h\"\n");
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("name the folder: \"data/image.h\"")));
}

TEST_F(Tree, FolderWithoutARowAndRowWithoutAFolder) {
  add("src/rogue/x.cc", "");
  fs::remove_all(root_ / "src/top");
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("src/rogue: no row"), HasSubstr("top: a row without a folder")));
}

TEST_F(Tree, TestsBesideTheCodeMayIncludeAnything) {
  for (const auto* file : {"src/base/a_test.cc", "src/base/test_tree.h", "src/base/fuzz_a.cc"})
    add(file, "#include \"top/main.h\"\n#include <opencv2/core.hpp>\n");
  EXPECT_THAT(violations(), IsEmpty());
}

TEST_F(Tree, NothingShippedIncludesWhatIsForTests) {
  add("src/top/x.cc", "#include \"base/test_tree.h\"\n");
  EXPECT_THAT(violations(), ElementsAre(HasSubstr("src/top/x.cc:1: \"base/test_tree.h\" is for tests only")));
}

TEST(Rules, UnknownNamesInTheTableAreErrors) {
  std::string text(kTables);
  text.replace(text.find("| base |"), 8, "| bsae |");
  EXPECT_THROW(parse_rules(text), std::runtime_error);
  EXPECT_THROW(parse_rules("no table at all"), std::runtime_error);
}

std::string architecture() {
  std::ifstream file(fs::path(NIBBLE_SOURCE_DIR) / "docs" / "architecture.md");
  EXPECT_TRUE(file) << "docs/architecture.md is missing";
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Layers, SourceTreeFollowsTheArchitecture) {
  for (const auto& violation : find_violations(NIBBLE_SOURCE_DIR, parse_rules(architecture()))) ADD_FAILURE() << violation;
}

TEST(Drawing, FollowsTheTable) {
  const auto drawing = parse_drawing(architecture());
  EXPECT_GT(drawing.size(), 10U);
  for (const auto& fault : drawing_faults(drawing, parse_rules(architecture()))) ADD_FAILURE() << fault;
}

TEST(Drawing, FaultsAreNamed) {
  const auto rules = parse_rules(kTables);
  const auto drawn = [&](const std::string& rows) { return drawing_faults(parse_drawing("```text\n" + rows + "```\n"), rules); };
  EXPECT_THAT(drawn("top |\ndata | here\nbase |\ninclude/nibble |\n"), IsEmpty());
  EXPECT_THAT(drawn("top |\nbase |\ndata |\ninclude/nibble |\n"), ElementsAre("drawn in the wrong order: data includes base"));
  EXPECT_THAT(drawn("top data |\nbase |\ninclude/nibble |\n"), ElementsAre("drawn in the wrong order: top includes data"));
  EXPECT_THAT(drawn("top |\nrogue |\ndata |\nbase |\ninclude/nibble base |\n"),
              testing::IsSupersetOf({HasSubstr("without a row in the table: rogue"), HasSubstr("twice: base")}));
  EXPECT_THAT(drawn("top |\ndata |\ninclude/nibble |\n"), ElementsAre("the drawing lacks a folder: base"));
}

/// The texts between `before` and the next quotation mark, one at most in each line.
std::vector<std::string> quoted_after(const std::string& before, const fs::path& file) {
  std::vector<std::string> found;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find(before);
    if (at == std::string::npos) continue;
    const auto from = at + before.size();
    found.push_back(line.substr(from, line.find('"', from) - from));
  }
  return found;
}

TEST(Build, CompilesEachSourceOnce) {
  std::map<std::string, int> times;
  for (const auto& source : quoted_after("\"file\": \"", fs::path(NIBBLE_BINARY_DIR) / "compile_commands.json")) {
    ++times[source];
    if (source.find("/unity_") == std::string::npos) continue;
    for (const auto& part : quoted_after("#include \"", source)) ++times[part];
  }
  EXPECT_GT(times.size(), 200U);
  for (const auto& [source, count] : times) EXPECT_EQ(count, 1) << source << ": give it a library that its users link";
}

}  // namespace
}  // namespace nibble::layers
