// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <ostream>

#include "base/leftovers.h"
#include "base/library_folder.h"
#include "base/shared_data.h"
#include "base/threads.h"
#include "nibble/error.h"
#include "support/full_disk.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = test::process_folder() / (std::string("nibble_files_") + info->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::ptrdiff_t entries() const { return std::distance(fs::directory_iterator(folder_), fs::directory_iterator()); }
  fs::path folder_;
};

std::string hash_of(std::string_view text) { return sha256_of(std::as_bytes(std::span(text.data(), text.size()))); }

TEST_F(Files, WritesMakesFoldersReplacesAndReadsBack) {
  const auto path = folder_ / "a" / "b.bin";
  const std::string content("x\0y\n", 4);
  write_file(path, content);
  EXPECT_EQ(read_file(path), content);
  write_file(path, "second");
  EXPECT_EQ(read_file(path), "second");
  EXPECT_EQ(entries(), 1);
}

TEST_F(Files, ReadsMoreThanOneBuffer) {
  const std::string content(200'001, 'z');
  write_file(folder_ / "large", content);
  EXPECT_EQ(read_file(folder_ / "large"), content);
}

TEST_F(Files, MissingFileIsAnInputErrorWithItsPath) {
  try {
    read_file(folder_ / "absent.json");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_THAT(error.what(), testing::HasSubstr("absent.json"));
  }
  EXPECT_THROW(read_file(folder_), Error);
  EXPECT_THROW(sha256_of_file(folder_ / "absent"), Error);
}

TEST_F(Files, AFailureInTheMiddleKeepsTheOldFileAndLeavesNothing) {
  const auto path = folder_ / "kept";
  write_file(path, "old");
  EXPECT_THROW(write_file(path,
                          [](std::ostream& stream) {
                            stream << "half";
                            throw std::runtime_error("stop");
                          }),
               std::runtime_error);
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(entries(), 1);
}

TEST_F(Files, AFullDiskIsAnEnvironmentErrorAndLeavesNothing) {
  const auto path = folder_ / "big";
  write_file(path, "old");
  const test::FullDisk full(4096);
  try {
    write_file(path, std::string(1 << 20, 'x'));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::environment);
    EXPECT_THAT(error.what(), testing::HasSubstr(path.string()));
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(entries(), 1);
}

TEST_F(Files, WritesDurably) {
  const auto path = folder_ / "a" / "b.bin";
  write_file(path, "old");
  write_file_durably(path, [](std::ostream& stream) { stream << "new"; });
  EXPECT_EQ(read_file(path), "new");
  EXPECT_EQ(entries(), 1);
  EXPECT_THROW(write_file_durably(path / "below", [](std::ostream& stream) { stream << "x"; }), Error);
  EXPECT_EQ(read_file(path), "new");
}

TEST_F(Files, AParentThatIsAFileIsAnEnvironmentError) {
  write_file(folder_ / "file", "");
  try {
    write_file(folder_ / "file" / "inside", "x");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::environment);
  }
}

TEST_F(Files, KindsOfPaths) {
  write_file(folder_ / "file", "x");
  fs::create_symlink(folder_ / "file", folder_ / "link");
  EXPECT_TRUE(is_file(folder_ / "file"));
  EXPECT_TRUE(is_file(folder_ / "link"));
  EXPECT_TRUE(is_folder(folder_));
  EXPECT_FALSE(is_file(folder_));
  EXPECT_FALSE(is_folder(folder_ / "file"));
  EXPECT_FALSE(is_file(folder_ / "absent"));
  EXPECT_FALSE(is_file(folder_ / "file" / "below"));
}

TEST_F(Files, APathWhoseKindCannotBeToldIsAnInputError) {
  fs::create_symlink(folder_ / "loop", folder_ / "loop");
  for (const auto& path : {folder_ / "loop", folder_ / std::string(5000, 'x')}) {
    try {
      is_file(path);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_THAT(error.what(), testing::HasSubstr(path.string()));
    }
    EXPECT_THROW(is_folder(path), Error);
  }
}

TEST(LibraryFolder, IsTheBuildFolderOfALibraryThatWasNotInstalled) {
  EXPECT_TRUE(fs::equivalent(library_folder(), NIBBLE_BINARY_DIR));
  EXPECT_TRUE(is_build_folder(library_folder()));
  EXPECT_FALSE(is_build_folder("/usr/bin"));
  EXPECT_FALSE(is_build_folder(""));
}

TEST(SharedData, OnlyALibraryInItsBuildFolderLooksIntoTheSourceTree) {
  EXPECT_THAT(shared_data_places("recipes", library_folder()), testing::Contains(fs::path(NIBBLE_SOURCE_DIR) / "recipes"));
  EXPECT_THAT(shared_data_places("recipes", "/opt/nibble/lib/nibble"), testing::ElementsAre(fs::path("/opt/nibble/share/nibble/recipes")));
}

/// Each wants a stack of its own.
TEST(Threads, AreRefusedBeforeAPoolIsHalfMade) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers reserve more address space than the limit allows";
#endif
  EXPECT_NO_THROW(require_threads(0));
  EXPECT_NO_THROW(require_threads(8));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  const rlimit little{1 << 30, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &little), 0);
  test::expect_error(ErrorKind::environment, {"of 10000 can be started here", "--threads"}, [] { require_threads(10000); });
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
}

TEST(Threads, AskedOrTheCores) {
  EXPECT_EQ(thread_count(3), 3);
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(thread_count(0), CPU_COUNT(&before));
  CPU_ZERO(&one);
  for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(thread_count(0), 1);
  sched_setaffinity(0, sizeof before, &before);
}

// Known answers: FIPS 180-4's examples "" , "abc" and a million times "a".
TEST_F(Files, Sha256KnownAnswers) {
  EXPECT_EQ(hash_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const std::string million(1'000'000, 'a');
  EXPECT_EQ(hash_of(million), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  write_file(folder_ / "million", million);
  EXPECT_EQ(sha256_of_file(folder_ / "million"), hash_of(million));
}

TEST(WriteFile, RefusesToReplaceADevice) {
  try {
    write_file("/dev/null", "x");
    FAIL() << "written";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
  }
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(WriteFile, WritesThroughALink) {
  const auto folder = test::process_folder() / "nibble_link_test";
  std::filesystem::remove_all(folder);
  write_file(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  write_file(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "target"), "new");
  std::filesystem::remove_all(folder);
}

constexpr pid_t kNoProcess = (1 << 22) + 1;  // none of Linux has such a number

TEST_F(Files, WhatKilledWritersLeftIsRemoved) {
  const auto dead = std::to_string(kNoProcess), alive = std::to_string(::getpid());
  for (const auto& name : {"a.json." + dead + "-0.part", "a.json." + alive + "-7.part", "b." + dead + "-x.part", "c." + dead + ".part",
                           dead + "-1.part", std::string("part")})
    write_file(folder_ / "x" / name, std::string_view("mine"));
  remove_leftovers(folder_ / "x");
  EXPECT_FALSE(fs::exists(folder_ / "x" / ("a.json." + dead + "-0.part")));
  EXPECT_TRUE(fs::exists(folder_ / "x" / ("a.json." + alive + "-7.part")));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "x"), fs::directory_iterator()), 5);
  remove_leftovers(folder_ / "absent");
}

TEST_F(Files, TheFirstWriteIntoAFolderRemovesThem) {
  const auto left = folder_ / ("model.onnx." + std::to_string(kNoProcess) + "-0.part");
  std::ofstream(left) << "half";
  write_file(folder_ / "other.json", std::string_view("{}"));
  EXPECT_FALSE(fs::exists(left));
}

}  // namespace
}  // namespace nibble
