// SPDX-License-Identifier: Apache-2.0
#include "yolo/model_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/log.h"
#include "yolo/foreign_models.h"
#include "yolo/head.h"
#include "yolo/python_integer.h"

namespace nibble {

namespace {

constexpr std::string_view kNamesAdvice = "load the model, set model.names to one name for each class and save it again";
constexpr std::string_view kWeightsHint = "expected a checkpoint as Ultralytics writes it";

[[noreturn]] void refuse(const Checkpoint& checkpoint, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("checkpoint: {}: {}; {}", checkpoint.path().string(), why, kWeightsHint));
}

/// A yaml line: [from, repeats, class, arguments].
struct YamlLine {
  std::vector<std::int64_t> from;
  std::int64_t repeats = 1;
  std::string name;  ///< "C2f", "nn.Upsample"
  std::string text;
};

/// One integer or a list of them; nothing for anything else.
std::optional<std::vector<std::int64_t>> integers_of(const PickleRef& value) {
  if (value == nullptr) return std::nullopt;
  if (const auto integer = integer_value(value)) return std::vector{*integer};
  const auto* list = value->get_if<PickleList>();
  if (list == nullptr) return std::nullopt;
  std::vector<std::int64_t> numbers;
  for (const auto& item : list->items) {
    const auto integer = integer_value(item);
    if (!integer) return std::nullopt;
    numbers.push_back(*integer);
  }
  return numbers;
}

YamlLine read_line(const Module& model, const PickleRef& value) {
  const auto* list = value->get_if<PickleList>();
  const auto repeats = list != nullptr && list->items.size() >= 4 ? integer_value(list->items[1]) : std::nullopt;
  const auto* name = repeats ? list->items[2]->get_if<std::string>() : nullptr;
  const auto from = name != nullptr ? integers_of(list->items[0]) : std::nullopt;
  if (!from)
    model.fail(ErrorKind::input, fmt::format("its yaml has the line {}, expected [from, repeats, module, arguments]", python_text(value)));
  return {*from, *repeats, *name, python_text(value)};
}

/// backbone and head, one after the other: the layers of the model.
std::vector<YamlLine> read_lines(const Module& model) {
  std::vector<YamlLine> lines;
  for (const char* part : {"backbone", "head"}) {
    const auto found = attribute_of(model.find("yaml"), part);
    const auto* list = found == nullptr ? nullptr : found->get_if<PickleList>();
    if (list == nullptr) model.fail(ErrorKind::input, fmt::format("its yaml has no list '{}'", part));
    for (const auto& line : list->items) lines.push_back(read_line(model, line));
  }
  return lines;
}

/// Text, and what prints as one word: numbers, True, None. A list or an object in the place of a name is refused.
std::string name_of_class(const Module& model, std::int64_t id, const PickleRef& value) {
  if (auto text = text_value(value)) return *std::move(text);
  if (const auto number = integer_value(value)) return std::to_string(*number);
  const bool is_plain = value == nullptr || value->is_none() || value->get_if<bool>() != nullptr || value->get_if<double>() != nullptr;
  if (!is_plain)
    model.fail(ErrorKind::input, fmt::format("'names' has {} for class {}, expected text; {}", describe(value), id, kNamesAdvice));
  return python_text(value);
}

std::map<std::int64_t, std::string> read_class_names(const Module& model) {
  std::map<std::int64_t, std::string> names;
  const auto stored = model.find("names");
  if (stored == nullptr) return names;
  const auto add = [&](std::int64_t id, const PickleRef& value) {
    if (!names.emplace(id, name_of_class(model, id, value)).second)
      model.fail(ErrorKind::input, fmt::format("'names' names class {} twice; {}", id, kNamesAdvice));
  };
  if (const auto* list = stored->get_if<PickleList>(); list != nullptr && list->kind != PickleList::Kind::set) {
    for (const auto& item : list->items) add(static_cast<std::int64_t>(names.size()), item);
  } else if (const auto* dict = stored->get_if<PickleDict>()) {
    for (const auto& [key, value] : dict->items) {
      const auto id = integer_key(key);
      if (!id) model.fail(ErrorKind::input, fmt::format("'names' has the key {}, expected class numbers", describe(key)));
      add(*id, value);
    }
  } else {
    model.fail(ErrorKind::input, fmt::format("'names' is {}, expected a dict or list of class names; {}", describe(stored), kNamesAdvice));
  }
  return names;
}

std::string read_scale(const Module& model) {
  const auto scale = attribute_of(model.find("yaml"), "scale");
  const auto* text = scale == nullptr ? nullptr : scale->get_if<std::string>();
  return text == nullptr ? std::string() : *text;
}

/// "yolov8s.yaml" of scale s -> "yolov8". Only a name of letters, digits, '-' and '_' is taken: it goes into other files and to the
/// terminal.
std::string read_family(const Module& model, const std::string& scale) {
  auto stored = attribute_of(model.find("yaml"), "yaml_file");
  if (stored == nullptr) stored = model.find("yaml_file");  // YOLOv9's own repository
  const auto* text = stored == nullptr ? nullptr : stored->get_if<std::string>();
  if (text == nullptr) return {};
  std::string name = text->substr(text->find_last_of("/\\") + 1);
  name = name.substr(0, name.find('.'));
  constexpr std::size_t kLongest = 40;
  const bool is_plain = name.size() <= kLongest &&
                        name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == std::string::npos;
  if (!is_plain) return {};
  const auto variant = name.find('-');
  const std::string stem = name.substr(0, variant), rest = variant == std::string::npos ? "" : name.substr(variant);
  return (!scale.empty() && stem.size() > scale.size() && stem.ends_with(scale) ? stem.substr(0, stem.size() - scale.size()) : stem) + rest;
}

std::vector<Layer> read_layers(const Module& model) {
  const auto list = model.find_child("model");
  if (!list) model.fail(ErrorKind::input, "it has no list of layers 'model'");
  std::vector<Layer> layers;
  for (auto& module : list->children()) {
    auto from = module.integers("f");
    layers.push_back({std::move(module), std::move(from), {}});
  }
  return layers;
}

void attach_yaml(ModelSource& source) {
  if (source.model.find("yaml") == nullptr) return;
  const auto lines = read_lines(source.model);
  for (std::size_t i = 0; i < source.layers.size() && i < lines.size(); ++i) source.layers[i].yaml = lines[i].text;
}

/// "nn.Upsample" -> "Upsample": the yaml names torch's own modules that way.
std::string without_prefix(const std::string& name) { return name.starts_with("nn.") ? name.substr(3) : name; }

/// Repeated modules that do not repeat themselves inside are stored as a Sequential of copies.
const std::string& repeated_class(const Module& module, std::int64_t repeats, std::vector<Module>& copies) {
  if (module.short_class() != "Sequential" || repeats <= 1) return module.short_class();
  copies = module.children();
  return copies.empty() ? module.short_class() : copies.front().short_class();
}

/// Where someone changed the network by hand, its modules are what computes, and the yaml is what it once was made from.
void warn_of_stale_yaml(const Checkpoint& checkpoint, const Module& module, const std::string& what) {
  log_once(LogLevel::warning, fmt::format("checkpoint: {}: {} ({}): {}; the module counts", checkpoint.path().string(), module.path(),
                                          module.class_name(), what));
}

void require_same(const Checkpoint& checkpoint, const Layer& layer, const YamlLine& line, std::size_t index) {
  const auto& module = layer.module;
  if (const auto stored = module.integer("i"); stored != static_cast<std::int64_t>(index))
    module.fail(ErrorKind::input, fmt::format("it says it is layer {}, but stands at {}", stored, index));
  std::vector<Module> copies;
  if (repeated_class(module, line.repeats, copies) != without_prefix(line.name))
    warn_of_stale_yaml(checkpoint, module, fmt::format("the yaml has {} here", line.text));
  if (layer.from != line.from)
    module.fail(ErrorKind::input, fmt::format("it reads from {}, the yaml has {}", python_text(module.find("f")), line.text));
}

}  // namespace

namespace {

/// What programs put around a model, by class key, and the name of the model within.
constexpr std::array kWrappers{std::pair{"torch.DataParallel", "module"}, std::pair{"torch.DistributedDataParallel", "module"},
                               std::pair{"ultralytics.ModelEMA", "ema"}, std::pair{"ultralytics.YOLO", "model"},
                               std::pair{"ultralytics.YOLOv10", "model"}};
constexpr int kMaxWrappers = 8;

PickleRef unwrapped(const Checkpoint& checkpoint, PickleRef object) {
  for (int depth = 0; depth < kMaxWrappers; ++depth) {
    auto within = without_compilation(object);
    if (within == nullptr) refuse(checkpoint, fmt::format("it holds a {} around nothing", describe(object)));
    object = std::move(within);
    const auto key = Module(checkpoint, "", object).class_key();
    const auto wrapper = std::find_if(kWrappers.begin(), kWrappers.end(), [&](const auto& pair) { return key == pair.first; });
    if (wrapper == kWrappers.end()) break;
    auto inner = attribute_of(attribute_of(object, "_modules"), wrapper->second);
    if (inner == nullptr) inner = attribute_of(object, wrapper->second);
    if (inner == nullptr || inner->get_if<PickleObject>() == nullptr)
      refuse(checkpoint, fmt::format("it holds a {} around {}", key, describe(inner)));
    object = inner;
  }
  return object;
}

bool is_state_dict(const PickleRef& value) {
  const auto* dict = value == nullptr ? nullptr : value->get_if<PickleDict>();
  return dict != nullptr && !dict->items.empty() && std::all_of(dict->items.begin(), dict->items.end(), [](const auto& item) {
           return item.second != nullptr && item.second->template get_if<PickleTensor>() != nullptr;
         });
}

/// `where`: "the file", "'model'".
void require_no_state_dict(const Checkpoint& checkpoint, const std::string& where, const PickleRef& value) {
  if (!is_state_dict(value)) return;
  if (const auto foreign = explain_foreign_tensors(*value->get_if<PickleDict>()); !foreign.empty())
    throw Error(ErrorKind::unsupported, fmt::format("checkpoint: {}: {} {}", checkpoint.path().string(), where, foreign));
  refuse(checkpoint, fmt::format("{} is a state dict of {} tensors: weights without the model's structure; load it into its model and save "
                                 "that whole (torch.save({{'model': model}}, ...))",
                                 where, value->get_if<PickleDict>()->items.size()));
}

ModelSource source_of(const Checkpoint& checkpoint, const PickleRef& object, const std::string& taken_from) {
  Module model(checkpoint, "", unwrapped(checkpoint, object));
  require_family(model);
  const auto scale = read_scale(model);
  ModelSource source{model, taken_from, {}, read_family(model, scale), scale, read_class_names(model)};
  // Node and module names start at the layer list, as state_dict keys do.
  source.layers = read_layers(model);
  if (source.layers.empty()) model.fail(ErrorKind::input, "its list of layers is empty");
  attach_yaml(source);
  return source;
}

}  // namespace

ModelSource find_model(const Checkpoint& checkpoint) {
  const auto& root = checkpoint.root();
  if (root != nullptr && root->get_if<PickleObject>() != nullptr) return source_of(checkpoint, root, "the file itself");
  if (root == nullptr || root->get_if<PickleDict>() == nullptr)
    refuse(checkpoint, fmt::format("it holds {}, expected a dict with 'model' or 'ema'", describe(root)));
  require_no_state_dict(checkpoint, "it", root);
  for (const char* key : {"ema", "model"}) {
    const auto found = attribute_of(root, key);
    if (found == nullptr || found->is_none()) continue;
    if (const auto model = attribute_of(root, "model");
        std::string_view(key) == "ema" && is_state_dict(found) && model != nullptr && model->get_if<PickleObject>() != nullptr) {
      log(LogLevel::warning,
          fmt::format("checkpoint: {}: 'ema' is a state dict, weights without the model's structure; 'model' is taken, whose "
                      "weights are not averaged",
                      checkpoint.path().string()));
      continue;
    }
    require_no_state_dict(checkpoint, fmt::format("'{}'", key), found);
    if (found->get_if<PickleObject>() == nullptr)
      refuse(checkpoint, fmt::format("'{}' is {}, expected a whole pickled model", key, describe(found)));
    return source_of(checkpoint, found, key);
  }
  for (const char* key : {"state_dict", "model_state_dict", "weights"})
    require_no_state_dict(checkpoint, fmt::format("'{}'", key), attribute_of(root, key));
  refuse(checkpoint, "neither 'ema' nor 'model' is set");
}

void require_consistent(const Checkpoint& checkpoint, const ModelSource& source) {
  const auto& model = source.model;
  if (model.find("yaml") == nullptr) model.fail(ErrorKind::input, "it has no 'yaml', so its layers cannot be checked");
  const auto lines = read_lines(model);
  if (lines.size() != source.layers.size())
    model.fail(ErrorKind::input, fmt::format("it has {} layers, its yaml {}", source.layers.size(), lines.size()));
  for (std::size_t i = 0; i < lines.size(); ++i) require_same(checkpoint, source.layers[i], lines[i], i);

  const auto& head = source.layers.back().module;
  const auto classes = read_head_layout(head).classes;
  const auto yaml_classes = attribute_of(model.find("yaml"), "nc");
  if (yaml_classes != nullptr && !yaml_classes->is_none() && integer_key(yaml_classes) != classes)
    warn_of_stale_yaml(checkpoint, head, fmt::format("it has {} classes, the yaml {}", classes, python_text(yaml_classes)));
  for (const auto& [id, name] : source.class_names)
    if (id < 0 || id >= classes)
      head.fail(ErrorKind::input, fmt::format("it has {} classes, but class {} is named '{}'; {}", classes, id, name, kNamesAdvice));
  if (!source.class_names.empty() && static_cast<std::int64_t>(source.class_names.size()) != classes)
    head.fail(ErrorKind::input, fmt::format("it has {} classes, but {} names; {}", classes, source.class_names.size(), kNamesAdvice));
}

}  // namespace nibble
