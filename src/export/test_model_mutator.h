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

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace nibble::test {

class ModelMutator {
 public:
  explicit ModelMutator(unsigned seed) : random_(seed) {}

  /// One to four changes, each of a field of the message or of one inside.
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

  /// All messages, and all texts, which another place might take: names lead from one node to another.
  void collect(Message& message) {
    messages_.push_back(&message);
    const Reflection& reflection = *message.GetReflection();
    for (const Field* field : fields_of(message)) {
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

  /// Those that are set.
  static std::vector<const Field*> fields_of(const Message& message) {
    std::vector<const Field*> fields;
    message.GetReflection()->ListFields(message, &fields);
    return fields;
  }

  void change(Message& message) {
    const auto& descriptor = *message.GetDescriptor();
    const auto present = fields_of(message);
    const Field* const field = !present.empty() && below(4) != 0
                                   ? present[below(present.size())]
                                   : descriptor.field(static_cast<int>(below(static_cast<std::size_t>(descriptor.field_count()))));
    const Reflection& reflection = *message.GetReflection();
    if (!field->is_repeated()) return below(6) == 0 ? reflection.ClearField(&message, field) : set(message, field);
    const int count = reflection.FieldSize(message, field);
    const auto some = [&] { return static_cast<int>(below(static_cast<std::size_t>(count))); };
    switch (count == 0 ? 0 : below(4)) {
      case 0: return set(message, field, count);
      case 1: reflection.SwapElements(&message, field, some(), count - 1); return reflection.RemoveLast(&message, field);
      case 2: return reflection.SwapElements(&message, field, some(), some());
      default: return set(message, field, some());
    }
  }

  /// `at`: the element of a repeated field; its size adds one.
  void set(Message& message, const Field* field, int at = 0) {
    const Reflection& reflection = *message.GetReflection();
    const bool repeated = field->is_repeated(), adds = repeated && at == reflection.FieldSize(message, field);
    const auto put = [&](auto value, auto set_one, auto set_at, auto add) {
      if (adds) return (reflection.*add)(&message, field, value);
      if (repeated) return (reflection.*set_at)(&message, field, at, value);
      return (reflection.*set_one)(&message, field, value);
    };
    using R = Reflection;
    switch (field->cpp_type()) {
      case Field::CPPTYPE_INT32: return put(static_cast<std::int32_t>(integer()), &R::SetInt32, &R::SetRepeatedInt32, &R::AddInt32);
      case Field::CPPTYPE_INT64: return put(integer(), &R::SetInt64, &R::SetRepeatedInt64, &R::AddInt64);
      case Field::CPPTYPE_UINT64: return put(static_cast<std::uint64_t>(integer()), &R::SetUInt64, &R::SetRepeatedUInt64, &R::AddUInt64);
      case Field::CPPTYPE_FLOAT: return put(static_cast<float>(real()), &R::SetFloat, &R::SetRepeatedFloat, &R::AddFloat);
      case Field::CPPTYPE_DOUBLE: return put(real(), &R::SetDouble, &R::SetRepeatedDouble, &R::AddDouble);
      case Field::CPPTYPE_ENUM: return put(static_cast<int>(below(26)), &R::SetEnumValue, &R::SetRepeatedEnumValue, &R::AddEnumValue);
      case Field::CPPTYPE_STRING: {
        const bool has_old = repeated ? !adds : reflection.HasField(message, field);
        const std::string old = !has_old   ? std::string()
                                : repeated ? reflection.GetRepeatedString(message, field, at)
                                           : reflection.GetString(message, field);
        return put(text(field, old), &R::SetString, &R::SetRepeatedString, &R::AddString);
      }
      case Field::CPPTYPE_MESSAGE: {
        // Chosen and copied first: to make place for it may free others (of a oneof), and it may hold the place or lie inside of it.
        const auto copy = copy_of_one(*field->message_type());
        Message* const place = adds       ? reflection.AddMessage(&message, field)
                               : repeated ? reflection.MutableRepeatedMessage(&message, field, at)
                                          : reflection.MutableMessage(&message, field);
        if (copy) place->CopyFrom(*copy);
        return;
      }
      default: return;
    }
  }

  /// Of any message of the type that is not large, so that models stay small; null where there is none.
  std::unique_ptr<Message> copy_of_one(const google::protobuf::Descriptor& type) {
    std::vector<const Message*> like;
    for (const auto* message : messages_)
      if (message->GetDescriptor() == &type) like.push_back(message);
    if (like.empty()) return nullptr;
    const Message& chosen = *like[below(like.size())];
    if (chosen.ByteSizeLong() > 4096) return nullptr;
    std::unique_ptr<Message> copy(chosen.New());
    copy->CopyFrom(chosen);
    return copy;
  }

  std::int64_t integer() {
    using Limits = std::numeric_limits<std::int64_t>;
    constexpr std::array kValues{Limits::min(), Limits::max(), std::int64_t{1} << 31, std::int64_t{1} << 32, std::int64_t{1} << 40};
    const auto small = static_cast<std::int64_t>(below(20)) - 3;
    return below(4) == 0 ? kValues[below(kValues.size())] : below(4) == 0 ? small * 16 : small;
  }
  double real() {
    using Limits = std::numeric_limits<double>;
    constexpr std::array kValues{0.0, -0.0, 1.0, -1.0, 0.5, 6.0, 1e-40, 1e38, Limits::max(), Limits::infinity(), Limits::quiet_NaN()};
    return kValues[below(kValues.size())];
  }
  /// Bytes and every third text: the old one as libFuzzer changes it (its dictionary has operators and attributes); else another one of the
  /// model.
  std::string text(const Field* field, std::string old) {
    if (field->type() == Field::TYPE_STRING && below(3) != 0 && !texts_.empty()) return texts_[below(texts_.size())];
    const auto size = old.size();
    old.resize(size + 16);
    old.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(old.data()), size, old.size()));
    return old;
  }

  std::minstd_rand random_;
  std::vector<Message*> messages_;
  std::vector<std::string> texts_;
};

}  // namespace nibble::test
