// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/json.h"
#include "export/cuda_kernels.h"
#include "export/onnx_file.h"
#include "nibble/error.h"
#include "nibble/target.h"
#include "quant/target.h"

namespace nibble {
namespace {

constexpr const char* kSource = "read in the kernel registrations of ONNX Runtime 1.20 to 1.31; nothing was run";
constexpr std::size_t kShownNodes = 4;

std::string nodes_text(std::vector<std::string> nodes) {
  const auto count = nodes.size();
  nodes.resize(std::min(count, kShownNodes));
  return fmt::format("{}{}", fmt::join(nodes, ", "), count > kShownNodes ? ", ..." : "");
}

std::string to_text(const std::filesystem::path& file, const std::string& version, const std::vector<MissingKernel>& rows) {
  std::string text = fmt::format("{} in ONNX Runtime {} with the CUDA provider ({})\n", file.string(), version, kSource);
  if (rows.empty()) return text + "  every node has a CUDA kernel\n";
  for (const auto& row : rows)
    text += fmt::format("  {:>4} {} {}: kernel {}: {}\n", row.nodes.size(), row.op, row.throws ? "fail" : "run on the CPU", row.why,
                        nodes_text(row.nodes));
  return text;
}

Json to_json(const std::filesystem::path& file, const std::string& version, const std::vector<MissingKernel>& rows) {
  Json list = Json::array();
  for (const auto& row : rows) list.push_back({{"op", row.op}, {"why", row.why}, {"throws", row.throws}, {"nodes", row.nodes}});
  return {{"file", file.string()}, {"target", "ort-cuda"}, {"version", version}, {"source", kSource}, {"without_kernel", list}};
}

}  // namespace

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const Target& target : targets()) names.emplace_back(target.name);
  return names;
}

std::string inspect_for_target(const std::filesystem::path& file, const std::string& target, const std::string& version, bool json) {
  if (target != "ort-cuda")
    throw Error(ErrorKind::usage, fmt::format("inspect: target '{}': no table of it is here; ort-cuda is the one there is", target));
  const auto runtime = version.empty() ? kLastRead : parse_runtime_version(version);
  const auto shown = version.empty() ? fmt::format("{}.{}.{}", kLastRead.major, kLastRead.minor, kLastRead.patch) : version;
  const auto rows = missing_cuda_kernels(read_onnx(file), runtime);
  return json ? to_json(file, shown, rows).dump(2, ' ', false, Json::error_handler_t::replace) + "\n" : to_text(file, shown, rows);
}

}  // namespace nibble
