// SPDX-License-Identifier: Apache-2.0
#include "ckpt/truncation.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "ckpt/pickle.h"
#include "ckpt/pickle_tensor.h"
#include "ckpt/text.h"
#include "ckpt/zip.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// Bytes of all storages the values refer to, each once.
std::uint64_t needed_storage_bytes(const PickleRef& root) {
  std::map<std::string, std::uint64_t> storages;
  for (const auto& tensor : tensors_of(root)) storages[tensor.storage_key] = storage_bytes(tensor);
  std::uint64_t total = 0;
  for (const auto& [key, bytes] : storages)
    if (__builtin_add_overflow(total, bytes, &total)) return 0;
  return total;
}

/// The pickle comes first in the file, so it often survives and tells how much should follow.
std::optional<std::uint64_t> announced_bytes(std::span<const std::byte> bytes, const ZipSurvey& survey, const CheckpointLimits& limits) {
  for (const auto& [name, entry] : survey.complete) {
    if (!name.ends_with("/data.pkl") || entry.size > limits.max_pickle_bytes) continue;
    try {
      const auto content =
          unpickle(checked_entry_bytes(bytes, entry), name, {limits.max_objects, limits.max_value_bytes, limits.max_depth});
      return needed_storage_bytes(content.root);
    } catch (const Error&) {  // the file is refused anyway; this would only have been a hint
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string explain_truncation(std::span<const std::byte> bytes, const CheckpointLimits& limits) {
  const ZipSurvey survey = survey_zip(bytes);
  std::string why = fmt::format("the file is truncated: its {} bytes have no end-of-central-directory record", bytes.size());
  if (survey.last)
    why += fmt::format("; {} entries are complete, the last is {}, ending at byte {}", survey.complete.size(), in_quotes(survey.last->name),
                       survey.last->offset + survey.last->size);
  if (survey.cut) why += fmt::format("; entry {} begins at byte {} and is cut off", in_quotes(survey.cut->name), survey.cut->header_offset);
  const auto announced = announced_bytes(bytes, survey, limits);
  if (announced && *announced > bytes.size())
    why += fmt::format("; its tensors alone need {} bytes, so at least {} are missing", *announced, *announced - bytes.size());
  return why + "; download or copy the file again";
}

}  // namespace nibble
