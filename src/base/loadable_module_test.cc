// SPDX-License-Identifier: Apache-2.0
#include "base/loadable_module.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/build_id.h"
#include "base/library_folder.h"
#include "base/progress.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// The modules of tests/modules lie apart from the real ones.
class LoadableModule : public testing::Test {
 protected:
  void SetUp() override { setenv("NIBBLE_MODULES", NIBBLE_BINARY_DIR "/test_modules", 1); }
  void TearDown() override { unsetenv("NIBBLE_MODULES"); }

  static std::string refusal_of(const std::string& library, const std::string& symbol) {
    try {
      module_symbol(library, symbol);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::environment);
      return error.what();
    }
    ADD_FAILURE() << library << " was loaded";
    return {};
  }
};

TEST_F(LoadableModule, AMissingOneIsAnErrorThatSaysWhereItLooked) {
  const std::string message = refusal_of("nibble_no_such_module", "f");
  EXPECT_THAT(message, testing::HasSubstr("libnibble_no_such_module.so"));
  EXPECT_THAT(message, testing::HasSubstr(NIBBLE_BINARY_DIR "/test_modules, " + library_folder().string()));
}

TEST_F(LoadableModule, OneOfTheSameBuildIsLoaded) {
  EXPECT_EQ(module_function<int()>("nibble_module_of_this_build", "nibble_answer")(), 42);
}

/// There is one flag and one type of error, on whichever side they are used. The flag cannot be taken back, so a process of its own sets
/// it.
TEST_F(LoadableModule, SharesTheInterruptFlagAndItsErrorsAreCaught) {
  const auto stop_where_asked = module_function<void()>("nibble_module_of_this_build", "nibble_stop_where_asked");
  EXPECT_NO_THROW(stop_where_asked());
  const auto interrupted = [&] {
    request_interrupt();
    try {
      stop_where_asked();
    } catch (const Error& error) {
      std::_Exit(error.exit_code());
    }
    std::_Exit(0);
  };
  EXPECT_EXIT(interrupted(), testing::ExitedWithCode(130), "");
}

TEST_F(LoadableModule, OneOfAnotherBuildIsRefusedNamingBoth) {
  const std::string message = refusal_of("nibble_module_of_another_build", "nibble_answer");
  EXPECT_THAT(message, testing::HasSubstr("test_modules/libnibble_module_of_another_build.so"));
  EXPECT_THAT(message, testing::HasSubstr("of build 0.0.9-feedfacefeedface"));
  EXPECT_THAT(message, testing::HasSubstr("of build " + build_id()));
  // Once more: a refused module is not remembered as loaded.
  EXPECT_EQ(refusal_of("nibble_module_of_another_build", "nibble_answer"), message);
}

TEST_F(LoadableModule, OneThatDoesNotSayItsBuildIsRefused) {
  EXPECT_THAT(refusal_of("nibble_module_without_build", "nibble_answer"), testing::HasSubstr("without a build id"));
}

TEST_F(LoadableModule, AMissingSymbolIsNamed) {
  EXPECT_THAT(refusal_of("nibble_module_of_this_build", "nibble_no_such_function"), testing::HasSubstr("nibble_no_such_function"));
}

TEST(BuildId, IsTheVersionAndAHash) { EXPECT_THAT(build_id(), testing::MatchesRegex("[0-9]+[.][0-9]+[.][0-9]+-[0-9a-f]{16}")); }

TEST(BuildId, IsThatOfTheRealModules) { EXPECT_NE(module_symbol("nibble_image", "nibble_image_version"), nullptr); }

}  // namespace
}  // namespace nibble
