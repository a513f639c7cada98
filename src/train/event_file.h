// SPDX-License-Identifier: Apache-2.0
// Scalars as TensorBoard reads them: a TFRecord file of Event messages (tensorflow/core/util/event.proto), of which only the
// few fields a scalar needs are written.
#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nibble {

/// One TFRecord: length (8 bytes), its masked CRC-32C, the data, the data's masked CRC-32C; little-endian.
std::string record_of(std::string_view data);

using Scalars = std::vector<std::pair<std::string, float>>;  ///< tag ("loss/box") and value; NaN and infinity are allowed

/// The messages of an event file, serialised. Times are seconds since 1970 from the caller's clock, so that tests know the bytes.
std::string version_event(double time_s);
std::string session_event(double time_s, std::int64_t step);
std::string scalar_event(double time_s, std::int64_t step, const Scalars& scalars);

/// Appends to a file that is readable at any moment: TensorBoard follows it while training runs, and a process that is killed
/// leaves at most one cut record at the end, which readers pass over.
class EventFile {
 public:
  /// "events.out.tfevents.<seconds>.nibble[.<suffix>]" in `folder` (made if needed); TensorBoard looks for "tfevents" and reads
  /// files in the order of their names. Starts a session at `first_step`: points of earlier files of the folder at this step
  /// or later are forgotten, as they must be when a run goes on from a snapshot. Error(environment) if it cannot be written.
  EventFile(const std::filesystem::path& folder, double time_s, std::int64_t first_step);

  /// Appends the points of one step and flushes them. Error(environment) naming the file on a full disk.
  void add(double time_s, std::int64_t step, const Scalars& scalars);
  const std::filesystem::path& path() const { return path_; }

 private:
  void append(const std::string& event);

  std::filesystem::path path_;
  std::ofstream stream_;
};

}  // namespace nibble
