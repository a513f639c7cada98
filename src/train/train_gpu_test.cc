// SPDX-License-Identifier: Apache-2.0
// ctest label gpu. Needs a LibTorch with CUDA (cmake --preset cuda) and a GPU; skips loudly without.
#include <unistd.h>

#include "exec/device.h"
#include "exec/straight_through.h"
#include "support/scratch.h"
#include "support/several_processes.h"
#include "train/test_course.h"

namespace nibble {
namespace {

constexpr ComputeDevice kGpu{DeviceKind::cuda, 0};

/// Asked in a process of its own: one that has looked for GPUs cannot be forked any more.
bool sees_a_gpu() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(missing_for_cuda(cuda_state()).empty() ? 0 : 1);
  int status = 1;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

class TrainGpu : public testing::Test {
 protected:
  void SetUp() override {
    if (!sees_a_gpu()) GTEST_SKIP() << "NOT TESTED ON A GPU: " << missing_for_cuda(cuda_state());
  }
};

/// On one GPU through the CPU's memory, on two and more over NCCL where LibTorch has it.
TEST_F(TrainGpu, ProcessesAddUp) {
  test::in_processes(2, [](const Rendezvous& given) {
    Rendezvous place = given;
    place.local_rank = place.rank;
    place.local_size = place.size;
    QatSettings settings = test::settings_with_all_losses();
    settings.processes = join_processes(place);
    const auto gpu = test::train_course(torch_device({DeviceKind::cuda, place.local_rank}), settings);
    test::expect_near(gpu, test::train_course(at::kCPU, settings));
  });
}

TEST_F(TrainGpu, LossesAndCodesAreThoseOfTheCpu) {
  const auto gpu = test::train_course(torch_device(kGpu), test::settings_with_all_losses());
  test::expect_near(gpu, test::train_course(at::kCPU, test::settings_with_all_losses()));
}

TEST_F(TrainGpu, RoundsAsTheCpuDoes) {
  const QuantSpec spec{.bits = 8};
  const at::Tensor x = at::cat({at::linspace(-40, 40, 70001), at::arange(-300, 300).to(at::kFloat) * 0.125F});
  const at::Tensor scale = at::scalar_tensor(0.25F), device = scale.to(torch_device(kGpu));
  EXPECT_TRUE(at::equal(fake_quantize_straight_through(x.to(device.device()), device, 3, spec).cpu(),
                        fake_quantize_straight_through(x, scale, 3, spec)));
}

}  // namespace
}  // namespace nibble
