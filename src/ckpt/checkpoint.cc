// SPDX-License-Identifier: Apache-2.0
#include "ckpt/checkpoint.h"

#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "base/files.h"
#include "ckpt/file_bytes.h"
#include "ckpt/file_kind.h"
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
  std::string archive;  ///< the folder all entries lie in
  Unpickled content;
  mutable std::once_flag hashed;
  mutable std::string sha256;
  mutable std::mutex mutex;
  mutable std::set<std::string> intact;  ///< storages whose CRC-32 was checked; many tensors can share one
};

namespace {

constexpr std::string_view kZipStart("PK\3\4", 4);
constexpr std::string_view kEmptyZip("PK\5\6", 4);
constexpr std::string_view kPickleName = "/data.pkl";

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

bool is_torchscript(const ZipDirectory& directory, const std::string& archive) { return directory.contains(archive + "/constants.pkl"); }

/// The folder of data.pkl, which names the archive.
std::string find_archive(const FileBytes& file, const ZipDirectory& directory) {
  std::string archive;
  for (const auto& [name, entry] : directory) {
    if (!name.ends_with(kPickleName) || name.find('/') != name.size() - kPickleName.size()) continue;
    if (!archive.empty()) refuse(file, fmt::format("it has two pickles, {} and {}", in_quotes(archive + "/data.pkl"), in_quotes(name)));
    archive = name.substr(0, name.size() - kPickleName.size());
  }
  if (archive.empty())
    refuse(file,
           fmt::format("this zip archive of {} entries{} is not a PyTorch checkpoint: it has no <name>/data.pkl; name the .pt file "
                       "that torch.save wrote",
                       directory.size(), directory.empty() ? "" : fmt::format(" (the first is {})", in_quotes(directory.begin()->first))));
  if (is_torchscript(directory, archive))
    refuse(file, "this is a TorchScript program (torch.jit.save), not a checkpoint; name the .pt file it was made from",
           ErrorKind::unsupported);
  return archive;
}

std::span<const std::byte> read_entry(const FileBytes& file, const ZipEntry& entry) {
  return with_path(file, "download or copy the file again", [&] { return checked_entry_bytes(file.bytes, entry); });
}

/// Archives before PyTorch 2.1 have no such entry and are little-endian.
void check_byte_order(const FileBytes& file, const ZipDirectory& directory, const std::string& archive) {
  const auto found = directory.find(archive + "/byteorder");
  if (found == directory.end()) return;
  const auto bytes = read_entry(file, found->second);
  const std::string_view order(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (order != "little")
    refuse(file,
           fmt::format("entry {} says {}, only 'little' is read; torch.save the model on a little-endian machine", in_quotes(found->first),
                       in_quotes(order)),
           ErrorKind::unsupported);
}

Unpickled read_pickle(const FileBytes& file, const ZipEntry& entry, const CheckpointLimits& limits) {
  if (entry.size > limits.max_pickle_bytes)
    refuse(file,
           fmt::format("entry {} has {} bytes, more than the limit of {}", in_quotes(entry.name), entry.size, limits.max_pickle_bytes));
  const auto bytes = read_entry(file, entry);
  return with_path(file, "is this a YOLO checkpoint from a source you trust?", [&] {
    return unpickle(bytes, "entry " + in_quotes(entry.name), {limits.max_objects, limits.max_value_bytes, limits.max_depth});
  });
}

template <class State>
std::shared_ptr<const State> read_state(FileBytes file, const CheckpointLimits& limits) {
  require_archive(file, limits);
  auto state = std::make_shared<State>();
  state->file = std::move(file);
  state->directory =
      with_path(state->file, "download or copy the file again", [&] { return read_zip_directory(state->file.bytes, limits.max_entries); });
  state->archive = find_archive(state->file, state->directory);
  check_byte_order(state->file, state->directory, state->archive);
  state->content = read_pickle(state->file, state->directory.at(state->archive + std::string(kPickleName)), limits);
  return state;
}

/// Checks a storage once; two threads may both do it.
template <class State>
void require_intact(const State& state, const ZipEntry& entry) {
  {
    const std::scoped_lock lock(state.mutex);
    if (state.intact.contains(entry.name)) return;
  }
  read_entry(state.file, entry);
  const std::scoped_lock lock(state.mutex);
  state.intact.insert(entry.name);
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
  const auto found = state_->directory.find(state_->archive + "/data/" + tensor.storage_key);
  if (found == state_->directory.end())
    refuse(file, fmt::format("there is no entry for the storage {}; download the file again", in_quotes(tensor.storage_key)));
  const ZipEntry& entry = found->second;
  if (entry.size != storage_bytes(tensor))
    refuse(file, fmt::format("entry {} has {} bytes, its {} elements of {} bytes need {}; download the file again", in_quotes(entry.name),
                             entry.size, tensor.storage_elements, stored_element_bytes(tensor), storage_bytes(tensor)));
  require_intact(*state_, entry);
  return gather(tensor, file.bytes.subspan(static_cast<std::size_t>(entry.offset), static_cast<std::size_t>(entry.size)));
}

Checkpoint read_checkpoint(const std::filesystem::path& path, const CheckpointLimits& limits) {
  return Checkpoint(read_state<Checkpoint::State>(read_bytes(path, limits.max_file_bytes), limits));
}

Checkpoint read_checkpoint(std::string content, const std::filesystem::path& name, const CheckpointLimits& limits) {
  return Checkpoint(read_state<Checkpoint::State>(hold_bytes(std::move(content), name), limits));
}

}  // namespace nibble
