// SPDX-License-Identifier: Apache-2.0
// Included before everything else where clang reads LibTorch 1.13 with GCC's standard library. LibTorch's List.h moves and destroys a
// std::vector<c10::IValue> while IValue is not complete yet. In C++20 that library's vectors are constexpr, and clang makes the two
// functions below at once and refuses them; declared as specialisations they are made here, when IValue is known. Their bodies are the
// library's.
#pragma once
#pragma clang system_header  // with no more warnings than the headers that it stands for
#include <vector>

namespace c10 {
struct IValue;
}

template <>
constexpr std::_Vector_base<c10::IValue, std::allocator<c10::IValue>>::~_Vector_base() noexcept;
template <>
constexpr std::vector<c10::IValue>::~vector() noexcept;

#include <ATen/core/ivalue.h>

template <>
constexpr std::_Vector_base<c10::IValue, std::allocator<c10::IValue>>::~_Vector_base() noexcept {
  _M_deallocate(_M_impl._M_start, static_cast<std::size_t>(_M_impl._M_end_of_storage - _M_impl._M_start));
}
template <>
constexpr std::vector<c10::IValue>::~vector() noexcept {
  std::_Destroy(_M_impl._M_start, _M_impl._M_finish);
}
