// SPDX-License-Identifier: Apache-2.0
#include "nibble/doctor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/shared_data.h"
#include "base/size_text.h"
#include "base/temporary.h"
#include "nibble/error.h"
#include "nibble/version.h"
#include "ort/session.h"
#include "quant/calibrate.h"
#include "run/environment.h"
#include "run/versions.h"

namespace nibble {
namespace {

using State = DiagnosisRow::State;

/// Collects rows and remembers whether something was missing.
class Checklist {
 public:
  void add(bool is_there, const std::string& what, const std::string& detail) {
    diagnosis_.rows.push_back({is_there ? State::ok : State::missing, what, detail});
    diagnosis_.complete = diagnosis_.complete && is_there;
  }
  void note(const std::string& what, const std::string& detail) { diagnosis_.rows.push_back({State::note, what, detail}); }
  Diagnosis result() const { return diagnosis_; }

 private:
  Diagnosis diagnosis_;
};

void check_machine(Checklist& list) {
  const Json facts = machine_facts();
  list.note("system", fmt::format("{}, kernel {}", facts["os"].get<std::string>(), facts["kernel"].get<std::string>()));
  list.note("processor", fmt::format("{}, {} cores usable, {} memory", facts["cpu"].get<std::string>(), facts["cores"].get<int>(),
                                     size_text(facts["memory_bytes"].get<std::int64_t>())));
  list.note("GPU driver", facts["gpu_driver"].is_null() ? "none" : facts["gpu_driver"].get<std::string>());
}

std::string remedy_for(const std::string& library) {
  if (library == "ONNX Runtime") return "; `make setup` fetches it into third_party/onnxruntime, or name a file in NIBBLE_ONNXRUNTIME";
  return "; install it with `make setup`, then build again";
}

void check_libraries(Checklist& list) {
  for (const auto& state : library_states()) {
    if (state.version.empty()) {
      list.add(false, state.name, state.detail + remedy_for(state.name));
    } else {
      list.add(true, state.name, state.detail.empty() ? state.version : fmt::format("{} ({})", state.version, state.detail));
    }
  }
}

void check_cuda(Checklist& list) {
  try {
    const auto providers = onnx_runtime_info().providers;
    const bool compiled_in = std::find(providers.begin(), providers.end(), "CUDAExecutionProvider") != providers.end();
    list.add(compiled_in, "CUDA provider",
             compiled_in ? "in this ONNX Runtime"
                         : "not in this ONNX Runtime; take the onnxruntime-gpu build and name its library in NIBBLE_ONNXRUNTIME");
  } catch (const Error&) {
    list.add(false, "CUDA provider", "ONNX Runtime itself is missing, see above");
  }
  try {
    const TorchInfo torch = torch_info();
    list.add(torch.missing_for_cuda.empty(), "LibTorch CUDA",
             torch.missing_for_cuda.empty() ? fmt::format("calibrates and trains; {} GPUs seen", torch.gpus) : torch.missing_for_cuda);
  } catch (const Error&) {
    list.add(false, "LibTorch CUDA", "LibTorch itself is missing, see above");
  }
  const bool has_driver = !machine_facts()["gpu_driver"].is_null();
  list.add(has_driver, "NVIDIA driver", has_driver ? "loaded" : "not loaded on this machine");
}

void check_data(Checklist& list) {
  for (const auto* data : {"recipes", "assets/yolov10n.pt", "assets/coco/val2017"}) {
    try {
      list.add(true, "data", shared_data(data).string());
    } catch (const Error& error) {
      list.add(false, "data", error.what());
    }
  }
}

void check_temporaries(Checklist& list) {
  try {
    const TemporaryFolder folder;
    const auto parent = folder.path().parent_path();
    std::error_code code;
    const auto space = std::filesystem::space(parent, code);
    list.add(
        !code, "TMPDIR",
        fmt::format("{}, {}", parent.string(), code ? code.message() : size_text(static_cast<std::int64_t>(space.available)) + " free"));
  } catch (const Error& error) {
    list.add(false, "TMPDIR", error.what());
  }
}

}  // namespace

Diagnosis doctor(const std::string& provider) {
  const Provider asked = parse_provider(provider);
  Checklist list;
  list.note("nibble", kVersion);
  check_machine(list);
  check_libraries(list);
  if (asked == Provider::cuda) check_cuda(list);
  check_data(list);
  check_temporaries(list);
  return list.result();
}

}  // namespace nibble
