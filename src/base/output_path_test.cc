// SPDX-License-Identifier: Apache-2.0
#include "base/output_path.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "nibble/error.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

class OutputPaths : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    write_file(folder_ / "a.pt", "a");
    write_file(folder_ / "b.pt", "b");
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_ =
      test::process_folder() / (std::string("nibble_output_path_") + testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(OutputPaths, AnInputIsRefusedByAnyName) {
  fs::create_symlink(folder_ / "a.pt", folder_ / "link.pt");
  for (const auto& name : {folder_ / "a.pt", folder_ / "." / "a.pt", folder_ / "link.pt"})
    EXPECT_THROW(refuse_same_file(name, {folder_ / "b.pt", folder_ / "a.pt"}), Error) << name;
  EXPECT_NO_THROW(refuse_same_file(folder_ / "a.pt", {folder_ / "b.pt", {}}));
  EXPECT_NO_THROW(refuse_same_file({}, {fs::path{}, folder_ / "a.pt"}));
}

TEST_F(OutputPaths, TwoNewFilesOfOneNameAreTheSame) {
  EXPECT_THROW(refuse_same_file(folder_ / "new.json", {folder_ / "." / "new.json"}), Error);
  EXPECT_NO_THROW(refuse_same_file(folder_ / "new.json", {folder_ / "other.json"}));
}

TEST_F(OutputPaths, AFileIsNoOutputFolder) {
  EXPECT_THROW(require_can_be_folder(folder_ / "a.pt"), Error);
  EXPECT_NO_THROW(require_can_be_folder(folder_));
  EXPECT_NO_THROW(require_can_be_folder(folder_ / "new"));
}

}  // namespace
}  // namespace nibble
