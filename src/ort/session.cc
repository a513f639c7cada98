// SPDX-License-Identifier: Apache-2.0
#include "ort/session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <onnxruntime_session_options_config_keys.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/files.h"
#include "base/kind_of_file.h"
#include "base/threads.h"
#include "base/wrong_download.h"
#include "nibble/error.h"
#include "ort/convert.h"
#include "ort/library.h"
#include "ort/random_run.h"
#include "ort/session_options.h"
#include "ort/trial.h"

namespace nibble {
namespace {

struct ProviderRow {
  Provider provider;
  std::string_view name, runtime_name;
};
constexpr std::array<ProviderRow, 2> kProviders = {
    {{Provider::cpu, "cpu", "CPUExecutionProvider"}, {Provider::cuda, "cuda", "CUDAExecutionProvider"}}};

std::string text_of(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

Ort::Session load(const ModelSource& model, Ort::SessionOptions& options) {
  if (!model.bytes) return Ort::Session(ort_environment(), model.path.c_str(), options);
  const auto folder = model.path.has_parent_path() ? model.path.parent_path().string() : ".";
  options.AddConfigEntry(kOrtSessionOptionsModelExternalInitializersFileFolderPath, folder.c_str());
  return Ort::Session(ort_environment(), model.bytes->data(), model.bytes->size(), options);
}

/// Which nodes made a CUDA session fail: made once more with the fallback allowed, reading the placement from the log.
std::vector<std::string> nodes_without_cuda(const ModelSource& model, SessionOptions options) {
  options.allow_cpu_fallback = true;
  try {
    LogLines lines;
    auto made = make_session_options(options);
    capture_log(made, lines);
    const Ort::Session session = load(model, made);
    return nodes_placed_on("CPUExecutionProvider", lines);
  } catch (const Ort::Exception&) {
    return {};  // the first error is the one to report
  }
}

[[noreturn]] void refuse_fallback(const ModelSource& model, const SessionOptions& options) {
  auto nodes = nodes_without_cuda(model, options);
  const auto count = nodes.size();
  constexpr std::size_t kShown = 8;
  nodes.resize(std::min(count, kShown));
  // The runtime lists nodes only where some are placed elsewhere.
  const auto which = count == 0
                         ? "no node has a CUDA kernel"
                         : fmt::format("{} nodes have no CUDA kernel ({}{})", count, fmt::join(nodes, ", "), count > kShown ? ", ..." : "");
  throw Error(ErrorKind::unsupported,
              fmt::format("ONNX Runtime: {}: {}; use --provider cpu or --allow-cpu-fallback", model.path.string(), which));
}

Ort::Session open_session(const ModelSource& model, const SessionOptions& options) {
  require_threads(thread_count(options.threads));
  try {
    auto made = make_session_options(options);
    return load(model, made);
  } catch (const Ort::Exception& error) {
    const std::string what = error.what();
    if (what.find("fallback to CPU EP has been explicitly disabled") != std::string::npos) refuse_fallback(model, options);
    if (options.provider == Provider::cuda && what.find("CUDA") != std::string::npos)
      throw Error(ErrorKind::environment,
                  fmt::format("ONNX Runtime: {}: CUDA failed: {}; run `nibble doctor --provider cuda`", model.path.string(), what));
    const auto wrong = explain_no_onnx(start_of_file(model.path));
    throw Error(ErrorKind::input, fmt::format("ONNX Runtime: {}: {}", model.path.string(), wrong.value_or("refused: " + what)));
  }
}

TensorInfo tensor_info(std::string name, const Ort::TypeInfo& type, const std::string& file) {
  const auto where = fmt::format("{}: '{}'", file, name);
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) throw Error(ErrorKind::unsupported, fmt::format("ONNX Runtime: {}: is not a tensor", where));
  const auto info = type.GetTensorTypeAndShapeInfo();
  return {std::move(name), dtype_of(info.GetElementType(), where), info.GetShape()};
}

std::vector<const char*> names_of(const std::vector<TensorInfo>& infos) {
  std::vector<const char*> names;
  for (const auto& info : infos) names.push_back(info.name.c_str());
  return names;
}

std::map<std::string, std::string> read_metadata(const Ort::Session& session) {
  std::map<std::string, std::string> metadata;
  Ort::AllocatorWithDefaultOptions allocator;
  const auto model = session.GetModelMetadata();
  for (const auto& key : model.GetCustomMetadataMapKeysAllocated(allocator))
    metadata[key.get()] = model.LookupCustomMetadataMapAllocated(key.get(), allocator).get();
  return metadata;
}

bool fits(const Shape& given, const Shape& wanted) {
  if (given.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < given.size(); ++i)
    if (wanted[i] >= 0 && given[i] != wanted[i]) return false;
  return true;
}

/// The tensor as the model wants it.
Tensor fitted(const Tensor& tensor, const TensorInfo& info) {
  const bool converts = tensor.dtype() == DType::f32 && info.dtype == DType::f16;
  if (tensor.dtype() != info.dtype && !converts)
    throw Error(ErrorKind::input, fmt::format("ONNX Runtime: input '{}': is {}, the model wants {}", info.name, name_of(tensor.dtype()),
                                              name_of(info.dtype)));
  if (!fits(tensor.shape(), info.shape))
    throw Error(ErrorKind::input, fmt::format("ONNX Runtime: input '{}': has shape {}, the model wants {}", info.name,
                                              text_of(tensor.shape()), text_of(info.shape)));
  return converts ? tensor.to(DType::f16) : tensor;
}

/// What a child process does: it loads, and runs once.
void try_out(const ModelSource& model, const SessionOptions& options, const StepListener& next) {
  const Session session = model.bytes ? Session(*model.bytes, model.path, options) : Session(model.path, options);
  next("run");
  const auto inputs = random_inputs(session, 0);
  allow_memory_of(inputs);
  session.run(inputs);
}

}  // namespace

Provider parse_provider(std::string_view name) {
  for (const auto& row : kProviders)
    if (row.name == name) return row.provider;
  throw Error(ErrorKind::usage, fmt::format("provider: '{}': unknown; use cpu or cuda", name));
}

std::string_view name_of(Provider provider) {
  for (const auto& row : kProviders)
    if (row.provider == provider) return row.name;
  throw Error(ErrorKind::internal, "provider: unknown");
}

std::string_view name_of(Optimization level) {
  switch (level) {
    case Optimization::off: return "off";
    case Optimization::basic: return "basic";
    case Optimization::extended: return "extended";
    case Optimization::all: break;
  }
  return "all";
}

struct Session::State {
  std::optional<Ort::Session> session;  // not a null Session: its destructor needs the loaded runtime
  std::vector<TensorInfo> inputs, outputs;
  std::map<std::string, std::string> metadata;
  std::vector<std::string> providers;
  std::string file;

  void describe() {
    Ort::AllocatorWithDefaultOptions allocator;
    for (std::size_t i = 0; i < session->GetInputCount(); ++i)
      inputs.push_back(tensor_info(session->GetInputNameAllocated(i, allocator).get(), session->GetInputTypeInfo(i), file));
    for (std::size_t i = 0; i < session->GetOutputCount(); ++i)
      outputs.push_back(tensor_info(session->GetOutputNameAllocated(i, allocator).get(), session->GetOutputTypeInfo(i), file));
    metadata = read_metadata(*session);
  }

  void open(const ModelSource& model, const SessionOptions& options) {
    try_before_load(model, options, [&](const SessionOptions& alone, const StepListener& next) { try_out(model, alone, next); });
    const auto here = load_lock();
    file = model.path.string();
    session.emplace(open_session(model, options));
    for (const auto& row : kProviders)
      if (row.provider == options.provider || row.provider == Provider::cpu)
        providers.insert(providers.begin(), std::string(row.runtime_name));
    try {
      describe();
    } catch (const Ort::Exception& error) {
      throw Error(ErrorKind::input, fmt::format("ONNX Runtime: {}: cannot be described: {}", file, error.what()));
    }
  }
};

Session::Session(const std::filesystem::path& model, const SessionOptions& options) : state_(std::make_unique<State>()) {
  if (!is_file(model)) throw Error(ErrorKind::input, fmt::format("ONNX Runtime: {}: is not a file; check the path", model.string()));
  state_->open({model, std::nullopt}, options);
}

Session::Session(std::string_view bytes, const std::filesystem::path& origin, const SessionOptions& options)
    : state_(std::make_unique<State>()) {
  state_->open({origin, bytes}, options);
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

const std::vector<TensorInfo>& Session::inputs() const { return state_->inputs; }
const std::vector<TensorInfo>& Session::outputs() const { return state_->outputs; }
const std::map<std::string, std::string>& Session::metadata() const { return state_->metadata; }
const std::vector<std::string>& Session::providers() const { return state_->providers; }

namespace {

/// "[1,3,640,640]", of several inputs one behind the other.
std::string shapes_text(const std::vector<Tensor>& inputs) {
  std::string text;
  for (const auto& input : inputs) text += fmt::format("{}[{}]", text.empty() ? "" : " ", fmt::join(input.shape(), ","));
  return text;
}

}  // namespace

std::vector<Tensor> Session::run(const std::vector<Tensor>& inputs) const {
  if (inputs.size() != state_->inputs.size())
    throw Error(ErrorKind::input,
                fmt::format("ONNX Runtime: {}: got {} inputs, the model wants {}", state_->file, inputs.size(), state_->inputs.size()));
  std::vector<Tensor> fed;
  for (std::size_t i = 0; i < inputs.size(); ++i) fed.push_back(fitted(inputs[i], state_->inputs[i]));
  const auto input_names = names_of(state_->inputs), output_names = names_of(state_->outputs);
  try {
    std::vector<Ort::Value> values;
    for (const auto& tensor : fed) values.push_back(to_ort(tensor));
    const auto results = state_->session->Run(Ort::RunOptions{nullptr}, input_names.data(), values.data(), values.size(),
                                              output_names.data(), output_names.size());
    std::vector<Tensor> outputs;
    for (std::size_t i = 0; i < results.size(); ++i) outputs.push_back(from_ort(results[i], state_->outputs[i].name));
    return outputs;
  } catch (const Ort::Exception& error) {
    throw Error(ErrorKind::input, fmt::format("ONNX Runtime: {}: does not run on {}: {}", state_->file, shapes_text(fed), error.what()));
  }
}

std::filesystem::path Session::end_profile() {
  try {
    Ort::AllocatorWithDefaultOptions allocator;
    return state_->session->EndProfilingAllocated(allocator).get();
  } catch (const Ort::Exception& error) {
    throw Error(ErrorKind::environment, fmt::format("ONNX Runtime: {}: profile: {}", state_->file, error.what()));
  }
}

RuntimeInfo onnx_runtime_info() {
  const auto& library = ort_library();
  try {
    return {library.version, library.path, Ort::GetAvailableProviders()};
  } catch (const Ort::Exception& error) {
    throw Error(ErrorKind::environment, fmt::format("ONNX Runtime: {}: {}", library.path.string(), error.what()));
  }
}

}  // namespace nibble
