// SPDX-License-Identifier: Apache-2.0
#include "base/temporary.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/files.h"
#include "support/full_disk.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

class Temporary : public test::Scratch {
 protected:
  Temporary() { setenv("TMPDIR", folder().c_str(), 1); }
  ~Temporary() override {
    if (before_)
      setenv("TMPDIR", before_->c_str(), 1);
    else
      unsetenv("TMPDIR");
  }
  std::ptrdiff_t entries() const { return std::distance(fs::directory_iterator(folder()), fs::directory_iterator()); }

 private:
  const std::optional<std::string> before_ = std::getenv("TMPDIR") ? std::optional<std::string>(std::getenv("TMPDIR")) : std::nullopt;
};

TEST_F(Temporary, AFolderLivesAsLongAsItsScope) {
  {
    const TemporaryFolder one, other;
    EXPECT_EQ(one.path().parent_path(), folder());
    EXPECT_NE(one.path(), other.path());
    std::ofstream(one.path() / "inside") << "x";
    EXPECT_EQ(entries(), 2);
  }
  EXPECT_EQ(entries(), 0);
}

TEST_F(Temporary, AFileHasNoNameAndReadsBack) {
  const OpenFile file = open_temporary_file();
  EXPECT_EQ(entries(), 0);
  ASSERT_EQ(std::fwrite("four", 1, 4, file.get()), 4U);
  std::rewind(file.get());
  std::string back(4, ' ');
  EXPECT_EQ(std::fread(back.data(), 1, 4, file.get()), 4U);
  EXPECT_EQ(back, "four");
}

TEST_F(Temporary, PartsOfAFileAreWrittenAndReadInAnyOrder) {
  const OpenFile file = open_temporary_file();
  const auto bytes_of = [](std::string& text) { return std::as_writable_bytes(std::span(text)); };
  std::string later = "later", first = "first", back(10, ' ');
  ASSERT_TRUE(write_at(file.get(), 5, bytes_of(later)));
  ASSERT_TRUE(write_at(file.get(), 0, bytes_of(first)));
  ASSERT_TRUE(read_at(file.get(), 0, bytes_of(back)));
  EXPECT_EQ(back, "firstlater");
  EXPECT_FALSE(read_at(file.get(), 1, bytes_of(back)));
  EXPECT_EQ(errno, EIO);
  const test::FullDisk full(12);
  EXPECT_FALSE(write_at(file.get(), 10, bytes_of(later)));
  EXPECT_EQ(errno, EFBIG);
}

TEST_F(Temporary, AnErrorNamesTheFolder) {
  const auto plain = file("plain", "");
  for (const auto& path : {plain, folder() / "absent"}) {
    setenv("TMPDIR", path.c_str(), 1);
    test::expect_error(ErrorKind::environment, {path.string(), "set TMPDIR"}, [] { const TemporaryFolder none; });
    test::expect_error(ErrorKind::environment, {path.string(), "set TMPDIR"}, [] { open_temporary_file(); });
  }
}

/// Sets when the folder was last changed, so many seconds before now.
void make_older(const fs::path& folder, std::chrono::seconds age) { fs::last_write_time(folder, fs::file_time_type::clock::now() - age); }

TEST_F(Temporary, AFileThatCannotBeWrittenThereNamesTheVariable) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "x.onnx";
  EXPECT_TRUE(is_in_temporary_folder(file));
  EXPECT_FALSE(is_in_temporary_folder(folder.path()));
  const std::string content(100'000, 'x');
  const test::FullDisk full(10'000);
  test::expect_error(ErrorKind::environment, {"x.onnx", "set TMPDIR to another folder"}, [&] { write_file(file, content); });
}

TEST_F(Temporary, WhatAKilledProcessLeftIsRemovedWithTime) {
  const auto old = folder() / "nibble-Abc123", fresh = folder() / "nibble-Abc124", other = folder() / "nibble-test-Abc123";
  for (const auto& made : {old, fresh, other}) {
    fs::create_directories(made);
    std::ofstream(made / "trace") << "x";
  }
  make_older(old, std::chrono::hours(1));
  make_older(other, std::chrono::hours(1));
  {
    const TemporaryFolder used;
    EXPECT_FALSE(fs::exists(old));
    EXPECT_TRUE(fs::exists(fresh)) << "its process may be about to lock it";
    EXPECT_TRUE(fs::exists(other)) << "not a name of ours";
  }
}

TEST_F(Temporary, WhatIsInUseStays) {
  const auto inner = folder() / "inner";
  fs::create_directories(inner);
  setenv("TMPDIR", inner.c_str(), 1);
  const TemporaryFolder used;
  make_older(used.path(), std::chrono::hours(1));
  const pid_t child = ::fork();  // has swept no folder under this name
  ASSERT_GE(child, 0);
  if (child == 0) {
    setenv("TMPDIR", (inner / "../inner").c_str(), 1);
    ::_exit(TemporaryFolder().path().empty() ? 1 : fs::exists(used.path()) ? 0 : 2);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(fs::exists(used.path()));
}

}  // namespace
}  // namespace nibble
