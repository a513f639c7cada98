// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/check_options.h"
#include "base/output_path.h"
#include "base/scratch_file.h"
#include "export/cleanup.h"
#include "nibble/clean.h"
#include "nibble/error.h"
#include "ort/parity.h"
#include "scoring/detector_file.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

/// The answer of the file to random input, or why there is none: a file this runtime cannot run may still be cleaned.
std::vector<Tensor> answer_of(const fs::path& model, const RuntimeOptions& runtime, std::string& why_not) {
  try {
    const Session session = open_session(model, runtime, false);
    return session.run(random_inputs(session, runtime.seed));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage || error.kind() == ErrorKind::interrupted) throw;
    why_not = error.what();
    return {};
  }
}

/// Fills what the result says of the outputs. Error(internal) when the cleaned file does not answer as the original did.
void compare_answers(const fs::path& from, const fs::path& cleaned, const RuntimeOptions& runtime, CleanResult& result) {
  std::string why_not;
  const auto before = answer_of(from, runtime, result.why_not_compared);
  if (!result.why_not_compared.empty()) return;
  const auto after = answer_of(cleaned, runtime, why_not);
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::internal,
                fmt::format("clean: {}: the cleaned file {}; nothing was written; please report it with the file", from.string(), why));
  };
  if (!why_not.empty()) refuse("does not run: " + why_not);
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
  check_paths(paths_of(options));
  require_provider(options.runtime.provider);
  const ScratchFile cleaned(options.output);
  const auto cleanup = clean_model(options.input, cleaned.at, {options.own_initialisers, options.strip, options.narrow_constants});
  CleanResult result{options.input, options.output, cleanup.before, cleanup.after, cleanup.counts, false, {}, {}};
  compare_answers(options.input, cleaned.at, options.runtime, result);
  cleaned.keep();
  return result;
}

}  // namespace nibble
