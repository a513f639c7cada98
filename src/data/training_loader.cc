// SPDX-License-Identifier: Apache-2.0
#include "data/training_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>

#include "data/training_sample.h"
#include "nibble/error.h"

namespace nibble {
namespace {

void check(const LoaderOptions& options) {
  const auto require = [](bool good, const char* name, std::int64_t value) {
    if (!good) throw Error(ErrorKind::usage, fmt::format("training data: {}: {} makes no sense; give at least 1", name, value));
  };
  require(std::min(options.image_size.height, options.image_size.width) > 0, "image size",
          std::min(options.image_size.height, options.image_size.width));
  require(options.batch > 0, "batch", options.batch);
  require(options.threads > 0, "threads", options.threads);
  require(options.batches_ahead > 0, "batches ahead", options.batches_ahead);
  require(options.shares > 0, "shares", options.shares);
  if (options.batch % options.shares != 0)
    throw Error(ErrorKind::usage, fmt::format("training data: batch: {} images do not divide among {} processes; give a multiple of {}",
                                              options.batch, options.shares, options.shares));
  if (options.share < 0 || options.share >= options.shares)
    throw Error(ErrorKind::usage, fmt::format("training data: share {} of {}: there is no such share", options.share, options.shares));
  draw_sample(options.augment, 1, 0, 0, 0);  // checks
}

TrainingBatch assemble(const std::vector<TrainingSample>& samples, std::vector<std::int64_t> indices, const ImageSize& size) {
  std::vector<std::uint8_t> pixels;
  pixels.reserve(samples.size() * static_cast<std::size_t>(3 * size.pixels()));
  std::vector<std::int64_t> image_of, labels;
  std::vector<float> boxes;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    pixels.insert(pixels.end(), samples[i].planes.begin(), samples[i].planes.end());
    for (const auto& box : samples[i].boxes) {
      image_of.push_back(static_cast<std::int64_t>(i));
      labels.push_back(box.label);
      for (const double corner : box.corners_px) boxes.push_back(static_cast<float>(corner));
    }
  }
  const auto count = static_cast<std::int64_t>(labels.size());
  return {Tensor::of<std::uint8_t>({static_cast<std::int64_t>(samples.size()), 3, size.height, size.width}, std::move(pixels)),
          Tensor::of<std::int64_t>({count}, std::move(image_of)), Tensor::of<std::int64_t>({count}, std::move(labels)),
          Tensor::of<float>({count, 4}, std::move(boxes)), std::move(indices)};
}

}  // namespace

/// The threads and what they share. A sample is claimed by its position in the epoch's order, made without the lock, and put
/// into its batch; positions past the batches that may be ahead are not claimed.
class TrainingLoader::Workers {
 public:
  Workers(TrainingSet set, const LoaderOptions& options)
      : set_(std::move(set)), options_(options), own_batch_(options.batch / options.shares) {
    for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    may_claim_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  std::int64_t batches() const { return (images() + options_.batch - 1) / options_.batch; }

  void start(std::int64_t epoch, std::int64_t first_batch) {
    if (first_batch < 0 || first_batch > batches())
      throw Error(ErrorKind::internal, fmt::format("training data: batch {} of {}: there is no such batch", first_batch, batches()));
    const std::lock_guard lock(mutex_);
    ++start_;  // results of the start before are dropped
    epoch_ = epoch;
    augment_ = options_.augment;
    order_ = own_share(options_.shuffle ? draw_order(images(), options_.seed, epoch) : in_order());
    pending_.clear();
    next_batch_ = first_batch;
    claimed_ = first_batch * own_batch_;
    may_claim_.notify_all();
  }

  void set_augmentation(const AugmentOptions& augment) {
    const std::lock_guard lock(mutex_);
    options_.augment = augment;
  }

  std::optional<TrainingBatch> next() {
    std::unique_lock lock(mutex_);
    if (start_ == 0 || next_batch_ == batches()) return std::nullopt;
    is_made_.wait(lock, [this] { return pending_[next_batch_].made == size_of_batch(next_batch_); });
    Pending& pending = pending_[next_batch_];
    for (const auto& error : pending.errors)
      if (error) std::rethrow_exception(error);
    const auto samples = std::move(pending.samples);
    std::vector<std::int64_t> indices;
    for (std::size_t i = 0; i < samples.size(); ++i) indices.push_back(order_[static_cast<std::size_t>(next_batch_ * own_batch_) + i]);
    pending_.erase(next_batch_++);
    may_claim_.notify_all();
    lock.unlock();
    return assemble(samples, std::move(indices), options_.image_size);
  }

 private:
  struct Pending {
    std::vector<TrainingSample> samples;
    std::vector<std::exception_ptr> errors;  ///< by position in the batch, so that the first one does not depend on the threads
    std::size_t made = 0;
  };

  std::int64_t images() const { return static_cast<std::int64_t>(set_.images.size()); }
  std::size_t size_of_batch(std::int64_t batch) const {
    const auto left = static_cast<std::int64_t>(order_.size()) - batch * own_batch_;
    return static_cast<std::size_t>(std::clamp(left, std::int64_t{0}, own_batch_));
  }
  /// Every batch but the last is own_batch_ long for everybody, so that batches are cut from the result at multiples of it.
  std::vector<std::int64_t> own_share(const std::vector<std::int64_t>& order) const {
    std::vector<std::int64_t> own;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const auto in_batch = static_cast<std::int64_t>(i) % options_.batch;
      if (in_batch % options_.shares == options_.share) own.push_back(order[i]);
    }
    return own;
  }
  std::vector<std::int64_t> in_order() const {
    std::vector<std::int64_t> order(set_.images.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    return order;
  }
  bool has_work() const {
    return claimed_ < static_cast<std::int64_t>(order_.size()) && claimed_ / own_batch_ < next_batch_ + options_.batches_ahead;
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      may_claim_.wait(lock, [this] { return stopping_ || has_work(); });
      if (stopping_) return;
      make_one(lock, claimed_++);
    }
  }

  /// Leaves the lock while the sample is made.
  void make_one(std::unique_lock<std::mutex>& lock, std::int64_t position) {
    const std::int64_t start = start_, epoch = epoch_, index = order_[static_cast<std::size_t>(position)];
    const AugmentOptions augment = augment_;
    lock.unlock();
    TrainingSample sample;
    std::exception_ptr error;
    try {
      const SamplePlan plan = draw_sample(augment, images(), options_.seed, epoch, index);
      sample = options_.centre_crop ? make_crop(set_, plan, options_.image_size) : make_sample(set_, plan, options_.image_size);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (start != start_) return;
    const std::int64_t batch = position / own_batch_;
    Pending& pending = pending_[batch];
    pending.samples.resize(size_of_batch(batch));
    pending.errors.resize(size_of_batch(batch));
    const auto place = static_cast<std::size_t>(position % own_batch_);
    pending.samples[place] = std::move(sample);
    pending.errors[place] = error;
    if (++pending.made == size_of_batch(batch)) is_made_.notify_all();
  }

  const TrainingSet set_;
  LoaderOptions options_;
  const std::int64_t own_batch_;  ///< samples of each batch but the last
  std::mutex mutex_;
  std::condition_variable may_claim_, is_made_;
  std::vector<std::int64_t> order_;
  AugmentOptions augment_;  ///< of this epoch
  std::map<std::int64_t, Pending> pending_;
  std::int64_t start_ = 0, epoch_ = 0;
  std::int64_t next_batch_ = 0;  ///< that next() will give
  std::int64_t claimed_ = 0;     ///< the first position nobody has claimed
  bool stopping_ = false;
  std::vector<std::thread> threads_;  ///< last: they use all of the above
};

TrainingLoader::TrainingLoader(TrainingSet set, const LoaderOptions& options) {
  check(options);
  workers_ = std::make_unique<Workers>(std::move(set), options);
}
TrainingLoader::~TrainingLoader() = default;

void TrainingLoader::start_epoch(std::int64_t epoch, std::int64_t first_batch) { workers_->start(epoch, first_batch); }

void TrainingLoader::set_augmentation(const AugmentOptions& augment) {
  draw_sample(augment, 1, 0, 0, 0);  // checks
  workers_->set_augmentation(augment);
}

std::optional<TrainingBatch> TrainingLoader::next() { return workers_->next(); }
std::int64_t TrainingLoader::batches_per_epoch() const { return workers_->batches(); }

}  // namespace nibble
