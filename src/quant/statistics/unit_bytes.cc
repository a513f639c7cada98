// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/unit_bytes.h"

#include <cstdint>
#include <cstring>

#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::int64_t kUndefined = -1;

void put(std::string& bytes, std::int64_t number) { bytes.append(reinterpret_cast<const char*>(&number), sizeof(number)); }

class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}
  bool is_at_end() const { return at_ == bytes_.size(); }
  const char* take(std::size_t count) {
    if (bytes_.size() - at_ < count) throw Error(ErrorKind::internal, "tensors of another process: the bytes end too early");
    at_ += count;
    return bytes_.data() + at_ - count;
  }
  std::int64_t number() {
    std::int64_t result = 0;
    std::memcpy(&result, take(sizeof(result)), sizeof(result));
    return result;
  }

 private:
  const std::string& bytes_;
  std::size_t at_ = 0;
};

}  // namespace

// Of each tensor: its type, the number of axes, the extents, the values.
std::string bytes_of(const std::vector<at::Tensor>& tensors) {
  std::string bytes;
  for (const at::Tensor& given : tensors) {
    if (!given.defined()) {
      put(bytes, kUndefined);
      continue;
    }
    const at::Tensor tensor = given.detach().contiguous();
    put(bytes, static_cast<std::int64_t>(tensor.scalar_type()));
    put(bytes, tensor.dim());
    for (const std::int64_t extent : tensor.sizes()) put(bytes, extent);
    bytes.append(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
  }
  return bytes;
}

std::vector<at::Tensor> tensors_from_bytes(const std::string& bytes) {
  std::vector<at::Tensor> tensors;
  for (Reader reader(bytes); !reader.is_at_end();) {
    const std::int64_t type = reader.number();
    if (type == kUndefined) {
      tensors.emplace_back();
      continue;
    }
    std::vector<std::int64_t> shape(static_cast<std::size_t>(reader.number()));
    for (std::int64_t& extent : shape) extent = reader.number();
    at::Tensor tensor = at::empty(shape, static_cast<at::ScalarType>(type));
    std::memcpy(tensor.data_ptr(), reader.take(tensor.nbytes()), tensor.nbytes());
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace nibble
