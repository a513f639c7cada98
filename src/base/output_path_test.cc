// SPDX-License-Identifier: Apache-2.0
#include "base/output_path.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files.h"
#include "nibble/error.h"
#include "nibble/unwritten.h"
#include "support/full_disk.h"
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

class CheckedPaths : public test::Scratch {
 protected:
  static CommandPaths paths(std::vector<fs::path> inputs, std::vector<fs::path> outputs) {
    return {std::move(inputs), std::move(outputs), {}, {}};
  }
};

TEST_F(CheckedPaths, NoOutputMayBeAnInputByAnyName) {
  const auto input = file("d.json", "[]");
  fs::create_symlink(input, folder() / "link.json");
  fs::create_hard_link(input, folder() / "hard.json");
  for (const auto& name : {input, folder() / "." / "d.json", folder() / "link.json", folder() / "hard.json", fs::relative(input)}) {
    test::expect_error(ErrorKind::usage, {"overwrite", "d.json"}, [&] { check_paths(paths({input}, {name})); });
    test::expect_error(ErrorKind::usage, {"overwrite"}, [&] { check_paths({{input}, {}, {}, {name}}); });
  }
  EXPECT_NO_THROW(check_paths(paths({input, {}}, {folder() / "new/out.json", {}})));
  EXPECT_EQ(read_file(input), "[]");
  EXPECT_FALSE(fs::exists(folder() / "new"));
}

TEST_F(CheckedPaths, TwoOutputsAreTwoFiles) {
  test::expect_error(ErrorKind::usage, {"overwrite"}, [&] { check_paths(paths({}, {folder() / "a.json", folder() / "b/../a.json"})); });
  test::expect_error(ErrorKind::usage, {"overwrite"}, [&] { check_paths({{}, {folder() / "a.json"}, {}, {folder() / "a.json"}}); });
}

TEST_F(CheckedPaths, WhatAFolderAListOrADataFileNamesIsAnInput) {
  const auto image = file("set/images/val/1.jpg", "x"), label = file("set/labels/val/1.txt", "x");
  file("set/images/val/notes.json", "x");
  const auto list = file("lists/list.txt", "../set/images/val/1.jpg\r\n");
  const auto yaml = file("set/data.yaml", "path: .\nval: images/val\nnames: [a]\n");
  fs::create_hard_link(image, folder() / "other.json");
  for (const auto& input : {folder() / "set/images", list, yaml})
    for (const auto& output : {image, folder() / "other.json"})
      test::expect_error(ErrorKind::usage, {"overwrite"}, [&] { check_paths(paths({input}, {output})); });
  test::expect_error(ErrorKind::usage, {"overwrite"}, [&] { check_paths({{yaml}, {}, {}, {label}}); });
  EXPECT_NO_THROW(check_paths(paths({folder() / "set/images"}, {folder() / "set/images/val/notes.json"})));
  EXPECT_NO_THROW(check_paths(paths({folder() / "set/images"}, {folder() / "set/images/val/2.jpg"}))) << "nothing is there";
}

TEST_F(CheckedPaths, AnInputInAnOutputFolderMustNotBeWritten) {
  const auto layers = file("out/yolo-w4a8-layers.json", "{}"), other = file("out/recipe.yaml", "x");
  const CommandPaths both{{layers}, {}, {{folder() / "out", "yolo-"}}, {}};
  test::expect_error(ErrorKind::usage, {"overwrite", "yolo-w4a8-layers.json"}, [&] { check_paths(both); });
  EXPECT_NO_THROW(check_paths({{other}, {}, {{folder() / "out", "yolo-"}}, {}}));
  test::expect_error(ErrorKind::usage, {"overwrite"}, [&] { check_paths({{other}, {}, {{folder() / "out", ""}}, {}}); });
  EXPECT_NO_THROW(check_paths({{other}, {}, {{folder() / "out", std::nullopt}}, {}}));
}

TEST_F(CheckedPaths, PlacesThatCannotBeWrittenAreFoundBefore) {
  const auto a_file = file("a.txt", "x");
  test::expect_error(ErrorKind::usage, {"is a folder"}, [&] { check_paths(paths({}, {folder()})); });
  test::expect_error(ErrorKind::usage, {"names a folder"}, [&] { check_paths(paths({}, {folder() / "new/"})); });
  test::expect_error(ErrorKind::usage, {"is a file where a folder is needed"}, [&] { check_paths(paths({}, {a_file / "b" / "c.json"})); });
  test::expect_error(ErrorKind::usage, {"not a regular file"}, [&] { check_paths(paths({}, {"/dev/null"})); });
  test::expect_error(ErrorKind::usage, {"is a file; give a folder"}, [&] { check_paths({{}, {}, {{a_file, ""}}, {}}); });
  test::expect_error(ErrorKind::usage, {"is a folder"}, [&] { check_paths({{}, {}, {}, {folder()}}); });
  EXPECT_NO_THROW(check_paths({{}, {}, {}, {"/dev/null"}}));
  EXPECT_NO_THROW(check_paths({{}, {folder() / "x/y/z.json"}, {{folder() / "p/q", ""}}, {}}));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder()), {}), 1) << "nothing is left behind";
}

/// A file is written under a longer name first, and may be where the program's own words go.
TEST_F(CheckedPaths, NamesThatCannotBeWrittenOrAreInUseAreFoundBefore) {
  test::expect_error(ErrorKind::environment, {"cannot write", "File name too long"},
                     [&] { check_paths(paths({}, {folder() / (std::string(250, 'n') + ".j")})); });
  const auto log = file("log.txt", "mine\n");
  const int kept = ::dup(STDOUT_FILENO), opened = ::open(log.c_str(), O_WRONLY | O_APPEND);
  ASSERT_GE(::dup2(opened, STDOUT_FILENO), 0);
  test::expect_error(ErrorKind::usage, {"log.txt", "is the file that standard output goes to"}, [&] { check_paths(paths({}, {log})); });
  ::dup2(kept, STDOUT_FILENO);
  ::close(kept);
  ::close(opened);
  EXPECT_NO_THROW(check_paths(paths({}, {log})));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder()), {}), 1) << "nothing is left behind";
}

TEST_F(CheckedPaths, AReadOnlyPlaceIsFoundBefore) {
  test::expect_error(ErrorKind::environment, {"cannot write", "/proc/none.json"}, [] { check_paths(paths({}, {"/proc/none.json"})); });
  test::expect_error(ErrorKind::environment, {"cannot write"}, [] { check_paths({{}, {}, {{"/proc/none", ""}}, {}}); });
}

TEST_F(CheckedPaths, AFullDiskIsForeseen) {
  {
    const test::FullDisk disk(0);
    test::expect_error(ErrorKind::environment, {"cannot write"}, [&] { check_paths(paths({}, {folder() / "a.json"})); });
  }
  EXPECT_TRUE(fs::is_empty(folder()));
  EXPECT_NO_THROW(require_free_space(folder() / "new/a.onnx", 1000));
  test::expect_error(ErrorKind::environment, {"disk too full", "will be written"},
                     [&] { require_free_space(folder() / "new/a.onnx", std::int64_t{1} << 60); });
}

TEST_F(CheckedPaths, NumbersAreShownWhereTheirFileCannotBeWritten) {
  int written = 0;
  const auto fail = [] { throw Error(ErrorKind::environment, "full"); };
  try {
    write_or_show("mAP 0.5\n", {fail, [&] { ++written; }});
    ADD_FAILURE();
  } catch (const UnwrittenResult& error) {
    EXPECT_EQ(error.result(), "mAP 0.5\n");
    EXPECT_EQ(error.exit_code(), 5);
    EXPECT_STREQ(error.what(), "full");
  }
  EXPECT_EQ(written, 1) << "the other file is written all the same";
  EXPECT_NO_THROW(write_or_show("", {[&] { ++written; }}));
}

}  // namespace
}  // namespace nibble
