// SPDX-License-Identifier: Apache-2.0
#include "data/class_folders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/scratch.h"

namespace nibble {
namespace {

class ClassFoldersTest : public test::Scratch {
 protected:
  void add(const std::string& file) { write_file(folder() / file, "not looked at"); }
  std::vector<std::pair<std::string, std::int64_t>> read(const std::map<std::int64_t, std::string>& names,
                                                         std::optional<std::int64_t> limit = {}) {
    std::vector<std::pair<std::string, std::int64_t>> found;
    for (const auto& image : read_class_folders(folder(), names, limit).images)
      found.emplace_back(image.file.filename().string(), image.label);
    return found;
  }
};
using testing::ElementsAre;
using testing::Pair;

TEST_F(ClassFoldersTest, AreTheModelsClassesByName) {
  for (const char* file : {"dog/2.jpg", "dog/1.jpg", "cat/3.png", "notes/readme.txt", ".hidden/4.jpg"}) add(file);
  EXPECT_THAT(read({{0, "cat"}, {1, "cow"}, {2, "dog"}}), ElementsAre(Pair("3.png", 0), Pair("1.jpg", 2), Pair("2.jpg", 2)));
  EXPECT_THAT(read({{0, "0"}, {1, "1"}}), ElementsAre(Pair("3.png", 0), Pair("1.jpg", 1), Pair("2.jpg", 1))) << "as many";
  EXPECT_THAT(read({{0, "cat"}, {1, "dog"}}, 2), ElementsAre(Pair("3.png", 0), Pair("1.jpg", 1))) << "in turns";
}

TEST_F(ClassFoldersTest, TheSplitThatIsScoredIsFound) {
  for (const char* file : {"train/a/1.jpg", "val/a/2.jpg", "val/b/3.jpg"}) add(file);
  EXPECT_THAT(read({{0, "a"}, {1, "b"}}), ElementsAre(Pair("2.jpg", 0), Pair("3.jpg", 1)));
}

TEST_F(ClassFoldersTest, RefusesFoldersOfOtherClasses) {
  add("dog/1.jpg");
  test::expect_error(ErrorKind::input, {"folder 'dog' is no class of the model", "1 folders are not its 2 classes"}, [&] {
    read({{0, "cat"}, {1, "cow"}});
  });
  test::expect_error(ErrorKind::input, {"has no folders of images"}, [&] { read_class_folders(folder() / "dog", {}); });
  add("empty/cat/notes.txt");
  test::expect_error(ErrorKind::input, {"empty: no image in the folder; expected .jpg"},
                     [&] { read_class_folders(folder() / "empty", {}); });
  test::expect_error(ErrorKind::input, {"no such folder"}, [&] { read_class_folders(folder() / "absent", {}); });
}

}  // namespace
}  // namespace nibble
