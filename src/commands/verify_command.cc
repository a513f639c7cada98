// SPDX-License-Identifier: Apache-2.0
#include "base/check_options.h"
#include "base/json.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "commands/verify_claims.h"
#include "nibble/error.h"
#include "nibble/verify.h"
#include "text/result_text.h"

namespace nibble {
namespace {

Json document_of(const VerifyResult& result) {
  Json checks = Json::array();
  for (const auto& check : result.checks)
    checks.push_back({{"what", check.what}, {"subject", check.subject}, {"outcome", name_of(check.outcome)}, {"detail", check.detail}});
  return {{"directory", result.directory.string()}, {"model", result.model}, {"holds", result.holds()}, {"checks", checks}};
}

}  // namespace

VerifyResult verify(const VerifyOptions& options, Progress& listener) {
  check_options(options);
  check_paths(paths_of(options));
  if (!options.score && !options.images.empty())
    throw Error(ErrorKind::usage, "verify: --images: is for --score, which runs the files on images; add it, or leave this out");
  WatchedProgress progress(listener);
  const auto run = UntrustedRun::open(options.run_dir);
  VerifyResult result;
  result.directory = options.run_dir;
  auto& checks = result.checks;
  check_hashes(run, checks, progress);
  RunRecord record;
  try {
    record = read_run_record(run);
  } catch (const Error& error) {
    if (result.holds() || error.kind() != ErrorKind::input) throw;
    checks.push_back({"record", "run.json", CheckOutcome::broken, error.what()});  // what is missing was named above
    return result;
  }
  result.model = record.report.model;
  check_scores(run, record, checks, progress);
  check_ground_truth(run, options.annotations, checks);
  check_twins(run, record, checks, progress);
  check_gates_and_summary(run, record, checks);
  if (options.score) check_by_scoring(run, record, options, checks, progress);
  if (!options.json.empty()) write_or_show(text_of(result), {[&] { write_json(options.json, document_of(result)); }});
  return result;
}

}  // namespace nibble
