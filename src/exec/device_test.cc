// SPDX-License-Identifier: Apache-2.0
#include "exec/device.h"

#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;
using testing::AllOf;
using testing::HasSubstr;

TEST(Device, SaysWhatIsMissingForAGpuAndWhatToDo) {
  EXPECT_THAT(missing_for_cuda({false, 0}), AllOf(HasSubstr("built without CUDA"), HasSubstr("TORCH_WHEEL"), HasSubstr("--provider cpu")));
  EXPECT_THAT(missing_for_cuda({true, 0}), AllOf(HasSubstr("sees no GPU"), HasSubstr("driver"), HasSubstr("CUDA_VISIBLE_DEVICES")));
  EXPECT_EQ(missing_for_cuda({true, 2}), "");
}

TEST(Device, TheCpuIsAlwaysThere) { EXPECT_TRUE(torch_device({}).is_cpu()); }

TEST(Device, AGpuThatIsNotThereIsAnError) {
  if (cuda_state().gpus > 0) GTEST_SKIP() << "this machine has a GPU: device_gpu_test looks at it";
  expect_error(ErrorKind::environment, {"provider cuda: LibTorch"}, [] { torch_device({DeviceKind::cuda, 0}); });
}

}  // namespace
}  // namespace nibble
