// SPDX-License-Identifier: Apache-2.0
// What the object opcodes of a pickle mean here: REDUCE, NEWOBJ, BUILD, persistent ids. All errors are Error(input or
// unsupported) with the reason only; the caller adds place and opcode.
#pragma once
#include "ckpt/pickle_heap.h"

namespace nibble {

/// REDUCE: what `callable(*arguments)` stands for. Containers and tensors for the few names of a fixed table, else an
/// object of that name with these arguments.
MutableRef apply(PickleHeap& heap, const MutableRef& callable, const PickleRef& arguments);
/// NEWOBJ: type.__new__(*arguments), never through the table.
MutableRef new_object(PickleHeap& heap, const PickleRef& type, const PickleRef& arguments);
/// BUILD: object.__setstate__(state). The extra attributes of an OrderedDict or tensor are dropped (torch's _metadata).
void build(PickleValue& object, const PickleRef& state);
/// BINPERSID: a storage, as a tensor of one dimension; or a class of the form before PyTorch 1.6, without its source.
MutableRef persistent(PickleHeap& heap, const PickleRef& id);

}  // namespace nibble
