// SPDX-License-Identifier: Apache-2.0
// The LibTorch side of train/qat.h, exported from the shared module nibble_torch.
#include "train/qat_module.h"

#include <fmt/format.h>

#include "exec/device.h"
#include "exec/tensor_memory.h"
#include "nibble/error.h"
#include "nibble/visibility.h"
#include "train/train_on.h"

/// LibTorch's exceptions end here.
extern "C" NIBBLE_EXPORT void nibble_train_quantized(const nibble::Graph& baseline, const nibble::Graph& quantized,
                                                     const nibble::QatHead& head, const nibble::QatData& data,
                                                     const std::function<double(const nibble::Graph&)>& score,
                                                     const nibble::QatSettings& options, const nibble::FitObserver& observer,
                                                     nibble::QatResult& result) {
  try {
    nibble::reuse_tensor_memory();
    nibble::compute_with_threads(options.threads);
    result = nibble::train_on(nibble::torch_device(options.device), baseline, quantized, head, data, score, options, observer);
  } catch (const c10::OutOfMemoryError& error) {
    throw nibble::Error(nibble::ErrorKind::environment,
                        fmt::format("training: out of memory: {}; give a smaller --batch", error.what_without_backtrace()));
  } catch (const c10::Error& error) {
    throw nibble::Error(nibble::ErrorKind::internal, fmt::format("training: LibTorch: {}", error.what_without_backtrace()));
  }
}

static_assert(std::is_same_v<decltype(nibble_train_quantized), nibble::TrainQuantizedFunction>);
