// SPDX-License-Identifier: Apache-2.0
#include "report/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nibble {
namespace {
using testing::HasSubstr;
using testing::Not;

Report three_gates() {
  Report report;
  report.model = "yolo<v10>n";
  report.seconds = 12.34;
  report.gates = {{"artifact_loads", "baseline-fp32", true, "loads"},
                  {"map_drop", "w4a8 \"opt\"", false, "0.3 & less\x01"},
                  {"min_map", "w4a16", false, "0.41; 95 %: 0.38 to 0.44", true, 500}};
  return report;
}

TEST(Junit, SkipsWhatIsUndecidedAndEscapesEverything) {
  EXPECT_EQ(junit_document(three_gates(), false),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"12.3\">\n"
            "<testsuite name=\"nibble yolo&lt;v10&gt;n\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"12.3\">\n"
            "<testcase classname=\"nibble.artifact_loads\" name=\"baseline-fp32\" time=\"0\"></testcase>\n"
            "<testcase classname=\"nibble.map_drop\" name=\"w4a8 &quot;opt&quot;\" time=\"0\">"
            "<failure message=\"0.3 &amp; less?\" type=\"gate\"/></testcase>\n"
            "<testcase classname=\"nibble.min_map\" name=\"w4a16\" time=\"0\">"
            "<skipped message=\"not enough evidence: 0.41; 95 %: 0.38 to 0.44\"/></testcase>\n"
            "</testsuite>\n</testsuites>\n");
}

TEST(Junit, StrictMakesUndecidedAFailure) {
  const auto text = junit_document(three_gates(), true);
  EXPECT_THAT(text, HasSubstr("failures=\"2\" errors=\"0\" skipped=\"0\""));
  EXPECT_THAT(text, HasSubstr("type=\"not enough evidence\""));
  EXPECT_THAT(text, Not(HasSubstr("<skipped")));
}

}  // namespace
}  // namespace nibble
