// SPDX-License-Identifier: Apache-2.0
// What a linked file of this system (64-bit ELF) says of itself: the generic ABI, and the flags of <elf.h>.
#pragma once
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace nibble::test {

struct ElfFile {
  bool shared = false;                    ///< ET_DYN: it may lie at any address
  bool program = false;                   ///< DF_1_PIE: a program, not a library
  bool executable_stack = true;           ///< without a PT_GNU_STACK the kernel makes it one
  bool writable_code = false;             ///< a segment that is both
  bool relocations_read_only = false;     ///< PT_GNU_RELRO
  bool bound_at_start = false;            ///< DF_BIND_NOW or DF_1_NOW: with the above, "full RELRO"
  bool relocates_code = false;            ///< DT_TEXTREL
  std::vector<std::string> needed;        ///< names of the libraries it is linked with
  std::vector<std::string> search_paths;  ///< of DT_RUNPATH and DT_RPATH, split at colons; "" is the current directory
  std::set<std::string> imports;          ///< functions and data of other libraries that it uses
};

/// Throws std::runtime_error for a file that is no such ELF file.
ElfFile read_elf(const std::filesystem::path& file);

}  // namespace nibble::test
