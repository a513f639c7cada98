// SPDX-License-Identifier: Apache-2.0
// Work that process 0 divides among all: it runs a command as if it were alone and asks the others for help where a loop over images is
// long. What they find comes back in the order of the images, so that the result does not depend on how many they are.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/json.h"
#include "comm/processes.h"

namespace nibble {

/// What a process does when it is asked to: the same loop as process 0, which has called start_task.
using Duty = std::function<void(const Json& task, Processes& processes)>;
using Duties = std::map<std::string, Duty>;

/// The processes of a command, as process 0 holds them. The others are sent home when it goes.
class Crew {
 public:
  explicit Crew(std::shared_ptr<Processes> processes);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  Processes* processes() const { return processes_.get(); }

 private:
  std::shared_ptr<Processes> processes_;
  const int exceptions_;
};

/// Meets the other processes of this one's environment, of which there may be none. In process 0 the crew; in the others null, after they
/// have done all that process 0 asked for. Error(environment) there when process 0 ended with an error. Errors as environment_rendezvous
/// and join_processes.
std::unique_ptr<Crew> meet_crew(const Duties& duties);

/// What process 0 calls before it enters the loop of a duty. The others enter theirs.
void start_task(Processes& processes, const std::string& duty, Json task);
/// In the others: does what is asked for until process 0 sends them home, errors as meet_crew.
void serve(Processes& processes, const Duties& duties);

/// Unit k is computed by process k modulo their number. `take` is called in process 0 for each unit in order, as the results come in:
/// a round has a unit for each process. An error of any unit ends the loop of all and is thrown in process 0: that of the first unit; the
/// other processes return. `compute` must throw nothing but Error and std::exception, and what it does before it fails must exchange
/// nothing.
void share_units(Processes& processes, std::int64_t units, const std::function<std::string(std::int64_t unit)>& compute,
                 const std::function<void(std::int64_t unit, std::string result)>& take);

}  // namespace nibble
