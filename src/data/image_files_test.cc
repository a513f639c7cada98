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

TEST_F(ImageFiles, ListsAFolderByNameWithoutOtherFiles) {
  for (const auto* name : {"in/b.JPG", "in/a.png", "in/notes.txt", "in/c.webp", "in/deeper/d.jpg"}) file(name, "x");
  EXPECT_THAT(names_of(list_image_files(folder() / "in")), ElementsAre("a.png", "b.JPG", "c.webp"));
  EXPECT_THAT(names_of(list_image_files(folder() / "in", 2)), ElementsAre("a.png", "b.JPG"));
}

TEST_F(ImageFiles, ReadsAListRelativeToItself) {
  file("in/a.png", "x");
  const auto other = file("b#1.png", "x");
  const auto list = file("in/list.txt", "# calibration\n" + other.string() + "\n\na.png  # the first\n");
  EXPECT_THAT(names_of(list_image_files(list)), ElementsAre("b#1.png", "a.png"));
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
