// SPDX-License-Identifier: Apache-2.0
#include "run/run_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "artifacts/source_model.h"
#include "base/check_options.h"
#include "base/files.h"
#include "base/image_size_text.h"
#include "base/json.h"
#include "base/shared_data.h"
#include "calibration/compute_device.h"
#include "calibration/resolve_recipe.h"
#include "nibble/error.h"
#include "nibble/version.h"
#include "quant/preset.h"
#include "report/task_words.h"
#include "run/time.h"
#include "training/qat_data.h"

namespace nibble {
namespace {

constexpr const char* kDefaultCheckpoint = "assets/yolov10n.pt";
constexpr std::int64_t kDefaultMaxImages = 100;
/// Below it, differences of a point between recipes are noise (docs/results.md).
constexpr std::size_t kFewImages = 1000;

void resolve_paths(RunPlan& plan) {
  auto& options = plan.options;
  plan.uses_embedded_model = options.checkpoint.empty();
  if (plan.uses_embedded_model) options.checkpoint = shared_data(kDefaultCheckpoint);
  plan.names.model = model_name_of(options.checkpoint);
  if (options.run_id.empty()) {
    if (options.resume) throw Error(ErrorKind::usage, "run: --resume without --run-id; name the run to continue");
    options.run_id = run_id_of(Clock::now());
  }
}

void load_recipes(RunPlan& plan) {
  std::set<std::string> names;
  if (plan.options.recipes.empty()) throw Error(ErrorKind::usage, "run: no recipe; name some with --recipes");
  for (const auto& name : plan.options.recipes) {
    plan.recipes.push_back(resolved_recipe(name, choice_of(plan.options)));
    if (!names.insert(plan.recipes.back().name).second)
      throw Error(ErrorKind::usage,
                  fmt::format("run: --recipes: two are called '{}'; files would overwrite each other", plan.recipes.back().name));
  }
}

/// Named after what runs. A run of a version that had one name for all recipes is still found.
void resolve_runs_dir(RunPlan& plan) {
  auto& options = plan.options;
  if (!options.runs_dir.empty()) return;
  std::vector<std::string> names;
  for (const auto& recipe : plan.recipes) names.push_back(recipe.name);
  options.runs_dir = default_runs_dir(plan.names.model, names);
  const auto one_for_all = default_runs_dir(plan.names.model, {"w4a16", "w4a8"});
  if (options.resume && !is_folder(options.runs_dir / options.run_id) && is_folder(one_for_all / options.run_id))
    options.runs_dir = one_for_all;
}

/// The preset best trains what else would not be, on what the user gave to calibrate.
void add_trained_by_preset(RunPlan& plan) {
  auto& options = plan.options;
  const std::set<std::string> named(options.qat.begin(), options.qat.end());
  bool any = false;
  for (const auto& recipe : plan.recipes) {
    if (!trains(options.preset, recipe)) continue;
    any = true;
    if (!named.contains(recipe.name)) options.qat.push_back(recipe.name);
  }
  if (any && options.qat_data.empty()) options.qat_data = options.calibration;
}

/// A target or a budget adds to a recipe's name.
bool is_called(const std::string& name, const Recipe& recipe, const std::string& given) {
  return name == recipe.name || name == given || name == load_recipe(given).name;
}

/// --qat takes a recipe's name or what --recipes calls it; afterwards they are names.
void resolve_trained(RunPlan& plan) {
  auto& options = plan.options;
  for (auto& name : options.qat) {
    std::size_t i = 0;
    while (i < plan.recipes.size() && !is_called(name, plan.recipes[i], options.recipes[i])) ++i;
    if (i == plan.recipes.size())
      throw Error(ErrorKind::usage,
                  fmt::format("run: --qat {}: not among --recipes {}; name it there too", name, fmt::join(options.recipes, ",")));
    name = plan.recipes[i].name;
  }
  add_trained_by_preset(plan);
  if (options.qat.empty() && !options.qat_data.empty())
    throw Error(ErrorKind::usage, "run: --qat-data without --qat: nothing is trained; name recipes with --qat");
  if (options.qat_data.empty() && !options.qat_images.empty())
    throw Error(ErrorKind::usage, fmt::format("run: --qat-images {}: is the folder of a COCO file's images; name that file with --qat-data",
                                              options.qat_images.string()));
  if (options.qat_data.empty()) return;
  require_images_folder({options.qat_data, options.qat_images, {}});
  if (!std::filesystem::exists(options.qat_data))
    throw Error(ErrorKind::input, fmt::format("training data: {}: no such file or folder; check --qat-data", options.qat_data.string()));
}

/// A smoke run scores nothing: any images name its classes.
EvalSet evaluation_set(const RunPlan& plan, const DataOptions& data) {
  const Task task = plan.form.task;
  if (task == Task::classify && !data.annotations.empty())
    throw Error(ErrorKind::usage, "run: --annotations: the folders of --images are a classifier's labels; leave it out");
  const bool is_unnamed = data.images.empty() && data.annotations.empty();
  TaskForm form = plan.form;
  if (plan.options.smoke && is_unnamed) form.task = Task::detect;
  return open_task_set(form, data, plan.options.runtime.threads);
}

void open_data(RunPlan& plan) {
  DataOptions data = plan.options.data;
  if (!data.max_images && data.image_ids_list.empty()) data.max_images = kDefaultMaxImages;
  plan.evaluation = evaluation_set(plan, data);
  const auto rule = parse_on_bad_data(data.on_bad_data, OnBadData::skip_few);
  std::set<std::string> bad;
  for (const auto& recipe : plan.recipes) {
    const auto& set = plan.calibration[recipe.name] = open_calibration_set(plan.options.calibration, images_wanted(recipe), rule);
    for (const auto& reason : reasons_of(set.bad)) bad.insert("calibration: " + reason);
  }
  for (const auto& reason : reasons_of(plan.evaluation.dataset.bad)) plan.bad_data.push_back("scoring: " + reason);
  plan.bad_data.insert(plan.bad_data.end(), bad.begin(), bad.end());
}

void note_image_count(RunPlan& plan) {
  if (plan.options.smoke) return;
  const auto scored = plan.evaluation.dataset.images.size();
  const auto all = plan.evaluation.all_images.size();
  const bool is_default = !plan.options.data.max_images && plan.options.data.image_ids_list.empty();
  if (is_default && scored < all)
    plan.caveats.push_back(
        fmt::format("Scored on the first {} of {} images, which is how many a run takes without --max-images; --max-images {} takes all.",
                    scored, all, all));
  if (scored < kFewImages)
    plan.caveats.push_back(
        fmt::format("Scored on {} images: small differences are noise; use --images and --annotations with more.", scored));
}

void note_caveats(RunPlan& plan) {
  if (!plan.bad_data.empty())
    plan.caveats.push_back(fmt::format("{} images or labels were left out as bad data, listed above; the gate bad_data limits how many.",
                                       plan.bad_data.size()));
  note_image_count(plan);
  for (const auto& recipe : plan.recipes) {
    const auto& set = plan.calibration.at(recipe.name);
    const auto wanted = static_cast<std::size_t>(images_wanted(recipe));
    if (set.files.size() < wanted)
      plan.caveats.push_back(fmt::format("{}: calibrated on {} images, {} were asked for and {} has no more.", recipe.name,
                                         set.files.size(), wanted, set.name));
  }
  const auto largest = std::max_element(plan.calibration.begin(), plan.calibration.end(),
                                        [](const auto& a, const auto& b) { return a.second.files.size() < b.second.files.size(); });
  const auto both = overlap(largest->second, plan.evaluation);  // one source, different counts
  if (!both.empty())
    plan.caveats.push_back(
        fmt::format("**{} calibration images are also scored ({}{}): the quantised scores are flattered.** Calibrate on other images.",
                    both.size(), both.front(), both.size() > 1 ? ", ..." : ""));
  for (const auto& [key, value] : plan.options.runtime.session_options)
    plan.caveats.push_back(fmt::format("Scores and times of this run are with ONNX Runtime's session option {}={}.", key, value));
  plan.caveats.push_back(
      "4-bit weights save size and transfer. ONNX Runtime computes with the dequantised values: unpack files are decoded once, when they "
      "are loaded, and run at the float file's speed; INT4 and QCDQ files are decoded at every image and are slower, unless the session "
      "option session.disable_quant_qdq=1 is set (INT4, QCDQ with float activations). Only the integer files compute on integers.");
}

/// They decide bytes too: metadata of a checkpoint without class names takes them from the data set.
std::vector<std::string> names_of(const std::vector<CocoCategory>& categories) {
  std::vector<std::string> names;
  for (const auto& category : categories) names.push_back(category.name);
  return names;
}

Json hashes_of(const std::vector<std::filesystem::path>& files) {
  Json rows = Json::array();
  for (const auto& file : files) rows.push_back({{"file", file.filename().string()}, {"sha256", sha256_of_file(file)}});
  return rows;
}

/// What every image was, so that another one is named.
Json image_hashes(const RunPlan& plan) {
  Json calibration = Json::object();
  for (const auto& [recipe, set] : plan.calibration) {
    calibration[recipe] = hashes_of(set.files);
    for (auto& spare : hashes_of(set.spare)) calibration[recipe].push_back(spare);
  }
  return {{"scored", plan.options.smoke ? Json::array() : hashes_of(image_paths(plan.evaluation))}, {"calibration", calibration}};
}

void describe_inputs(RunPlan& plan) {
  const auto& checkpoint = plan.options.checkpoint;
  const std::string name = plan.uses_embedded_model ? kDefaultCheckpoint : checkpoint.string();
  Json calibration = Json::object();
  for (const auto& [recipe, set] : plan.calibration) calibration[recipe] = describe(set);
  plan.inputs = {{"checkpoint", {{"path", name}, {"sha256", sha256_of_file(checkpoint)}}},
                 {"evaluation", describe(plan.evaluation)},
                 {"calibration", calibration}};
  plan.images = image_hashes(plan);
  plan.inputs["evaluation"]["images_sha256"] = key_of(plan.images["scored"]);
  plan.source_key = {{"nibble", kVersion},
                     {"checkpoint", plan.inputs["checkpoint"]["sha256"]},
                     {"head", plan.options.head},
                     {"imgsz", to_json(plan.image_size())},
                     {"classes", names_of(plan.evaluation.dataset.categories)}};
}

}  // namespace

std::filesystem::path default_runs_dir(const std::string& model, const std::vector<std::string>& recipes) {
  // Below the 255 bytes of common file systems, whatever the names are.
  constexpr std::size_t kMostBytes = 200, kHashDigits = 12;
  const std::set<std::string> names(recipes.begin(), recipes.end());
  if (names == std::set<std::string>{"w4a16", "w4a8"}) return fmt::format("tmp/{}_brevitas_w4a8_w4a16", model);
  const auto name = fmt::format("{}_{}", model, fmt::join(recipes, "_"));
  if (name.size() <= kMostBytes) return "tmp/" + name;
  const auto hash = key_of(recipes).substr(0, kHashDigits);
  return fmt::format("tmp/{}_{}_recipes_{}", model.substr(0, kMostBytes / 2), recipes.size(), hash);
}

RunPlan plan_run(const RunOptions& options) {
  check_options(options);
  RunPlan plan;
  plan.options = options;
  if (options.smoke && options.reference)
    throw Error(ErrorKind::usage, "run: --reference with --smoke: a smoke run scores nothing; leave one of them out");
  require_compute_provider(options.runtime);
  plan.build.head = parse_head(options.head);
  plan.build.image_size = options.image_size;
  resolve_paths(plan);
  const auto info = read_model_info(plan.options.checkpoint);
  plan.form = form_of(info);
  if (!plan.build.image_size) plan.build.image_size = info.image_size;
  load_recipes(plan);
  resolve_runs_dir(plan);
  resolve_trained(plan);
  if (!plan.options.qat.empty() && plan.options.qat_course.label_weight > 0) require_label_loss(info, "run --qat");
  if (!options.gates.empty()) plan.limits = read_gate_limits(options.gates);
  open_data(plan);
  describe_inputs(plan);
  note_caveats(plan);
  return plan;
}

CalibrationJob calibration_job(const RunPlan& plan, const Recipe& recipe, const Detector& baseline, const RunDirectory& directory) {
  const JudgeOptions calibration_images;  // those that are scored must not choose
  return {baseline,
          recipe,
          plan.calibration.at(recipe.name),
          calibration_images,
          directory.path(RunNames::trial(recipe.name)),
          plan.options.runtime,
          plan.kept.get(),
          plan.processes,
          plan.options.checkpoint,
          plan.build,
          plan.float_findings.get()};
}

std::string recipe_key(const RunPlan& plan, const Recipe& recipe) {
  return key_of({{"source", plan.source_key},
                 {"recipe", to_json(recipe)},
                 {"calibration", plan.inputs["calibration"][recipe.name]["sha256"]},
                 {"seed", plan.options.runtime.seed}});
}

std::string metrics_key(const RunPlan& plan, const std::string& artifact_sha256, bool optimize, const std::string& baseline_sha256) {
  const auto& runtime = plan.options.runtime;
  Json decides = {
      {"artifact", artifact_sha256}, {"evaluation", plan.inputs["evaluation"]}, {"provider", runtime.provider}, {"optimize", optimize}};
  if (plan.options.resamples > 0) decides["resamples"] = {plan.options.resamples, runtime.seed, baseline_sha256};
  if (!runtime.session_options.empty()) decides["session_options"] = runtime.session_options;
  return key_of(decides);
}

}  // namespace nibble
