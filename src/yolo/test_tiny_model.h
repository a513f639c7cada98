// SPDX-License-Identifier: Apache-2.0
// Test support: a checkpoint of a detector with every block of YOLOv10, a few channels wide, two levels (strides 2, 4).
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "ckpt/archive_builder.h"
#include "ckpt/checkpoint.h"
#include "support/naive_eval.h"

namespace nibble::test {

inline constexpr std::int64_t kTinySize = 8;      // pixels
inline constexpr std::int64_t kTinyAnchors = 20;  // 4 x 4 and 2 x 2

struct TinyOptions {
  std::int64_t classes = 3;
  std::string model_class = "DetectionModel";
  std::string key = "model";  ///< where the model lies in the checkpoint
  bool fused = false;         ///< Conv without bn, with a bias, and `forward` a method of itself
  bool with_one2one = true;   ///< the branch exists
  bool with_one2many = true;
  std::string first_class = "Conv";   ///< of layer 0
  std::int64_t claimed_channels = 3;  ///< in_channels of layer 0; its weight has 3
  std::string activation = "SiLU";    ///< class of torch.nn
  NamedCodes activation_attributes;
  std::vector<float> activation_weight;  ///< of PReLU; none: no such parameter
  std::string norm = "BatchNorm2d";      ///< class of torch.nn
  NamedCodes norm_attributes;            ///< besides ours
  float weight = 0.5F;                   ///< factor of the first weights of layer 0; may be no number
  std::string wrapper;                   ///< "module.Class" around the model, which is its child `wrapped_as`
  std::string wrapped_as = "module";
  bool compiled = false;     ///< the model and its layer 2, as torch.compile leaves them
  NamedCodes yaml_changes;   ///< items of the yaml that replace ours
  NamedCodes model_changes;  ///< attributes of the model that replace ours
  NamedCodes head_changes;   ///< attributes of the head that replace ours
  NamedCodes train_args;     ///< beside the model; none: no such item
  Code all_train_args;       ///< the whole item, where it is something else
};

/// What torch.compile of PyTorch 2.1 or later makes of a module.
inline Code compiled(const Code& module) { return call("torch._dynamo.eval_frame", "OptimizedModule", {module, none()}); }

class TinyModel {
 public:
  explicit TinyModel(TinyOptions options) : options_(std::move(options)) {}

  Checkpoint checkpoint() { return read_checkpoint(bytes(), "tiny.pt"); }
  /// Of the file.
  std::string bytes() {
    const Code model = wrapped(model_code());
    if (options_.key.empty()) return archive_.bytes(model);
    const bool in_ema = options_.key == "ema";
    const Code beside = in_ema ? text("not looked at") : none();
    NamedCodes root{{"model", options_.key == "model" ? model : beside}, {"ema", in_ema ? model : none()}};
    if (!options_.all_train_args.empty()) root.emplace_back("train_args", options_.all_train_args);
    if (!options_.train_args.empty()) root.emplace_back("train_args", named_dict(options_.train_args));
    return archive_.bytes(named_dict(root));
  }

 private:
  Code wrapped(const Code& model) const {
    if (options_.compiled) return test::compiled(model);
    if (options_.wrapper.empty()) return model;
    const auto dot = options_.wrapper.rfind('.');
    return module(options_.wrapper.substr(0, dot), options_.wrapper.substr(dot + 1), {}, {}, {}, {{options_.wrapped_as, model}});
  }
  Code block(const std::string& name, const NamedCodes& children, const NamedCodes& attributes = {}) {
    return module("ultralytics.nn.modules.block", name, attributes, {}, {}, children);
  }
  Code conv2d(std::int64_t inputs, std::int64_t outputs, std::int64_t kernel, std::int64_t stride = 1, std::int64_t groups = 1,
              bool with_bias = true, std::int64_t claimed_inputs = 0, float scale = 0.5F) {
    const auto both = [](std::int64_t value) { return integers({value, value}); };
    return module(
        "torch.nn.modules.conv", "Conv2d",
        {{"in_channels", integer(claimed_inputs > 0 ? claimed_inputs : inputs)},
         {"out_channels", integer(outputs)},
         {"kernel_size", both(kernel)},
         {"stride", both(stride)},
         {"padding", both(kernel / 2)},
         {"dilation", both(1)},
         {"groups", integer(groups)},
         {"padding_mode", text("zeros")},
         {"transposed", boolean(false)}},
        {{"weight", tensor({outputs, inputs / groups, kernel, kernel}, scale)}, {"bias", with_bias ? tensor({outputs}, 0.5F) : none()}});
  }
  Code tensor(const Shape& shape, float scale, float offset = 0) {
    std::vector<float> values;
    const Tensor random = random_tensor(shape, ++seed_);
    for (const auto value : random.as<float>()) values.push_back(offset + scale * value);
    return parameter(archive_.tensor<float>(shape, values));
  }
  Code activation(bool active) {
    if (!active) return module("torch.nn.modules.linear", "Identity", {});
    NamedCodes weights;
    const auto& slopes = options_.activation_weight;
    if (!slopes.empty()) weights = {{"weight", parameter(archive_.tensor<float>({static_cast<std::int64_t>(slopes.size())}, slopes))}};
    return module("torch.nn.modules.activation", options_.activation, options_.activation_attributes, weights);
  }
  Code batchnorm(std::int64_t channels) {
    NamedCodes attributes{{"num_features", integer(channels)}, {"eps", number(1e-3)}};
    attributes.insert(attributes.end(), options_.norm_attributes.begin(), options_.norm_attributes.end());
    return module("torch.nn.modules.batchnorm", options_.norm, attributes,
                  {{"weight", tensor({channels}, 0.5F, 1)}, {"bias", tensor({channels}, 0.5F)}},
                  {{"running_mean", tensor({channels}, 0.5F)}, {"running_var", tensor({channels}, 0.4F, 1)}});
  }
  Code conv(std::int64_t inputs, std::int64_t outputs, std::int64_t kernel, std::int64_t stride = 1, std::int64_t groups = 1,
            bool active = true) {
    NamedCodes children{{"conv", conv2d(inputs, outputs, kernel, stride, groups, options_.fused)}};
    if (!options_.fused) children.emplace_back("bn", batchnorm(outputs));
    children.emplace_back("act", activation(active));
    if (!options_.fused) return module("ultralytics.nn.modules.conv", "Conv", {}, {}, {}, children);
    // What fuse() of Ultralytics leaves: the instance is in the memo before its state is, and the state refers to it.
    const auto self = ++memo_;
    const Code forward = call("__builtin__", "getattr", {get(self), text("forward_fuse")});
    return put(self, global("ultralytics.nn.modules.conv", "Conv") + ")\x81") +
           named_dict({{"training", boolean(false)},
                       {"_parameters", ordered_dict({})},
                       {"_buffers", ordered_dict({})},
                       {"_modules", named_ordered_dict(children)},
                       {"forward", forward}}) +
           "b";
  }
  Code numbered(const std::string& name, const Codes& members, const NamedCodes& attributes = {}) {
    NamedCodes children;
    for (const auto& member : members) children.emplace_back(std::to_string(children.size()), member);
    return module("torch.nn.modules.container", name, attributes, {}, {}, children);
  }

  Code bottleneck(std::int64_t c) {
    return block("Bottleneck", {{"cv1", conv(c, c, 3)}, {"cv2", conv(c, c, 3)}}, {{"add", boolean(true)}});
  }
  Code repvgg_dw(std::int64_t c) {
    return block("RepVGGDW", {{"conv", conv(c, c, 7, 1, c, false)}, {"conv1", conv(c, c, 3, 1, c, false)}, {"act", activation(true)}});
  }
  Code cib(std::int64_t c) {
    const Codes steps{conv(c, c, 3, 1, c), conv(c, 2 * c, 1), repvgg_dw(2 * c), conv(2 * c, c, 1), conv(c, c, 3, 1, c)};
    return block("CIB", {{"cv1", numbered("Sequential", steps)}}, {{"add", boolean(true)}});
  }
  Code attention(std::int64_t c) {
    return block(
        "Attention", {{"qkv", conv(c, 2 * c, 1, 1, 1, false)}, {"proj", conv(c, c, 1, 1, 1, false)}, {"pe", conv(c, c, 3, 1, c, false)}},
        {{"num_heads", integer(2)}, {"head_dim", integer(c / 2)}, {"key_dim", integer(c / 4)}, {"scale", number(std::pow(c / 4, -0.5))}});
  }
  Code branch(bool boxes) {
    Codes levels;
    for (int level = 0; level < 2; ++level) {
      if (boxes) {
        levels.push_back(numbered("Sequential", {conv(8, 8, 3), conv(8, 8, 3), conv2d(8, 64, 1)}));
      } else {
        const Code first = numbered("Sequential", {conv(8, 8, 3, 1, 8), conv(8, 8, 1)});
        levels.push_back(numbered("Sequential", {first, conv2d(8, options_.classes, 1)}));
      }
    }
    return numbered("ModuleList", levels);
  }
  Code head(const NamedCodes& place) {
    std::vector<float> bins;
    for (int i = 0; i < 16; ++i) bins.push_back(static_cast<float>(i));
    const Code dfl_conv = module("torch.nn.modules.conv", "Conv2d",
                                 {{"in_channels", integer(16)},
                                  {"out_channels", integer(1)},
                                  {"kernel_size", integers({1, 1})},
                                  {"stride", integers({1, 1})},
                                  {"padding", integers({0, 0})},
                                  {"dilation", integers({1, 1})},
                                  {"groups", integer(1)}},
                                 {{"weight", parameter(archive_.tensor<float>({1, 16, 1, 1}, bins))}, {"bias", none()}});
    NamedCodes children{{"dfl", block("DFL", {{"conv", dfl_conv}}, {{"c1", integer(16)}})}};
    for (const std::string prefix : {"", "one2one_"}) {
      if (!(prefix.empty() ? options_.with_one2many : options_.with_one2one)) continue;
      children.emplace_back(prefix + "cv2", branch(true));
      children.emplace_back(prefix + "cv3", branch(false));
    }
    NamedCodes attributes = replaced({{"nc", integer(options_.classes)},
                                      {"nl", integer(2)},
                                      {"reg_max", integer(16)},
                                      {"no", integer(64 + options_.classes)},
                                      {"stride", archive_.tensor<float>({2}, {2, 4})}},
                                     options_.head_changes);
    attributes.insert(attributes.end(), place.begin(), place.end());
    return module("ultralytics.nn.modules.head", "v10Detect", attributes, {}, {}, children);
  }

  static Code yaml_line(const Code& from, const std::string& name) { return list({from, integer(1), text(name), list({})}); }

  Code model_code() {
    Codes layers;
    Codes lines;
    const auto place = [&](const Code& from, const std::string& name) {
      lines.push_back(yaml_line(from, name));
      return NamedCodes{{"i", integer(static_cast<std::int64_t>(lines.size()) - 1)}, {"f", from}};
    };
    const auto with = [](NamedCodes attributes, const NamedCodes& more) {
      attributes.insert(attributes.end(), more.begin(), more.end());
      return attributes;
    };
    const Code previous = integer(-1);
    layers.push_back(first_layer(place(previous, options_.first_class)));
    layers.push_back(block("SCDown", {{"cv1", conv(4, 8, 1)}, {"cv2", conv(8, 8, 3, 2, 8, false)}}, place(previous, "SCDown")));
    const Code c2f =
        block("C2f", {{"cv1", conv(8, 8, 1)}, {"cv2", conv(16, 8, 1)}, {"m", numbered("ModuleList", {bottleneck(4), bottleneck(4)})}},
              place(previous, "C2f"));
    layers.push_back(options_.compiled ? compiled(c2f) : c2f);
    const Code ffn = numbered("Sequential", {conv(4, 8, 1), conv(8, 4, 1, 1, 1, false)});
    layers.push_back(
        block("PSA", {{"cv1", conv(8, 8, 1)}, {"cv2", conv(8, 8, 1)}, {"attn", attention(4)}, {"ffn", ffn}}, place(previous, "PSA")));
    layers.push_back(
        module("torch.nn.modules.upsampling", "Upsample",
               with({{"scale_factor", number(2.0)}, {"mode", text("nearest")}, {"size", none()}}, place(previous, "nn.Upsample"))));
    layers.push_back(
        module("ultralytics.nn.modules.conv", "Concat", with({{"d", integer(1)}}, place(list({previous, integer(0)}), "Concat"))));
    layers.push_back(block("C2fCIB", {{"cv1", conv(12, 8, 1)}, {"cv2", conv(12, 8, 1)}, {"m", numbered("ModuleList", {cib(4)})}},
                           place(previous, "C2fCIB")));
    const Code pool = module("torch.nn.modules.pooling", "MaxPool2d",
                             {{"kernel_size", integer(5)},
                              {"stride", integer(1)},
                              {"padding", integer(2)},
                              {"dilation", integer(1)},
                              {"ceil_mode", boolean(false)}});
    layers.push_back(block("SPPF", {{"cv1", conv(8, 4, 1)}, {"cv2", conv(16, 8, 1)}, {"m", pool}}, place(previous, "SPPF")));
    layers.push_back(head(place(list({integer(7), integer(3)}), "v10Detect")));

    const NamedCodes yaml = replaced({{"nc", integer(options_.classes)},
                                      {"scale", text("n")},
                                      {"backbone", list({lines.begin(), lines.begin() + 4})},
                                      {"head", list({lines.begin() + 4, lines.end()})}},
                                     options_.yaml_changes);
    const NamedCodes attributes = replaced({{"yaml", named_dict(yaml)}, {"names", names()}}, options_.model_changes);
    return module("ultralytics.nn.tasks", options_.model_class, attributes, {}, {}, {{"model", numbered("Sequential", layers)}});
  }
  Code first_layer(const NamedCodes& place) {
    NamedCodes children{{"conv", conv2d(3, 4, 3, 2, 1, options_.fused, options_.claimed_channels, options_.weight)}};
    if (!options_.fused) children.emplace_back("bn", batchnorm(4));
    children.emplace_back("act", activation(true));
    return module("ultralytics.nn.modules.conv", options_.first_class, place, {}, {}, children);
  }
  Code names() const {
    CodePairs pairs;
    for (std::int64_t id = 0; id < options_.classes; ++id) pairs.emplace_back(integer(id), text("class " + std::to_string(id)));
    return dict(pairs);
  }
  static NamedCodes replaced(NamedCodes items, const NamedCodes& changes) {
    for (const auto& [name, value] : changes)
      for (auto& item : items)
        if (item.first == name) item.second = value;
    return items;
  }

  TinyOptions options_;
  Archive archive_;
  unsigned seed_ = 0;
  std::uint32_t memo_ = 0;
};

inline Checkpoint tiny_checkpoint(TinyOptions options = {}) { return TinyModel(std::move(options)).checkpoint(); }

}  // namespace nibble::test
