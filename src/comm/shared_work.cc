// SPDX-License-Identifier: Apache-2.0
#include "comm/shared_work.h"

#include <fmt/format.h>

#include <exception>
#include <optional>
#include <span>

#include "base/log.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr const char* kEnd = "end";
constexpr double kWaitOfHelpers_s = 7 * 24 * 3600;  ///< process 0 may train meanwhile; that it died is noticed otherwise

void send(Processes& processes, const Json& message) {
  std::string text = message.dump();
  processes.broadcast(text);
}

/// The last word has been heard by all: none closes its connections before.
void part(Processes& processes) {
  double nothing = 0;
  processes.sum(std::span(&nothing, 1));
}

/// An error as it travels: its kind and its text.
std::string packed(ErrorKind kind, const std::string& text) { return fmt::format("{} {}", static_cast<int>(kind), text); }

Error unpacked(const std::string& text) {
  const auto blank = text.find(' ');
  return {static_cast<ErrorKind>(std::stoi(text.substr(0, blank))), text.substr(blank + 1)};
}

/// What a process has to say at the end of a round.
struct Share {
  std::string bytes;
  bool has_failed = false;
};

template <class Work>
Share attempt(const Work& work) {
  try {
    return {work(), false};
  } catch (const Error& error) {
    return {packed(error.kind(), error.what()), true};
  } catch (const std::exception& error) {
    return {packed(ErrorKind::internal, error.what()), true};
  }
}

/// One flag for each process, the same in all.
std::vector<double> flags_of_all(Processes& processes, bool mine) {
  std::vector<double> flags(static_cast<std::size_t>(processes.size()), 0);
  flags[static_cast<std::size_t>(processes.rank())] = mine ? 1 : 0;
  processes.sum(flags);
  return flags;
}

}  // namespace

Crew::Crew(std::shared_ptr<Processes> processes) : processes_(std::move(processes)), exceptions_(std::uncaught_exceptions()) {}

Crew::~Crew() {
  if (processes_->size() == 1) return;
  try {
    processes_->require_all();
    send(*processes_, {{"duty", kEnd}, {"failed", std::uncaught_exceptions() > exceptions_}});
    part(*processes_);
    const auto traffic = processes_->traffic();
    log(LogLevel::info, fmt::format("several processes: {}: process 0 exchanged {} messages, sent {} bytes and was sent {}",
                                    processes_->size(), traffic.calls, traffic.sent_bytes, traffic.received_bytes));
  } catch (const std::exception&) {  // one of them has gone, which was said
  }
}

std::unique_ptr<Crew> meet_crew(const Duties& duties) {
  Rendezvous place = environment_rendezvous();
  place.work_wait_s = kWaitOfHelpers_s;
  auto processes = join_processes(place);
  if (processes->is_first()) return std::make_unique<Crew>(std::move(processes));
  serve(*processes, duties);
  return nullptr;
}

void start_task(Processes& processes, const std::string& duty, Json task) { send(processes, {{"duty", duty}, {"task", std::move(task)}}); }

void serve(Processes& processes, const Duties& duties) {
  while (true) {
    std::string text;
    processes.broadcast(text);
    const Json message = Json::parse(text);
    const auto duty = message.at("duty").get<std::string>();
    if (duty != kEnd) {
      duties.at(duty)(message.at("task"), processes);
      continue;
    }
    part(processes);
    if (!message.at("failed").get<bool>()) return;
    throw Error(ErrorKind::environment, fmt::format("several processes: process {} of {}: process 0 has stopped; its own message says why",
                                                    processes.rank(), processes.size()));
  }
}

void share_units(Processes& processes, std::int64_t units, const std::function<std::string(std::int64_t unit)>& compute,
                 const std::function<void(std::int64_t unit, std::string result)>& take) {
  const std::int64_t size = processes.size(), rank = processes.rank();
  if (size == 1) {  // errors stay what they are
    for (std::int64_t unit = 0; unit < units; ++unit) take(unit, compute(unit));
    return;
  }
  std::optional<std::string> refusal;  // of `take`: the others are told with the next round
  for (std::int64_t first = 0; first < units; first += size) {
    Share mine = refusal ? Share{*refusal, true} : attempt([&] { return first + rank < units ? compute(first + rank) : std::string(); });
    const auto failed = flags_of_all(processes, mine.has_failed);
    auto all = processes.gather(std::move(mine.bytes));
    for (std::size_t k = 0; k < failed.size(); ++k) {
      if (failed[k] == 0) continue;
      if (rank == 0) throw unpacked(all[k]);
      return;
    }
    if (rank != 0) continue;
    const Share taken = attempt([&] {
      for (std::int64_t k = 0; k < size && first + k < units; ++k) take(first + k, std::move(all[static_cast<std::size_t>(k)]));
      return std::string();
    });
    if (taken.has_failed) refusal = taken.bytes;
  }
  if (refusal) throw unpacked(*refusal);
}

}  // namespace nibble
