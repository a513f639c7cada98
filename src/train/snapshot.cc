// SPDX-License-Identifier: Apache-2.0
#include "train/snapshot.h"

#include <fmt/format.h>

#include "nibble/error.h"

namespace nibble {
namespace {

template <class Map>
const typename Map::mapped_type& entry(const Map& map, const char* kind, const std::string& name) {
  const auto found = map.find(name);
  if (found == map.end())
    throw Error(ErrorKind::input, fmt::format("snapshot: {} \"{}\": is missing; it was written by another version of nibble", kind, name));
  return found->second;
}

}  // namespace

std::int64_t Snapshot::counter(const std::string& name) const { return entry(counters, "counter", name); }
const std::string& Snapshot::text(const std::string& name) const { return entry(texts, "text", name); }
const Tensor& Snapshot::tensor(const std::string& name) const { return entry(tensors, "tensor", name); }

double Snapshot::number(const std::string& name) const {
  const Tensor& value = tensor(name);
  if (value.dtype() != DType::f64 || !value.shape().empty())
    throw Error(ErrorKind::input, fmt::format("snapshot: tensor \"{}\": is no single number", name));
  return value.as<double>()[0];
}

void Snapshot::set_number(const std::string& name, double value) { tensors[name] = Tensor::scalar(value); }

}  // namespace nibble
