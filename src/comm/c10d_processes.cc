// SPDX-License-Identifier: Apache-2.0
// The LibTorch side of comm/processes.h, exported from the shared module nibble_torch: c10d, over Gloo for numbers in the CPU's
// memory. Tensors on GPUs go over NCCL where LibTorch was built with it and each process has a GPU of its own, else through the CPU's
// memory.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <optional>

#include "base/log.h"
#include "comm/life_signs.h"
#include "comm/processes.h"
#include "nibble/error.h"
#include "nibble/visibility.h"

#ifdef USE_C10D_GLOO
#include <ATen/ATen.h>

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

namespace nibble {
namespace {

std::chrono::milliseconds milliseconds(double seconds) { return std::chrono::milliseconds(std::llround(seconds * 1000)); }

/// LibTorch's words, without the list of its own functions.
std::string message_of(const std::exception& error) {
  const auto* own = dynamic_cast<const c10::Error*>(&error);
  std::string words = own != nullptr ? own->what_without_backtrace() : error.what();
  return words.substr(0, words.find('\n'));
}

/// Gloo writes into sockets whose other end may be gone. Then the exchange fails, and the error names who has stopped; left as it was, the
/// signal would end this process, too, without a word. A handler that a program has set for itself stays.
void ignore_broken_pipes() {
  struct sigaction present {};
  ::sigaction(SIGPIPE, nullptr, &present);
  if (present.sa_handler == SIG_DFL) ::signal(SIGPIPE, SIG_IGN);
}

/// A connection of its own to the store at the rendezvous: another thread may wait for an answer on the other one.
class StoreCounters : public SharedCounters {
 public:
  explicit StoreCounters(const Rendezvous& place) {
    c10d::TCPStoreOptions options;
    options.port = place.port;
    options.waitWorkers = false;
    options.timeout = milliseconds(place.join_wait_s);
    store_ = c10::make_intrusive<c10d::TCPStore>(place.address, options);
  }
  std::int64_t add(const std::string& name, std::int64_t number) override { return store_->add(name, number); }

 private:
  c10::intrusive_ptr<c10d::TCPStore> store_;
};

class C10dProcesses : public Processes {
 public:
  explicit C10dProcesses(const Rendezvous& place)
      : rank_(place.rank), size_(place.size), local_size_(place.local_size), work_wait_(milliseconds(place.work_wait_s)) {
    ignore_broken_pipes();
    try {
      join(place);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      throw Error(
          ErrorKind::environment,
          fmt::format("several processes: process {} of {} waited {:g} s for the others at {}:{}: {}; start them all, with the same "
                      "WORLD_SIZE, MASTER_ADDR and MASTER_PORT",
                      rank_, size_, place.join_wait_s, place.address, place.port, message_of(error)));
    }
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void sum(at::Tensor& values) override {
    in_place(values, [](auto& group, std::vector<at::Tensor>& tensors) { return group.allreduce(tensors); });
  }
  void broadcast(at::Tensor& values) override {
    in_place(values, [](auto& group, std::vector<at::Tensor>& tensors) { return group.broadcast(tensors); });
  }
  void sum(std::span<double> values) override {
    at::Tensor tensor = view_of(values);
    sum(tensor);
  }
  void broadcast(std::span<double> values) override {
    at::Tensor tensor = view_of(values);
    broadcast(tensor);
  }
  void broadcast(std::string& bytes) override {
    double size = static_cast<double>(bytes.size());
    broadcast(std::span(&size, 1));
    bytes.resize(static_cast<std::size_t>(size));
    if (bytes.empty()) return;
    at::Tensor tensor = view_of(bytes);
    broadcast(tensor);
  }

  std::vector<std::string> gather(std::string bytes) override {
    std::vector<double> sizes(static_cast<std::size_t>(size_), 0);
    sizes[static_cast<std::size_t>(rank_)] = static_cast<double>(bytes.size());
    sum(sizes);
    std::vector<std::string> all;
    if (rank_ == 0)
      for (const double size : sizes) all.emplace_back(static_cast<std::size_t>(size), '\0');
    guarded([&] {
      std::vector<c10::intrusive_ptr<c10d::Work>> transfers;
      std::vector<std::vector<at::Tensor>> tensors;  // alive as long as the transfers
      if (rank_ != 0 && !bytes.empty()) {
        tensors.push_back({view_of(bytes)});
        transfers.push_back(gloo_->send(tensors.back(), 0, kGatherTag));
        traffic_.sent_bytes += static_cast<std::int64_t>(bytes.size());
      }
      for (std::size_t rank = 1; rank < all.size(); ++rank) {
        if (all[rank].empty()) continue;
        tensors.push_back({view_of(all[rank])});
        transfers.push_back(gloo_->recv(tensors.back(), static_cast<int>(rank), kGatherTag));
        traffic_.received_bytes += static_cast<std::int64_t>(all[rank].size());
      }
      for (const auto& transfer : transfers) transfer->wait();
    });
    if (rank_ == 0) all[0] = std::move(bytes);
    return all;
  }

  void require_all() override {
    if (is_broken_) throw stopped(signs_->lost(), "an exchange with it has failed");
    if (const auto lost = signs_->lost()) throw stopped(*lost, "it gives no sign of life");
  }
  Traffic traffic() const override { return traffic_; }

 private:
  using Device = decltype(c10d::ProcessGroupGloo::createDefaultDevice());

  void join(const Rendezvous& place) {
    c10d::TCPStoreOptions options;
    options.port = place.port;
    options.isServer = rank_ == 0;
    options.waitWorkers = false;  // would go on without those that do not come; the roll is called below
    options.timeout = milliseconds(place.join_wait_s);
    store_ = c10::make_intrusive<c10d::TCPStore>(place.address, options);
    call_the_roll();
    signs_ = std::make_unique<LifeSigns>(place, std::make_unique<StoreCounters>(place));
    const auto gloo = c10d::ProcessGroupGloo::Options::create(work_wait_);
    gloo->devices.push_back(device_for(place));
    gloo_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store_, rank_, size_, gloo);
  }

  /// Every rank must come, once.
  void call_the_roll() {
    const auto key = [](int rank) { return fmt::format("nibble/rank/{}", rank); };
    if (store_->add(key(rank_), 1) != 1)
      throw Error(ErrorKind::usage,
                  fmt::format("several processes: RANK: {} was given to two of them; number them 0 to {}", rank_, size_ - 1));
    std::vector<std::string> all;
    for (int rank = 0; rank < size_; ++rank) all.push_back(key(rank));
    store_->wait(all);
  }

  static Device device_for(const Rendezvous& place) {
    if (!place.interface.empty()) return c10d::ProcessGroupGloo::createDeviceForInterface(place.interface);
    const bool is_local = place.address == "localhost" || place.address.starts_with("127.");
    return is_local ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1") : c10d::ProcessGroupGloo::createDefaultDevice();
  }

  static at::Tensor view_of(std::span<double> values) {
    return at::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, at::kDouble);
  }

  static at::Tensor view_of(std::string& bytes) {
    return at::from_blob(bytes.data(), {static_cast<std::int64_t>(bytes.size())}, at::kByte);
  }

  Error stopped(std::optional<int> who, const std::string& why) const {
    return {ErrorKind::environment, fmt::format("several processes: process {} of {}: {} has stopped or cannot be reached ({}); its own "
                                                "message says why",
                                                rank_, size_, who ? fmt::format("process {}", *who) : "another one", why)};
  }

  /// Where `exchange` fails another process has gone: which one is known a moment later.
  template <class Exchange>
  void guarded(const Exchange& exchange) {
    ++traffic_.calls;
    try {
      exchange();
    } catch (const std::exception& error) {
      is_broken_ = true;
      const std::string why = message_of(error);
      throw stopped(signs_->wait_for_lost(), why);
    }
  }

  template <class Collective>
  void in_place(at::Tensor& values, const Collective& collective) {
    const bool over_nccl = values.is_cuda() && has_nccl();
    std::vector<at::Tensor> tensors = {(over_nccl ? values.detach() : values.detach().to(at::kCPU)).contiguous()};
    guarded([&] { start(tensors, collective)->wait(); });
    traffic_.sent_bytes += static_cast<std::int64_t>(tensors[0].nbytes());
    traffic_.received_bytes += static_cast<std::int64_t>(tensors[0].nbytes());
    if (tensors[0].data_ptr() != values.data_ptr()) values.detach().copy_(tensors[0]);
  }

  template <class Collective>
  c10::intrusive_ptr<c10d::Work> start(std::vector<at::Tensor>& tensors, const Collective& collective) {
#ifdef USE_C10D_NCCL
    if (tensors[0].is_cuda()) return collective(nccl(), tensors);
#endif
    return collective(*gloo_, tensors);
  }

  /// Of all processes or none. Said once, when the first tensor on a GPU comes.
  bool has_nccl() {
    if (has_nccl_) return *has_nccl_;
#ifdef USE_C10D_NCCL
    double without = local_size_ > static_cast<int>(at::getNumGPUs()) ? 1 : 0;  // NCCL wants a GPU for each
    const char* why = "some of them share a GPU";
    sum(std::span(&without, 1));
    has_nccl_ = without == 0;
#else
    const char* why = "this LibTorch comes without NCCL";
    has_nccl_ = false;
#endif
    if (rank_ == 0)
      log(LogLevel::info, *has_nccl_ ? "several processes: sums of gradients go over NCCL, from GPU to GPU"
                                     : fmt::format("several processes: sums of gradients go through memory and Gloo: {}", why));
    return *has_nccl_;
  }

#ifdef USE_C10D_NCCL
  c10d::ProcessGroupNCCL& nccl() {
    if (!nccl_) {
      const auto options = c10d::ProcessGroupNCCL::Options::create();
      options->timeout = work_wait_;
      nccl_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(store_, rank_, size_, options);
    }
    return *nccl_;
  }
#endif

  static constexpr int kGatherTag = 1;

  const int rank_, size_;
  Traffic traffic_;
  bool is_broken_ = false;
  [[maybe_unused]] const int local_size_;  ///< read with NCCL only
  const std::chrono::milliseconds work_wait_;
  std::optional<bool> has_nccl_;
  c10::intrusive_ptr<c10d::TCPStore> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo_;
#ifdef USE_C10D_NCCL
  c10::intrusive_ptr<c10d::ProcessGroupNCCL> nccl_;
#endif
  std::unique_ptr<LifeSigns> signs_;
};

}  // namespace
}  // namespace nibble
#endif

extern "C" NIBBLE_EXPORT void nibble_join_processes(const nibble::Rendezvous& rendezvous,
                                                    [[maybe_unused]] std::shared_ptr<nibble::Processes>& result) {
#ifdef USE_C10D_GLOO
  result = std::make_shared<nibble::C10dProcesses>(rendezvous);
#else
  throw nibble::Error(nibble::ErrorKind::unsupported,
                      fmt::format("several processes: WORLD_SIZE {}: this build's LibTorch comes without Gloo; install "
                                  "libgloo-dev and build again",
                                  rendezvous.size));
#endif
}

static_assert(std::is_same_v<decltype(nibble_join_processes), nibble::JoinProcessesFunction>);
