// SPDX-License-Identifier: Apache-2.0
#include "hardening/elf_file.h"

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace nibble::test {
namespace {

class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : name_(file.string()) {
    std::ifstream stream(file, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(stream), {});
  }
  template <class T>
  T at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) throw std::runtime_error(name_ + ": cut short");
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }
  std::string text(std::uint64_t offset) const {
    if (offset >= bytes_.size()) throw std::runtime_error(name_ + ": a name beyond its end");
    return bytes_.c_str() + offset;
  }
  const std::string& name() const { return name_; }

 private:
  std::string name_, bytes_;
};

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> parts(1);
  for (const char letter : path) {
    if (letter == ':') {
      parts.emplace_back();
    } else {
      parts.back() += letter;
    }
  }
  return parts;
}

void read_dynamic(const Reader& file, const Elf64_Shdr& section, const Elf64_Shdr& names, ElfFile& result) {
  for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= section.sh_size; at += sizeof(Elf64_Dyn)) {
    const auto entry = file.at<Elf64_Dyn>(section.sh_offset + at);
    const auto value = entry.d_un.d_val;
    switch (entry.d_tag) {
      case DT_NEEDED: result.needed.push_back(file.text(names.sh_offset + value)); break;
      case DT_RPATH:
      case DT_RUNPATH: {
        const auto parts = split(file.text(names.sh_offset + value));
        result.search_paths.insert(result.search_paths.end(), parts.begin(), parts.end());
        break;
      }
      case DT_TEXTREL: result.relocates_code = true; break;
      case DT_BIND_NOW: result.bound_at_start = true; break;
      case DT_FLAGS:
        if (value & DF_BIND_NOW) result.bound_at_start = true;
        if (value & DF_TEXTREL) result.relocates_code = true;
        break;
      case DT_FLAGS_1:
        if (value & DF_1_NOW) result.bound_at_start = true;
        if (value & DF_1_PIE) result.program = true;
        break;
      default: break;
    }
  }
}

}  // namespace

ElfFile read_elf(const std::filesystem::path& path) {
  const Reader file(path);
  const auto header = file.at<Elf64_Ehdr>(0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64)
    throw std::runtime_error(file.name() + ": no 64-bit ELF file");
  ElfFile result;
  result.shared = header.e_type == ET_DYN;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = file.at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
    const bool writable = segment.p_flags & PF_W, executable = segment.p_flags & PF_X;
    if (segment.p_type == PT_GNU_STACK) result.executable_stack = executable;
    if (segment.p_type == PT_GNU_RELRO) result.relocations_read_only = true;
    if (segment.p_type == PT_LOAD && writable && executable) result.writable_code = true;
  }
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    const auto section = file.at<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr));
    if (section.sh_type != SHT_DYNAMIC && section.sh_type != SHT_DYNSYM) continue;
    const auto names = file.at<Elf64_Shdr>(header.e_shoff + section.sh_link * sizeof(Elf64_Shdr));
    if (section.sh_type == SHT_DYNAMIC) read_dynamic(file, section, names, result);
    if (section.sh_type != SHT_DYNSYM) continue;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= section.sh_size; at += sizeof(Elf64_Sym)) {
      const auto symbol = file.at<Elf64_Sym>(section.sh_offset + at);
      if (symbol.st_shndx == SHN_UNDEF) result.imports.insert(file.text(names.sh_offset + symbol.st_name));
    }
  }
  return result;
}

}  // namespace nibble::test
