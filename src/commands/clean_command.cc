// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/check_options.h"
#include "base/output_path.h"
#include "base/scratch_file.h"
#include "export/cleanup.h"
#include "nibble/clean.h"
#include "nibble/error.h"
#include "ort/random_run.h"
#include "scoring/detector_file.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

/// The answer of the file to random input. What keeps it from answering here is passed to `refuse`, which throws.
template <class Refuse>
std::vector<Tensor> answer_of(const fs::path& model, const RuntimeOptions& runtime, const Refuse& refuse) {
  try {
    const Session session = open_session(model, runtime, false);
    return session.run(random_inputs(session, runtime.seed));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage || error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::environment) throw;
    refuse(error.what());
  }
  return {};
}

/// Fills what the result says of the outputs. Error(input) when the original does not answer here, Error(internal) when the cleaned file
/// does not answer as the original did.
void compare_answers(const fs::path& from, const fs::path& cleaned, const RuntimeOptions& runtime, CleanResult& result) {
  const auto refuse_original = [&](const std::string& why) {
    throw Error(ErrorKind::input, fmt::format("clean: {}: the original does not run here, so that nothing can be compared: {}; nothing was "
                                              "written",
                                              from.string(), why));
  };
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::internal,
                fmt::format("clean: {}: the cleaned file {}; nothing was written; please report it with the file", from.string(), why));
  };
  const auto before = answer_of(from, runtime, refuse_original);
  const auto after = answer_of(cleaned, runtime, [&](const std::string& why) { refuse("does not run: " + why); });
  if (before.size() != after.size()) refuse("has another number of outputs");
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!identical(before[i], after[i])) refuse(fmt::format("gives other numbers at output {}", i));
    result.output_shapes.emplace_back(before[i].shape().begin(), before[i].shape().end());
  }
  result.outputs_compared = true;
}

}  // namespace

CleanResult clean(const CleanOptions& options) {
  check_options(options);
  if (options.output.empty()) throw Error(ErrorKind::usage, "clean: no output file; give one with -o OUT.onnx");
  require_onnx_name(options.output);
  check_paths(paths_of(options));
  require_provider(options.runtime.provider);
  const ScratchFile cleaned(options.output);
  const auto cleanup = clean_model(options.input, cleaned.at, {options.own_initialisers, options.strip, options.narrow_constants});
  CleanResult result{options.input, options.output, cleanup.before, cleanup.after, cleanup.counts, false, {}};
  compare_answers(options.input, cleaned.at, options.runtime, result);
  cleaned.keep();
  return result;
}

}  // namespace nibble
