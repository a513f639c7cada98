// SPDX-License-Identifier: Apache-2.0
#include "data/coco.h"
#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;
using testing::ElementsAre;

class ImageFiles : public test::Scratch {
 protected:
  static std::vector<std::string> names_of(const std::vector<std::filesystem::path>& files) {
    std::vector<std::string> names;
    for (const auto& path : files) names.push_back(path.filename().string());
    return names;
  }
};

TEST_F(ImageFiles, ListsAFolderByNameWithThoseInItAndWithoutOtherFiles) {
  for (const auto* name : {"in/b.JPG", "in/a.png", "in/notes.txt", "in/c.webp", "in/deeper/d.jpg", "in/._a.png", "in/.cache/e.jpg"})
    file(name, "x");
  EXPECT_THAT(names_of(list_image_files(folder() / "in")), ElementsAre("a.png", "b.JPG", "c.webp", "d.jpg"));
  EXPECT_THAT(names_of(list_image_files(folder() / "in", 2)), ElementsAre("a.png", "b.JPG"));
}

TEST_F(ImageFiles, ReadsAListRelativeToItself) {
  file("in/a.png", "x");
  const auto other = file("b#1.png", "x");
  const auto list = file("in/list.txt", "# calibration\n" + other.string() + "\n\na.png  # the first\n");
  EXPECT_THAT(names_of(list_image_files(list)), ElementsAre("b#1.png", "a.png"));
}

TEST_F(ImageFiles, AFolderThatLeadsBackIsListedOnce) {
  file("in/a.tif", "x");
  std::filesystem::create_directory_symlink(folder() / "in", folder() / "in/again");
  EXPECT_THAT(names_of(list_image_files(folder() / "in")), ElementsAre("a.tif"));
}

TEST_F(ImageFiles, LinksToNothingAreSaidToBeMissing) {
  file("in/a.png", "x");
  std::filesystem::create_symlink("gone.png", folder() / "in/b.png");
  expect_error(ErrorKind::input, {"b.png", "a link to one that is not there"}, [&] { list_image_files(folder() / "in"); });
  std::vector<BadDatum> bad;
  EXPECT_THAT(names_of(list_image_files(folder() / "in", 0, &bad)), ElementsAre("a.png"));
  ASSERT_EQ(bad.size(), 1U);
  EXPECT_THAT(bad[0].reason, testing::HasSubstr("b.png"));
}

/// Of two links to one folder the first by name is walked, on every file system.
TEST_F(ImageFiles, LinksAreFollowedInTheOrderOfTheirNames) {
  file("real/a.png", "x");
  std::filesystem::create_directories(folder() / "in");
  for (const auto* name : {"c", "b"}) std::filesystem::create_directory_symlink(folder() / "real", folder() / "in" / name);
  const auto found = list_image_files(folder() / "in");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0], folder() / "in/b/a.png");
}

TEST_F(ImageFiles, AMarkInAPathIsNoComment) {
  file("in/shot #4.png", "x");
  file("in/plain.png", "x");
  const auto list = file("in/list.txt", "shot #4.png\nplain.png #5\n");
  EXPECT_THAT(names_of(list_image_files(list)), ElementsAre("shot #4.png", "plain.png"));
}

TEST_F(ImageFiles, ReadsListsOfOtherSystems) {
  file("in/deeper/a.png", "x");
  const std::string utf16(
      "\xFF\xFE"
      "d\0e\0e\0p\0e\0r\0\\\0a\0.\0p\0n\0g\0\r\0\n\0",
      30);
  EXPECT_THAT(names_of(list_image_files(file("in/list.txt", utf16))), ElementsAre("a.png"));
  EXPECT_THAT(names_of(list_image_files(file("in/mac.txt",
                                             "\xEF\xBB\xBF"
                                             "deeper/a.png\rdeeper\\a.png\r"))),
              ElementsAre("a.png", "a.png"));
}

TEST_F(ImageFiles, CollectsWhatAListMisses) {
  file("a.png", "x");
  std::vector<BadDatum> bad;
  EXPECT_THAT(names_of(list_image_files(file("list.txt", "a.png\ngone.png\n"), 0, &bad)), ElementsAre("a.png"));
  ASSERT_EQ(bad.size(), 1U);
  EXPECT_THAT(bad[0].reason, testing::HasSubstr("line 2"));
}

/// A picture of a format that is not read, given where a list may stand.
TEST_F(ImageFiles, APictureThatIsNotReadIsNoList) {
  file("a.gif", "GIF89a\x02\x01");
  file("b.jp2", std::string("\0\0\0\x0cjP  \r\n", 10));
  for (const auto* name : {"a.gif", "b.jp2"})
    test::expect_error(ErrorKind::input, {name, "convert images to .png or .jpg"}, [&] { list_image_files(folder() / name); });
}

TEST_F(ImageFiles, RefusesWhatIsMissingOrEmpty) {
  std::filesystem::create_directories(folder() / "empty");
  expect_error(ErrorKind::input, {"empty", "no image"}, [&] { list_image_files(folder() / "empty"); });
  expect_error(ErrorKind::input, {"nowhere", "no such"}, [&] { list_image_files(folder() / "nowhere"); });
  expect_error(ErrorKind::input, {"list.txt", "line 2", "gone.png"}, [&] { list_image_files(file("list.txt", "\ngone.png\n")); });
  expect_error(ErrorKind::input, {"blank.txt", "no image"}, [&] { list_image_files(file("blank.txt", "\n")); });
  expect_error(ErrorKind::usage, {"-1"}, [&] { list_image_files(folder(), -1); });
}

}  // namespace
}  // namespace nibble
