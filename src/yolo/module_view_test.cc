// SPDX-License-Identifier: Apache-2.0
#include "yolo/module_view.h"

#include <cmath>

#include "ckpt/archive_builder.h"
#include "ckpt/pickle.h"
#include "support/scratch.h"

namespace nibble {
namespace {

using namespace test;  // the opcodes of archive_builder.h

/// The root of the archive as a module named "model.3".
Module view(const Archive& archive, const Code& code, Checkpoint& keep) {
  keep = read_checkpoint(archive.bytes(code), "tiny.pt");
  return Module(keep, "model.3", keep.root());
}

class ModuleViewTest : public testing::Test {
 protected:
  Module view_of(const Code& code) { return view(archive_, code, checkpoint_); }

  Archive archive_;
  Checkpoint checkpoint_ = read_checkpoint(Archive().bytes(none()), "empty.pt");
};

TEST_F(ModuleViewTest, AttributesAreTyped) {
  const auto view = view_of(module(
      "torch.nn.modules.conv", "Conv2d",
      {{"groups", integer(4)}, {"stride", integers({2, 1})}, {"eps", number(0.5)}, {"mode", text("nearest")}, {"add", boolean(true)}}));
  EXPECT_EQ(view.class_key(), "torch.Conv2d");
  EXPECT_EQ(view.class_name(), "torch.nn.modules.conv.Conv2d");
  EXPECT_EQ(view.integer("groups"), 4);
  EXPECT_EQ(view.pair("groups"), (op::Pair{4, 4}));
  EXPECT_EQ(view.pair("stride"), (op::Pair{2, 1}));
  EXPECT_DOUBLE_EQ(view.real("eps"), 0.5);
  EXPECT_DOUBLE_EQ(view.real("groups"), 4.0);
  EXPECT_TRUE(view.boolean_or("add", false));
  EXPECT_TRUE(view.boolean_or("absent", true));
  EXPECT_EQ(view.integer("groups", 4, 4), 4);
}

TEST_F(ModuleViewTest, NumbersMayBeOfNumPy) {
  const auto scalar = [](const std::string& type, const std::string& content) {
    return call("numpy.core.multiarray", "scalar",
                {call("numpy", "dtype", {text(type), boolean(false), boolean(true)}),
                 "C" + std::string(1, static_cast<char>(content.size())) + content});
  };
  const auto three = scalar("i2", std::string("\3\0", 2));
  const auto view =
      view_of(module("torch.nn.modules.conv", "Conv2d",
                     {{"groups", three}, {"stride", tuple({three, integer(1)})}, {"eps", scalar("f4", std::string("\0\0\0\x3F", 4))}}));
  EXPECT_EQ(view.integers("groups"), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(view.pair("stride"), (op::Pair{3, 1}));
  EXPECT_DOUBLE_EQ(view.real("eps"), 0.5);
}

TEST_F(ModuleViewTest, NumbersOutOfBoundsAreRefused) {
  const auto view =
      view_of(module("a.b", "C", {{"n", integer(1'000'000'000'000)}, {"padding", integers({1, -1})}, {"stride", integer(5000)}}));
  EXPECT_EQ(view.integer("n"), 1'000'000'000'000);
  EXPECT_THROW(view.integer("n", 1, 64), Error);
  EXPECT_THROW(view.pair("n"), Error);
  EXPECT_THROW(view.pair("padding"), Error);
  EXPECT_THROW(view.pair("stride"), Error);
}

TEST(PythonTextTest, ListsThatMultiplyThemselvesAreCut) {
  PickleRef value = std::make_shared<const PickleValue>(PickleValue{std::int64_t{7}});
  for (int level = 0; level < 60; ++level) {
    PickleList list;
    list.items = {value, value};
    value = std::make_shared<const PickleValue>(PickleValue{list});
  }
  const auto text = python_text(value);
  EXPECT_EQ(text.size(), 203U);
  EXPECT_TRUE(text.starts_with("[[[[") && text.ends_with("...")) << text;
}

TEST_F(ModuleViewTest, ErrorsNameFilePathClassAndValue) {
  const auto view = view_of(module("a.b", "C", {{"groups", text("four")}, {"stride", integers({1, 2, 3})}}));
  const auto refused = [&](const std::string& why, const auto& action) {
    expect_error(ErrorKind::input, {"tiny.pt: model.3 (a.b.C)", why}, action);
  };
  refused("'groups' is str 'four', expected an integer", [&] { view.integer("groups"); });
  refused("'groups' is str 'four', expected True or False", [&] { view.boolean_or("groups", true); });
  refused("'stride' has 3 numbers", [&] { view.pair("stride"); });
  refused("'padding' is missing", [&] { view.pair("padding"); });
  refused("no child 'cv1'", [&] { view.child("cv1"); });
  refused("tensor 'weight' is missing", [&] { view.tensor("weight", {1}); });
}

TEST_F(ModuleViewTest, TensorsAreReadAsFloat) {
  const Code weight = parameter(archive_.tensor<Half>({2}, {to_half(1.5F), to_half(-2.0F)}));
  const auto view = view_of(module("a.b", "C", {}, {{"weight", weight}, {"bias", none()}}));
  EXPECT_TRUE(identical(view.tensor("weight", {2}), Tensor::of<float>({2}, {1.5F, -2.0F})));
  EXPECT_FALSE(view.find_tensor("bias").has_value());
  ASSERT_EQ(view.parameters().size(), 1U);
  EXPECT_EQ(view.parameters()[0]->dtype, DType::f16);
  expect_error(ErrorKind::input, {"'weight' has the shape [2], expected [3]", "pruned"}, [&] { view.tensor("weight", {3}); });
}

TEST_F(ModuleViewTest, ChildrenKeepTheirOrderAndPath) {
  const Code leaf = module("torch.nn", "SiLU", {});
  const auto view = view_of(module("torch.nn", "Sequential", {}, {}, {}, {{"b", leaf}, {"none", none()}, {"a", leaf}}));
  ASSERT_EQ(view.children().size(), 2U);
  EXPECT_EQ(view.children()[0].path(), "model.3.b");
  EXPECT_EQ(view.child("a").path(), "model.3.a");
  EXPECT_FALSE(view.find_child("none").has_value());
}

TEST_F(ModuleViewTest, ACompiledChildIsTheModuleThatWasCompiled) {
  const Code leaf = module("torch.nn.modules.activation", "SiLU", {});
  const Code compiled = call("torch._dynamo.eval_frame", "OptimizedModule", {leaf, none()});
  const Code older = module("torch._dynamo.eval_frame", "OptimizedModule", {}, {}, {}, {{"_orig_mod", compiled}});
  const auto view = view_of(module("torch.nn", "Sequential", {}, {}, {}, {{"a", compiled}, {"b", older}}));
  EXPECT_EQ(view.child("a").class_key(), "torch.SiLU");
  EXPECT_EQ(view.child("b").class_key(), "torch.SiLU");
  EXPECT_EQ(view.child("b").path(), "model.3.b");
}

TEST_F(ModuleViewTest, ModulesThatMultiplyByAliasesAreRefused) {
  Code code = put(0, module("torch.nn", "Identity", {}));
  for (std::uint32_t depth = 0; depth < 40; ++depth)
    code = put(depth + 1, module("torch.nn", "Sequential", {}, {}, {}, {{"0", code}, {"1", get(depth)}}));
  const auto view = view_of(code);
  expect_error(ErrorKind::input, {"tiny.pt", "more than 1000000 modules"}, [&] { view.parameters(); });
}

TEST_F(ModuleViewTest, AModuleInItselfIsRefused) {
  const Code code = put(0, global("torch.nn", "Sequential") + ")\x81") + named_dict({{"_modules", named_dict({{"m", get(0)}})}}) + "b";
  const auto view = view_of(code);
  EXPECT_EQ(view.children().at(0).path(), "model.3.m");
  expect_error(ErrorKind::input, {"tiny.pt", "model.3.m.m.m", "nested deeper than 64"}, [&] { view.parameters(); });
}

TEST_F(ModuleViewTest, AMethodOfItselfIsAnAttribute) {
  const Code forward = call("builtins", "getattr", {get(0), text("forward_fuse")});
  const auto view = view_of(put(0, global("ultralytics.nn.modules.conv", "Conv") + ")\x81") +
                            named_dict({{"_modules", named_dict({{"act", module("torch.nn", "SiLU", {})}})}, {"forward", forward}}) + "b");
  EXPECT_EQ(python_text(view.find("forward")), "<builtins.getattr>");
  EXPECT_EQ(view.children().size(), 1U);
}

TEST(PythonTextTest, AListInItselfIsCut) {
  const std::string code = "\x80\2]q\1h\1a.";
  const auto list = unpickle(std::as_bytes(std::span(code)), "test.pkl").root;
  const auto text = python_text(list);
  EXPECT_EQ(text.size(), 203U);
  EXPECT_TRUE(text.starts_with("[[[[")) << text;
}

TEST_F(ModuleViewTest, APrunedTensorIsOriginalTimesMask) {
  const Code original = parameter(archive_.tensor<float>({2, 2}, {1, 2, 3, 4})), bias = parameter(archive_.tensor<float>({2}, {5, 6}));
  const Code stale = archive_.tensor<float>({2, 2}, {9, 9, 9, 9});
  const auto view = view_of(
      module("torch.nn.modules.conv", "Conv2d", {{"weight", stale}}, {{"weight_orig", original}, {"bias_orig", bias}},
             {{"weight_mask", archive_.tensor<float>({2, 2}, {1, 0, 0.5F, 1})}, {"bias_mask", archive_.tensor<float>({2}, {0, 1})}}));
  EXPECT_TRUE(identical(view.tensor("weight", {2, 2}), Tensor::of<float>({2, 2}, {1, 0, 1.5F, 4})));
  EXPECT_TRUE(identical(view.tensor("bias", {2}), Tensor::of<float>({2}, {0, 6})));
}

TEST_F(ModuleViewTest, AMaskOfAnotherShapeIsRefused) {
  const auto view = view_of(
      module("a.b", "C", {}, {{"weight_orig", archive_.tensor<float>({2}, {1, 2})}}, {{"weight_mask", archive_.tensor<float>({1}, {1})}}));
  expect_error(ErrorKind::input, {"'weight_mask' has the shape [1], 'weight_orig' [2]"}, [&] { view.tensor("weight", {2}); });
}

TEST_F(ModuleViewTest, TensorsThatAreComputedAreRefusedByName) {
  const auto refused = [&](const NamedCodes& parameters, const std::string& by) {
    const auto view = view_of(module("a.b", "C", {{"weight", archive_.tensor<float>({1}, {1})}}, parameters));
    expect_error(ErrorKind::unsupported, {"tiny.pt: model.3 (a.b.C): its 'weight' is computed by", by},
                 [&] { view.tensor("weight", {1}); });
  };
  const Code one = archive_.tensor<float>({1}, {1});
  refused({{"weight_g", one}, {"weight_v", one}}, "weight_norm and not stored; call remove_weight_norm(module, 'weight')");
  refused({{"weight_orig", one}}, "spectral_norm");
}

TEST_F(ModuleViewTest, NumbersThatAreNoneAreCounted) {
  const float nan = std::nanf(""), infinity = HUGE_VALF;
  const auto view = view_of(module("a.b", "C", {}, {{"weight", archive_.tensor<float>({5}, {1, nan, 2, -infinity, infinity})}}));
  expect_error(ErrorKind::numeric, {"tiny.pt: model.3 (a.b.C): tensor 'weight': 3 of 5 elements are NaN or infinite, the first at index 1"},
               [&] { view.tensor("weight", {5}); });
}

TEST_F(ModuleViewTest, PythonText) {
  const auto view = view_of(module("a.b", "C", {{"line", list({integer(-1), text("C2f"), list({boolean(true), number(0.5), none()})})}}));
  EXPECT_EQ(python_text(view.find("line")), "[-1, C2f, [True, 0.5, None]]");
}

}  // namespace
}  // namespace nibble
