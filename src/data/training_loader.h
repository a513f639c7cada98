// SPDX-License-Identifier: Apache-2.0
// Batches of training samples, made ahead by threads of their own. The batches depend on set, options and epoch alone, never
// on the number of threads or their speed.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/tensor.h"
#include "data/augment.h"
#include "data/training_set.h"

namespace nibble {

struct LoaderOptions {
  ImageSize image_size = 640;
  std::int64_t batch = 8;  ///< samples; the last batch of an epoch may be smaller
  int shares = 1;          ///< how many processes share each batch; `batch` must be a multiple of it
  int share = 0;           ///< which share this process makes, from 0: every shares-th sample; a small last batch may leave it none
  AugmentOptions augment;
  bool centre_crop = false;  ///< true: samples of classifiers (make_crop of training_sample.h), without boxes
  bool shuffle = true;       ///< false: samples come in the set's order
  std::uint64_t seed = 0;
  int threads = 1;                 ///< at least 1
  std::int64_t batches_ahead = 2;  ///< made before they are asked for, at least 1: bounds memory at batches_ahead * batch * 3 H W bytes
};

struct TrainingBatch {
  Tensor images;                      ///< u8 [B,3,H,W]: R, G, B; the network wants value / 255
  Tensor image_of;                    ///< i64 [N]: position in the batch of each object
  Tensor labels;                      ///< i64 [N]
  Tensor boxes_px;                    ///< f32 [N,4]: x1, y1, x2, y2 in pixels of the input
  std::vector<std::int64_t> samples;  ///< [B]: which image of the set (the first of a mosaic)
};

class TrainingLoader {
 public:
  /// Error(usage) naming the option that makes no sense.
  TrainingLoader(TrainingSet set, const LoaderOptions& options);
  ~TrainingLoader();

  /// Starts epoch `epoch` at batch `first_batch`, which is not 0 for a run that goes on in the middle of an epoch. Batches made ahead are
  /// dropped.
  void start_epoch(std::int64_t epoch, std::int64_t first_batch = 0);
  /// Sets the augmentation from the next start_epoch on; mosaics, for example, are often left out at the end of a training.
  void set_augmentation(const AugmentOptions& augment);
  /// The next batch, waiting for it; nothing at the end of the epoch. The error of a sample (image missing or damaged) is
  /// thrown here, in place of the batch it belongs to.
  std::optional<TrainingBatch> next();

  std::int64_t batches_per_epoch() const;

 private:
  class Workers;
  std::unique_ptr<Workers> workers_;
};

}  // namespace nibble
