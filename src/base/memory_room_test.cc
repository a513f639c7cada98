// SPDX-License-Identifier: Apache-2.0
#include "base/memory_room.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/scratch.h"

namespace nibble {
namespace {

class ControlGroups : public test::Scratch {
 protected:
  std::optional<MemoryRoom> room(const std::string& groups) const { return control_group_room(folder() / "cg", file("groups", groups)); }
};

TEST_F(ControlGroups, Version2CountsTheCacheThatCanBeGivenBack) {
  file("cg/a/b/memory.max", "max\n");
  file("cg/a/b/memory.current", "5000\n");
  file("cg/a/memory.max", "10000\n");
  file("cg/a/memory.current", "8000\n");
  file("cg/a/memory.stat", "anon 5000\ninactive_file 1500\nactive_file 7\n");
  const auto found = room("0::/a/b\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bytes, 3500);
  EXPECT_THAT(found->limit, testing::HasSubstr("a/memory.max"));
}

TEST_F(ControlGroups, Version1HasAFolderOfItsOwn) {
  file("cg/memory/x/memory.limit_in_bytes", "4096\n");
  file("cg/memory/x/memory.usage_in_bytes", "1096\n");
  file("cg/memory/memory.limit_in_bytes", "9223372036854771712\n");
  file("cg/memory/memory.usage_in_bytes", "123456\n");
  const auto found = room("5:cpu,cpuacct:/y\n4:memory:/x\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bytes, 3000);
}

/// A container sees its own group as the root.
TEST_F(ControlGroups, TheRootCountsWhereTheGroupIsNotSeen) {
  file("cg/memory.max", "700\n");
  file("cg/memory.current", "200\n");
  const auto found = room("0::/../other\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bytes, 500);
}

TEST_F(ControlGroups, NoLimitIsNone) {
  EXPECT_FALSE(room("0::/a\n"));
  EXPECT_FALSE(room("nonsense"));
}

/// In a process of its own, for the limit cannot be taken back.
TEST(RequireMemory, SaysWhatIsNeededAndWhatIsThere) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers end the child where address space is short";
#endif
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{300U << 20, 300U << 20};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(3);
    try {
      require_memory("loading x", std::int64_t{1} << 30, 0);
    } catch (const Error& error) {
      const std::string words = error.what();
      const bool says = error.kind() == ErrorKind::environment &&
                        words.find("loading x: needs 1.07 GB of address space") != std::string::npos &&
                        words.find("(ulimit -v 307200)") != std::string::npos;
      ::_exit(says ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NO_THROW(require_memory("nothing", 0, 0));
}

}  // namespace
}  // namespace nibble
