// SPDX-License-Identifier: Apache-2.0
// Changes a pickle opcode by opcode, so that a fuzz target spends its inputs behind the reader of opcodes: most changes of single bytes end
// there. Lengths of arguments as in CPython's pickletools.py.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace nibble::test {

class PickleMutator {
 public:
  explicit PickleMutator(unsigned seed) : random_(seed) {}

  std::string mutate(std::string_view pickle) {
    std::vector<std::string> codes = split(pickle);
    for (auto changes = below(4) + 1; changes > 0; --changes) change(codes);
    std::string all;
    for (const auto& code : codes) all += code;
    return all;
  }

 private:
  std::size_t below(std::size_t count) { return random_() % count; }

  /// Bytes of the argument that begins `text`.
  static std::size_t argument_size(char opcode, std::string_view text) {
    const auto number = [&](std::size_t bytes) {
      std::uint64_t value = 0;
      for (std::size_t i = 0; i < bytes && i < text.size(); ++i) value |= std::uint64_t{static_cast<std::uint8_t>(text[i])} << (8 * i);
      return value;
    };
    const auto counted = [&](std::size_t bytes) {
      return bytes + static_cast<std::size_t>(std::min<std::uint64_t>(number(bytes), text.size()));
    };
    const auto lines = [&](int count) {
      std::size_t end = 0;
      for (; count > 0; --count) {
        const auto next = text.find('\n', end);
        if (next == std::string_view::npos) return text.size();
        end = next + 1;
      }
      return end;
    };
    switch (opcode) {
      case 'K':
      case 'q':
      case 'h':
      case '\x80':
      case '\x82': return 1;
      case 'M':
      case '\x83': return 2;
      case 'J':
      case 'r':
      case 'j':
      case '\x84': return 4;
      case 'G':
      case '\x95': return 8;
      case 'U':
      case 'C':
      case '\x8c':
      case '\x8a': return counted(1);
      case 'T':
      case 'X':
      case 'B':
      case '\x8b': return counted(4);
      case '\x8d':
      case '\x8e':
      case '\x96': return counted(8);
      case 'I':
      case 'L':
      case 'F':
      case 'S':
      case 'V':
      case 'p':
      case 'g':
      case 'P': return lines(1);
      case 'c':
      case 'i': return lines(2);
      default: return 0;
    }
  }

  static std::vector<std::string> split(std::string_view pickle) {
    std::vector<std::string> codes;
    while (!pickle.empty()) {
      const auto size = std::min(1 + argument_size(pickle[0], pickle.substr(1)), pickle.size());
      codes.emplace_back(pickle.substr(0, size));
      pickle.remove_prefix(size);
    }
    return codes;
  }

  std::string fragment() {
    using namespace std::string_literals;
    static const std::array kFragments{"("s,
                                       ")"s,
                                       "}"s,
                                       "]"s,
                                       "t"s,
                                       "\x85"s,
                                       "\x86"s,
                                       "\x87"s,
                                       "R"s,
                                       "b"s,
                                       "s"s,
                                       "u"s,
                                       "a"s,
                                       "e"s,
                                       "0"s,
                                       "1"s,
                                       "2"s,
                                       "N"s,
                                       "\x88"s,
                                       "\x89"s,
                                       "Q"s,
                                       "\x81"s,
                                       "\x92"s,
                                       "\x93"s,
                                       "\x94"s,
                                       "\x8f"s,
                                       "\x90"s,
                                       "\x91"s,
                                       "d"s,
                                       "l"s,
                                       "o"s,
                                       "."s,
                                       "q\0"s,
                                       "h\0"s,
                                       "h\1"s,
                                       "K\0"s,
                                       "K\4"s,
                                       "J\xff\xff\xff\xff"s,
                                       "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"s,
                                       "\x8a\x01\x80"s,
                                       "G\x7f\xf0\0\0\0\0\0\0"s,
                                       "X\x01\0\0\0000"s,
                                       "X\x07\0\0\0storage"s,
                                       "X\x03\0\0\0cpu"s,
                                       "X\x08\0\0\0_modules"s,
                                       "X\x0b\0\0\0_parameters"s,
                                       "ctorch._utils\n_rebuild_tensor_v2\n"s,
                                       "ctorch._utils\n_rebuild_parameter\n"s,
                                       "ctorch\nFloatStorage\n"s,
                                       "ctorch\nHalfStorage\n"s,
                                       "ctorch\nSize\n"s,
                                       "ccollections\nOrderedDict\n"s,
                                       "ctorch.nn.modules.conv\nConv2d\n"s,
                                       "cos\nsystem\n"s,
                                       "c__builtin__\nset\n"s,
                                       "(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0000X\x03\0\0\0cpuK\4tQ"s};
    return kFragments[below(kFragments.size())];
  }

  void change(std::vector<std::string>& codes) {
    if (codes.empty()) return codes.push_back(fragment());
    const auto at = below(codes.size()), other = below(codes.size());
    const auto place = codes.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(7)) {
      case 0: codes.erase(place); break;
      case 1: codes.insert(place, codes[other]); break;
      case 2: std::swap(codes[at], codes[other]); break;
      case 3: codes.insert(place, fragment()); break;
      case 4: *place = fragment(); break;
      case 5: change_argument(*place); break;
      default: {  // a piece of the program stands twice
        const std::vector<std::string> piece(codes.begin() + static_cast<std::ptrdiff_t>(std::min(at, other)),
                                             codes.begin() + static_cast<std::ptrdiff_t>(std::max(at, other)));
        codes.insert(codes.begin() + static_cast<std::ptrdiff_t>(below(codes.size())), piece.begin(), piece.end());
      }
    }
  }

  void change_argument(std::string& code) {
    const auto old = code.size();
    if (old < 2) return;
    code.resize(old + 8);
    code.resize(1 + LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(code.data()) + 1, old - 1, old + 7));
  }

  std::minstd_rand random_;
};

}  // namespace nibble::test
