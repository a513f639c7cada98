// SPDX-License-Identifier: Apache-2.0
// libFuzzer entry: any bytes as a file of detections of each task; what is read can be written and scored.
#include "base/test_fuzz.h"
#include "eval/task_numbers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nibble;
  const auto path = test::fuzz_file("detections.json", test::text_of(data, size));
  for (const Task task : kTasks)
    test::expect_refusal_or_success([&] {
      const auto findings = read_findings(path, task).findings;
      write_findings(path.parent_path() / "again.json", findings, task);
      CocoDataset set;
      for (const auto& box : findings.boxes)
        if (set.images.empty() || set.images.back().id < box.image_id) set.images.push_back({box.image_id, "1.jpg"});
      evaluate_task(set, {task, {}, {}, {}}, findings, {.resamples = 2, .threads = 1});
    });
  return test::expect_refusal_or_success([&] { read_detections_file(path); });
}
