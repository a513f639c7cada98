// SPDX-License-Identifier: Apache-2.0
// A test in several processes that meet on this machine's own address.
#pragma once
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <vector>

#include "comm/rendezvous.h"

namespace nibble::test {

/// A port nobody listens on now: below those that the kernel gives to connections, so that none takes it before it is used, and another one
/// for each process number, so that tests side by side do not meet.
inline std::uint16_t free_port() {
  constexpr int kFirst = 20000, kPorts = 10000;
  static int given = 0;
  for (int tries = 0; tries < kPorts; ++tries) {
    const auto port = static_cast<std::uint16_t>(kFirst + (::getpid() * 7 + given++) % kPorts);
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool found = ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    ::close(listener);
    if (found) return port;
  }
  throw std::runtime_error("no free port");
}

inline Rendezvous local_rendezvous(int rank, int size, std::uint16_t port) {
  Rendezvous place;
  place.rank = rank;
  place.size = size;
  place.address = "127.0.0.1";
  place.port = port;
  return place;
}

/// Runs `body` in processes of their own, one for each rank; to be called before LibTorch has computed anything in this one.
/// Expectations and exceptions in them fail the test.
inline void in_processes(int size, const std::function<void(const Rendezvous&)>& body) {
  const auto port = free_port();
  std::vector<pid_t> children;
  for (int rank = 0; rank < size; ++rank) {
    const pid_t child = ::fork();
    if (child == 0) {
      int status = 0;
      try {
        body(local_rendezvous(rank, size, port));
        status = testing::Test::HasFailure() ? 1 : 0;
      } catch (const std::exception& error) {
        std::fprintf(stderr, "process %d: %s\n", rank, error.what());
        status = 2;
      }
      std::fflush(nullptr);
      ::_exit(status);
    }
    children.push_back(child);
  }
  for (std::size_t rank = 0; rank < children.size(); ++rank) {
    int status = 0;
    EXPECT_EQ(::waitpid(children[rank], &status, 0), children[rank]);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "process " << rank << ": status " << status;
  }
}

}  // namespace nibble::test
