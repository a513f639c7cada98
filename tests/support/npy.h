// SPDX-License-Identifier: Apache-2.0
// Goldens in NumPy's .npy format, version 1, float32, C order (numpy.org, "NPY format").
#pragma once
#include <cstring>
#include <filesystem>
#include <regex>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>

#include "base/files.h"
#include "base/tensor.h"

namespace nibble::test {

inline Tensor read_npy(const std::filesystem::path& path) {
  const std::string file = read_file(path);
  if (!file.starts_with("\x93NUMPY\x01")) throw std::runtime_error(path.string() + ": not an npy file of version 1");
  std::uint16_t header_bytes = 0;
  std::memcpy(&header_bytes, file.data() + 8, sizeof header_bytes);
  const std::string header = file.substr(10, header_bytes);
  std::smatch match;
  if (header.find("'<f4'") == std::string::npos || header.find("False") == std::string::npos ||
      !std::regex_search(header, match, std::regex(R"(\(([0-9, ]*)\))")))
    throw std::runtime_error(path.string() + ": expected float32 in C order, found " + header);
  Shape shape;
  std::istringstream extents(std::regex_replace(match[1].str(), std::regex(","), " "));
  for (std::int64_t extent = 0; extents >> extent;) shape.push_back(extent);
  const auto bytes = std::as_bytes(std::span(file)).subspan(10U + header_bytes);
  return Tensor::from_bytes(DType::f32, std::move(shape), bytes);
}

}  // namespace nibble::test
