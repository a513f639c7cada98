// SPDX-License-Identifier: Apache-2.0
#include "ckpt/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/files.h"
#include "ckpt/file_bytes.h"
#include "ckpt/file_kind.h"
#include "ckpt/legacy.h"
#include "ckpt/pickle.h"
#include "ckpt/pickle_tensor.h"
#include "ckpt/text.h"
#include "ckpt/truncation.h"
#include "ckpt/zip.h"
#include "nibble/error.h"

namespace nibble {

struct Checkpoint::State {
  FileBytes file;
  ZipDirectory directory;
  std::string folder;  ///< that all entries lie in, with its slash; may be empty
  Unpickled content;
  mutable std::once_flag hashed;
  mutable std::string sha256;
  mutable std::mutex mutex;
  mutable std::map<std::string, ZipContent> contents;  ///< storages that were read and whose CRC-32 is right; many tensors can share one
};

namespace {

constexpr std::string_view kZipStart("PK\3\4", 4);
constexpr std::string_view kEmptyZip("PK\5\6", 4);
constexpr std::string_view kPickleName = "data.pkl";
constexpr std::string_view kStorageFolder = "data/";
/// Of all packed entries together once unpacked: many times any detector, little enough for memory.
constexpr std::uint64_t kMaxUnpackedBytes = 4ULL << 30;

[[noreturn]] void refuse(const FileBytes& file, const std::string& why_and_advice, ErrorKind kind = ErrorKind::input) {
  throw Error(kind, fmt::format("checkpoint: {}: {}", file.path.string(), why_and_advice));
}

/// Adds the path to errors of the parts that know only bytes.
template <class Read>
auto with_path(const FileBytes& file, const char* advice, const Read& read) {
  try {
    return read();
  } catch (const Error& error) {
    refuse(file, fmt::format("{}; {}", error.what(), advice), error.kind());
  }
}

void require_archive(const FileBytes& file, const CheckpointLimits& limits) {
  if (file.text().starts_with(kEmptyZip)) refuse(file, "the zip archive has no entries; download the file again");
  if (!file.text().starts_with(kZipStart)) refuse(file, explain_foreign_file(file.text()));
  if (!has_zip_end(file.bytes)) refuse(file, explain_truncation(file.bytes, limits));
}

bool is_torchscript(const ZipDirectory& directory, const std::string& folder) { return directory.contains(folder + "constants.pkl"); }

bool is_named(std::string_view path, std::string_view name) {
  return path.ends_with(name) && (path.size() == name.size() || path[path.size() - name.size() - 1] == '/');
}

/// The folder of data.pkl: torch.save names it after the file, who packs again may have moved it or taken it away.
std::string find_folder(const FileBytes& file, const ZipDirectory& directory) {
  std::optional<std::string> folder;
  for (const auto& [name, entry] : directory) {
    if (!is_named(name, kPickleName)) continue;
    if (folder) refuse(file, fmt::format("it has two pickles, {} and {}", in_quotes(*folder + std::string(kPickleName)), in_quotes(name)));
    folder = name.substr(0, name.size() - kPickleName.size());
  }
  if (!folder)
    refuse(file,
           fmt::format("this zip archive of {} entries{} is not a PyTorch checkpoint: it has no <name>/data.pkl; name the .pt file "
                       "that torch.save wrote",
                       directory.size(), directory.empty() ? "" : fmt::format(" (the first is {})", in_quotes(directory.begin()->first))));
  if (is_torchscript(directory, *folder))
    refuse(file, "this is a TorchScript program (torch.jit.save), not a checkpoint; name the .pt file it was made from",
           ErrorKind::unsupported);
  return *folder;
}

void check_unpacked_size(const FileBytes& file, const ZipDirectory& directory) {
  std::uint64_t total = 0;
  for (const auto& [name, entry] : directory) {
    if (entry.method == 0) continue;
    if (entry.content_size > kMaxUnpackedBytes - total)
      refuse(file, fmt::format("its packed entries need more than {} bytes of memory; pack it without compression", kMaxUnpackedBytes));
    total += entry.content_size;
  }
}

ZipContent read_entry(const FileBytes& file, const ZipEntry& entry) {
  return with_path(file, "download or copy the file again", [&] { return read_zip_entry(file.bytes, entry); });
}

/// Archives before PyTorch 2.1 have no such entry and are little-endian.
void check_byte_order(const FileBytes& file, const ZipDirectory& directory, const std::string& folder) {
  const auto found = directory.find(folder + "byteorder");
  if (found == directory.end()) return;
  const auto content = read_entry(file, found->second);
  const std::string_view order(reinterpret_cast<const char*>(content.bytes.data()), content.bytes.size());
  if (order != "little")
    refuse(file,
           fmt::format("entry {} says {}, only 'little' is read; torch.save the model on a little-endian machine", in_quotes(found->first),
                       in_quotes(order)),
           ErrorKind::unsupported);
}

Unpickled read_pickle(const FileBytes& file, const ZipEntry& entry, const CheckpointLimits& limits) {
  if (std::max(entry.size, entry.content_size) > limits.max_pickle_bytes)
    refuse(file, fmt::format("entry {} has {} bytes, more than the limit of {}", in_quotes(entry.name),
                             std::max(entry.size, entry.content_size), limits.max_pickle_bytes));
  const auto content = read_entry(file, entry);
  return with_path(file, "is this a YOLO checkpoint from a source you trust?", [&] {
    return unpickle(content.bytes, "entry " + in_quotes(entry.name), {limits.max_objects, limits.max_value_bytes, limits.max_depth});
  });
}

/// As if it were an archive: an entry for each storage. Nothing says what their CRC-32 should be.
template <class State>
void read_legacy(State& state, const CheckpointLimits& limits) {
  auto legacy = with_path(state.file, "download the file again, or load it with PyTorch and torch.save it in today's form", [&] {
    return read_legacy_file(state.file.bytes, limits.max_pickle_bytes, {limits.max_objects, limits.max_value_bytes, limits.max_depth});
  });
  state.content = std::move(legacy.content);
  for (const auto& [key, place] : legacy.storages) {
    ZipEntry entry;
    entry.name = std::string(kStorageFolder) + key;
    entry.offset = place.offset;
    entry.size = entry.content_size = place.size;
    state.contents.emplace(
        entry.name, ZipContent{{}, state.file.bytes.subspan(static_cast<std::size_t>(place.offset), static_cast<std::size_t>(place.size))});
    state.directory.emplace(entry.name, entry);
  }
}

template <class State>
std::shared_ptr<const State> read_state(FileBytes file, const CheckpointLimits& limits) {
  auto state = std::make_shared<State>();
  state->file = std::move(file);
  if (is_legacy_file(state->file.bytes)) {
    read_legacy(*state, limits);
    return state;
  }
  require_archive(state->file, limits);
  state->directory =
      with_path(state->file, "download or copy the file again", [&] { return read_zip_directory(state->file.bytes, limits.max_entries); });
  state->folder = find_folder(state->file, state->directory);
  check_unpacked_size(state->file, state->directory);
  check_byte_order(state->file, state->directory, state->folder);
  state->content = read_pickle(state->file, state->directory.at(state->folder + std::string(kPickleName)), limits);
  return state;
}

/// Reads, checks and unpacks a storage once; two threads may both do it. The bytes live as long as the state.
template <class State>
std::span<const std::byte> content_of(const State& state, const ZipEntry& entry) {
  {
    const std::scoped_lock lock(state.mutex);
    if (const auto found = state.contents.find(entry.name); found != state.contents.end()) return found->second.bytes;
  }
  auto content = read_entry(state.file, entry);
  const std::scoped_lock lock(state.mutex);
  return state.contents.emplace(entry.name, std::move(content)).first->second.bytes;
}

}  // namespace

const std::filesystem::path& Checkpoint::path() const { return state_->file.path; }
std::uint64_t Checkpoint::file_bytes() const { return state_->file.bytes.size(); }
const PickleRef& Checkpoint::root() const { return state_->content.root; }
const std::set<std::string>& Checkpoint::globals() const { return state_->content.globals; }
std::size_t Checkpoint::entries() const { return state_->directory.size(); }

std::string Checkpoint::sha256() const {
  std::call_once(state_->hashed, [this] { state_->sha256 = sha256_of(state_->file.bytes); });
  return state_->sha256;
}

Tensor Checkpoint::load(const PickleTensor& tensor) const {
  const FileBytes& file = state_->file;
  with_path(file, "the checkpoint is damaged or hostile", [&] { check_layout(tensor); });
  const auto found = state_->directory.find(state_->folder + std::string(kStorageFolder) + tensor.storage_key);
  if (found == state_->directory.end())
    refuse(file, fmt::format("there is no entry for the storage {}; download the file again", in_quotes(tensor.storage_key)));
  const ZipEntry& entry = found->second;
  if (entry.content_size != storage_bytes(tensor))
    refuse(file, fmt::format("entry {} has {} bytes, its {} elements of {} bytes need {}; download the file again", in_quotes(entry.name),
                             entry.content_size, tensor.storage_elements, stored_element_bytes(tensor), storage_bytes(tensor)));
  return gather(tensor, content_of(*state_, entry));
}

Checkpoint read_checkpoint(const std::filesystem::path& path, const CheckpointLimits& limits) {
  return Checkpoint(read_state<Checkpoint::State>(read_bytes(path, limits.max_file_bytes), limits));
}

Checkpoint read_checkpoint(std::string content, const std::filesystem::path& name, const CheckpointLimits& limits) {
  return Checkpoint(read_state<Checkpoint::State>(hold_bytes(std::move(content), name), limits));
}

}  // namespace nibble
