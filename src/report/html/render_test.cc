// SPDX-License-Identifier: Apache-2.0
#include "report/html/render.h"

#include <gtest/gtest.h>

#include "nibble/error.h"

namespace nibble {
namespace {

TEST(Render, EscapesUnlessTold) { EXPECT_EQ(render_template("{{a}} {{{a}}}", {{"a", "<b>&\"'"}}), "&lt;b&gt;&amp;&quot;&apos; <b>&\"'"); }

TEST(Render, RepeatsListsAndSkipsWhatIsFalseOrEmpty) {
  const Json values = {{"list", {"a", "b"}}, {"none", Json::array()}, {"no", false}, {"object", {{"x", "y"}}}};
  EXPECT_EQ(
      render_template("{{#list}}[{{.}}]{{/list}}{{#none}}n{{/none}}{{#no}}o{{/no}}{{^no}}z{{/no}}{{#object}}{{x}}{{/object}}", values),
      "[a][b]zy");
}

TEST(Render, TextIsNeverATemplate) { EXPECT_EQ(render_template("{{a}}", {{"a", "{{b}}"}, {"b", "secret"}}), "{{b}}"); }

TEST(Render, RefusesNumbersAndBadTemplates) {
  EXPECT_THROW(render_template("{{a}}", {{"a", 1.5}}), Error);
  EXPECT_THROW(render_template("{{#a}}", {{"a", true}}), Error);
}

}  // namespace
}  // namespace nibble
