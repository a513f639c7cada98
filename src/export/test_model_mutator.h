// SPDX-License-Identifier: Apache-2.0
// Changes a protobuf message field by field, by reflection, so that a fuzz target spends its inputs on models and not on the wire format.
#pragma once
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace nibble::test {

class ModelMutator {
 public:
  explicit ModelMutator(unsigned seed) : random_(seed) {}

  /// One to four changes.
  void mutate(google::protobuf::Message& root) {
    for (auto changes = below(4) + 1; changes > 0; --changes) {
      messages_.clear();
      texts_.clear();
      collect(root);
      change(*messages_[below(messages_.size())]);
    }
  }

 private:
  using Message = google::protobuf::Message;
  using Field = google::protobuf::FieldDescriptor;
  using Reflection = google::protobuf::Reflection;

  std::size_t below(std::size_t count) { return random_() % count; }

  /// All messages, and all texts that another place might take.
  void collect(Message& message) {
    constexpr std::size_t kMost = 4000;
    if (messages_.size() > kMost) return;
    messages_.push_back(&message);
    std::vector<const Field*> fields;
    const Reflection& reflection = *message.GetReflection();
    reflection.ListFields(message, &fields);
    for (const Field* field : fields) {
      const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        if (field->cpp_type() == Field::CPPTYPE_MESSAGE)
          collect(field->is_repeated() ? *reflection.MutableRepeatedMessage(&message, field, i)
                                       : *reflection.MutableMessage(&message, field));
        else if (field->type() == Field::TYPE_STRING)
          texts_.push_back(field->is_repeated() ? reflection.GetRepeatedString(message, field, i) : reflection.GetString(message, field));
      }
    }
  }

  void change(Message& message) {
    const auto& descriptor = *message.GetDescriptor();
    if (descriptor.field_count() == 0) return;
    // Half of the time one of the fields that are there.
    std::vector<const Field*> fields;
    message.GetReflection()->ListFields(message, &fields);
    const Field* field = below(2) == 0 && !fields.empty()
                             ? fields[below(fields.size())]
                             : descriptor.field(static_cast<int>(below(static_cast<std::size_t>(descriptor.field_count()))));
    if (field->is_repeated())
      change_repeated(message, field);
    else if (below(4) == 0)
      message.GetReflection()->ClearField(&message, field);
    else
      set(message, field, -1);
  }

  void change_repeated(Message& message, const Field* field) {
    const Reflection& reflection = *message.GetReflection();
    const int count = reflection.FieldSize(message, field);
    const auto some = [&] { return static_cast<int>(below(static_cast<std::size_t>(count))); };
    switch (count == 0 ? 0 : below(4)) {
      case 0: set(message, field, count); break;  // one more
      case 1:
        reflection.SwapElements(&message, field, some(), count - 1);
        reflection.RemoveLast(&message, field);
        break;
      case 2: reflection.SwapElements(&message, field, some(), some()); break;
      default: set(message, field, some()); break;
    }
  }

  /// `index`: of a repeated field, its size to add one; -1 for one that is not repeated.
  void set(Message& message, const Field* field, int index) {
    const Reflection& reflection = *message.GetReflection();
    const bool adds = index >= 0 && index == reflection.FieldSize(message, field);
    const auto put = [&](auto value, auto set_one, auto set_at, auto add) {
      if (index < 0)
        (reflection.*set_one)(&message, field, value);
      else if (adds)
        (reflection.*add)(&message, field, value);
      else
        (reflection.*set_at)(&message, field, index, value);
    };
    switch (field->cpp_type()) {
      case Field::CPPTYPE_INT32:
        put(static_cast<std::int32_t>(integer()), &Reflection::SetInt32, &Reflection::SetRepeatedInt32, &Reflection::AddInt32);
        break;
      case Field::CPPTYPE_INT64: put(integer(), &Reflection::SetInt64, &Reflection::SetRepeatedInt64, &Reflection::AddInt64); break;
      case Field::CPPTYPE_UINT64:
        put(static_cast<std::uint64_t>(integer()), &Reflection::SetUInt64, &Reflection::SetRepeatedUInt64, &Reflection::AddUInt64);
        break;
      case Field::CPPTYPE_FLOAT:
        put(static_cast<float>(real()), &Reflection::SetFloat, &Reflection::SetRepeatedFloat, &Reflection::AddFloat);
        break;
      case Field::CPPTYPE_DOUBLE: put(real(), &Reflection::SetDouble, &Reflection::SetRepeatedDouble, &Reflection::AddDouble); break;
      case Field::CPPTYPE_ENUM:
        put(static_cast<int>(below(24)), &Reflection::SetEnumValue, &Reflection::SetRepeatedEnumValue, &Reflection::AddEnumValue);
        break;
      case Field::CPPTYPE_STRING: {
        std::string value = text(field->type() == Field::TYPE_BYTES);
        if (index < 0)
          reflection.SetString(&message, field, value);
        else if (adds)
          reflection.AddString(&message, field, value);
        else
          reflection.SetRepeatedString(&message, field, index, value);
        break;
      }
      case Field::CPPTYPE_MESSAGE: {
        Message* const place = index < 0 ? reflection.MutableMessage(&message, field)
                               : adds    ? reflection.AddMessage(&message, field)
                                         : reflection.MutableRepeatedMessage(&message, field, index);
        std::vector<const Message*> like;
        for (const auto* other : messages_)
          if (other != place && other->GetDescriptor() == place->GetDescriptor()) like.push_back(other);
        // A copy of one that holds this one would be as deep as there are changes; copied from a copy, for it may be moved by that.
        if (!like.empty() && like.size() < 200) {
          const auto& chosen = *like[below(like.size())];
          if (chosen.ByteSizeLong() > 4096) break;
          const std::unique_ptr<Message> copy(chosen.New());
          copy->CopyFrom(chosen);
          place->CopyFrom(*copy);
        }
        break;
      }
      default: break;
    }
  }

  std::int64_t integer() {
    constexpr std::array<std::int64_t, 16> kValues{0,
                                                   1,
                                                   -1,
                                                   2,
                                                   3,
                                                   7,
                                                   8,
                                                   16,
                                                   64,
                                                   255,
                                                   std::int64_t{1} << 31,
                                                   std::int64_t{1} << 32,
                                                   std::int64_t{1} << 40,
                                                   -(std::int64_t{1} << 31),
                                                   std::numeric_limits<std::int64_t>::min(),
                                                   std::numeric_limits<std::int64_t>::max()};
    return kValues[below(kValues.size())];
  }
  double real() {
    constexpr std::array kValues{
        0.0, -0.0, 1.0, -1.0, 0.5, 1e-40, 1e38, 1e308, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()};
    return kValues[below(kValues.size())];
  }
  std::string text(bool bytes) {
    static const std::array<const char*, 36> kWords{
        "Conv",      "Add",     "Mul",      "Sub",     "Div",  "Concat",           "Reshape",         "Transpose", "Slice",
        "Pad",       "Cast",    "Identity", "Dropout", "Clip", "Constant",         "ConstantOfShape", "Shape",     "Gather",
        "Unsqueeze", "Squeeze", "Split",    "If",      "Loop", "DequantizeLinear", "QuantizeLinear",  "MatMul",    "Resize",
        "MaxPool",   "axis",    "perm",     "to",      "pads", "strides",          "block_size",      "value",     ""};
    if (bytes) return std::string(below(65), static_cast<char>(random_()));
    if (!texts_.empty() && below(3) != 0) return texts_[below(texts_.size())];
    return kWords[below(kWords.size())];
  }

  std::minstd_rand random_;
  std::vector<Message*> messages_;
  std::vector<std::string> texts_;
};

}  // namespace nibble::test
