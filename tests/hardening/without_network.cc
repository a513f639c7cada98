// SPDX-License-Identifier: Apache-2.0
// without_network COMMAND...: runs it, and the kernel kills it and what it starts (SIGSYS) at the first socket that is no local one,
// whichever library asks for it and by whatever way: a filter of system calls (seccomp(2), SECCOMP_RET_KILL_PROCESS), which needs no rights
// and cannot be taken off again. io_uring, which can open sockets without that call, is answered with ENOSYS.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace {

constexpr std::uint32_t kLoad = BPF_LD | BPF_W | BPF_ABS, kIfEqual = BPF_JMP | BPF_JEQ | BPF_K, kIfAtLeast = BPF_JMP | BPF_JGE | BPF_K,
                        kReturn = BPF_RET | BPF_K;
constexpr std::uint32_t kForeignNumbers = 0x40000000;  // system calls of the x32 ABI, and of none elsewhere

sock_filter statement(std::uint32_t code, std::size_t value) {
  return {static_cast<std::uint16_t>(code), 0, 0, static_cast<std::uint32_t>(value)};
}
/// Skips `no` statements where it does not hold, `yes` where it does.
sock_filter jump(std::uint32_t code, std::size_t value, std::uint8_t yes, std::uint8_t no) {
  return {static_cast<std::uint16_t>(code), yes, no, static_cast<std::uint32_t>(value)};
}

bool forbid_network() {
#if defined(__x86_64__)
  constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
  constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif
  sock_filter filter[] = {
      statement(kLoad, offsetof(seccomp_data, arch)),
      jump(kIfEqual, kArchitecture, 1, 0),
      statement(kReturn, SECCOMP_RET_KILL_PROCESS),
      statement(kLoad, offsetof(seccomp_data, nr)),
      jump(kIfAtLeast, kForeignNumbers, 0, 1),
      statement(kReturn, SECCOMP_RET_KILL_PROCESS),
      jump(kIfEqual, SYS_io_uring_setup, 0, 1),
      statement(kReturn, SECCOMP_RET_ERRNO | ENOSYS),
      jump(kIfEqual, SYS_socket, 1, 0),
      statement(kReturn, SECCOMP_RET_ALLOW),
      statement(kLoad, offsetof(seccomp_data, args[0])),
      jump(kIfEqual, AF_UNIX, 0, 1),
      statement(kReturn, SECCOMP_RET_ALLOW),
      statement(kReturn, SECCOMP_RET_KILL_PROCESS),
  };
  const sock_fprog program{sizeof(filter) / sizeof(filter[0]), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  if (!forbid_network()) {
    std::perror("without_network");
    return 125;  // as timeout(1) and env(1) say that they themselves failed
  }
  ::execvp(arguments[1], arguments + 1);
  std::perror(arguments[1]);
  return 127;
}
