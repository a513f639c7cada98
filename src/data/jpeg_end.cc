// SPDX-License-Identifier: Apache-2.0
#include "data/jpeg_end.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace nibble {
namespace {

constexpr std::uint8_t kBaseline = 0xC0, kProgressive = 0xC2, kRestart0 = 0xD0, kRestart7 = 0xD7, kEndOfImage = 0xD9, kStartOfScan = 0xDA,
                       kRestartInterval = 0xDD, kFill = 0xFF;
constexpr std::string_view kEnd = "\xFF\xD9";
constexpr std::size_t kBlockPx = 8, kCoefficients = 64;

std::uint8_t byte_at(std::string_view bytes, std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); }
std::size_t two_bytes_at(std::string_view bytes, std::size_t i) {
  return static_cast<std::size_t>(byte_at(bytes, i) << 8 | byte_at(bytes, i + 1));
}
std::size_t divided_up(std::size_t value, std::size_t by) { return (value + by - 1) / by; }

struct Component {
  std::uint8_t id = 0;
  std::size_t across = 1, down = 1;  ///< sampling factors
  /// Of each coefficient: how many of its lowest bits no scan has told; more than there are at first.
  std::array<int, kCoefficients> bits_missing = [] {
    std::array<int, kCoefficients> bits{};
    bits.fill(16);
    return bits;
  }();
};

/// Goes from segment to segment (ITU-T T.81, B.2), as far as they are well-formed, and keeps what they say.
class Segments {
 public:
  explicit Segments(std::string_view jpeg) : jpeg_(jpeg) {
    std::size_t at = 2;
    while (ends_well_ && at < jpeg_.size() && !ended_) at = behind_segment(at);
  }

  /// Where the first scan begins; npos if there is none.
  std::size_t first_scan() const { return first_scan_; }

  /// Whether all bits of all coefficients are told by some scan, and nothing but bits of the last one can be missing.
  bool lack_bits_of_the_last_scan_alone() const {
    return ends_well_ && !components_.empty() && restarts_wanted_ == restarts_ &&
           std::all_of(components_.begin(), components_.end(), [](const auto& c) {
             return std::all_of(c.bits_missing.begin(), c.bits_missing.end(), [](int bits) { return bits == 0; });
           });
  }

 private:
  std::size_t stop() {
    ends_well_ = false;
    return jpeg_.size();
  }

  std::size_t behind_segment(std::size_t at) {
    if (byte_at(jpeg_, at) != 0xFF) return stop();
    if (at + 1 == jpeg_.size()) return at + 1;  // the first half of a marker
    const auto marker = byte_at(jpeg_, at + 1);
    if (marker == kFill) return at + 1;
    if (marker == kEndOfImage) {
      ended_ = true;
      return at + 2;
    }
    if (marker == kStartOfScan && first_scan_ == std::string_view::npos) first_scan_ = at;
    if (at + 4 > jpeg_.size()) return stop();
    const std::size_t bytes = two_bytes_at(jpeg_, at + 2);
    const auto segment = jpeg_.substr(at + 2, bytes);  // from its length on
    if (bytes < 2 || segment.size() < bytes) return stop();
    const std::size_t behind = at + 2 + bytes;
    if (marker >= kBaseline && marker <= kProgressive) return read_frame(segment, marker == kProgressive) ? behind : stop();
    if (marker == kRestartInterval && bytes >= 4) interval_ = two_bytes_at(segment, 2);
    if (marker == kStartOfScan) return read_scan(segment) ? behind_bits(behind) : stop();
    return behind;
  }

  /// Length (2), precision (1), height (2), width (2), count (1); of each component its id, sampling factors and table.
  bool read_frame(std::string_view segment, bool progressive) {
    if (!components_.empty() || segment.size() < 8) return false;
    progressive_ = progressive;
    height_px_ = two_bytes_at(segment, 3);
    width_px_ = two_bytes_at(segment, 5);
    const std::size_t count = byte_at(segment, 7);
    if (height_px_ == 0 || width_px_ == 0 || segment.size() < 8 + 3 * count) return false;
    for (std::size_t i = 0; i < count; ++i) {
      Component component;
      component.id = byte_at(segment, 8 + 3 * i);
      component.across = byte_at(segment, 9 + 3 * i) >> 4;
      component.down = byte_at(segment, 9 + 3 * i) & 15;
      if (component.across == 0 || component.down == 0) return false;
      most_across_ = std::max(most_across_, component.across);
      most_down_ = std::max(most_down_, component.down);
      components_.push_back(component);
    }
    return count > 0;
  }

  /// Length (2), count (1); of each component its id and tables; first and last coefficient, and how many of their bits are told before
  /// this scan and not by it.
  bool read_scan(std::string_view segment) {
    const std::size_t count = segment.size() > 2 ? byte_at(segment, 2) : 0;
    if (count == 0 || segment.size() < 6 + 2 * count) return false;
    const std::size_t first = progressive_ ? byte_at(segment, 3 + 2 * count) : 0;
    const std::size_t last = progressive_ ? byte_at(segment, 4 + 2 * count) : kCoefficients - 1;
    const int bits_missing = progressive_ ? byte_at(segment, 5 + 2 * count) & 15 : 0;
    if (first > last || last >= kCoefficients) return false;
    const Component* only = nullptr;
    for (std::size_t i = 0; i < count; ++i) {
      const auto id = byte_at(segment, 3 + 2 * i);
      const auto found = std::find_if(components_.begin(), components_.end(), [&](const auto& c) { return c.id == id; });
      if (found == components_.end()) return false;
      std::fill(found->bits_missing.begin() + static_cast<std::ptrdiff_t>(first),
                found->bits_missing.begin() + static_cast<std::ptrdiff_t>(last) + 1, bits_missing);
      only = &*found;
    }
    const std::size_t units =
        count == 1 ? blocks_of(*only) : divided_up(width_px_, kBlockPx * most_across_) * divided_up(height_px_, kBlockPx * most_down_);
    restarts_wanted_ = interval_ == 0 ? 0 : divided_up(units, interval_) - 1;
    return true;
  }

  /// Those that a scan of this component alone holds (A.2.2).
  std::size_t blocks_of(const Component& component) const {
    return divided_up(divided_up(width_px_ * component.across, most_across_), kBlockPx) *
           divided_up(divided_up(height_px_ * component.down, most_down_), kBlockPx);
  }

  /// Coded pixels, in which FF is followed by 0 or makes a restart marker (B.1.1.5).
  std::size_t behind_bits(std::size_t at) {
    restarts_ = 0;
    for (at = jpeg_.find('\xFF', at); at < jpeg_.size() && at + 1 < jpeg_.size(); at = jpeg_.find('\xFF', at + 2)) {
      const auto next = byte_at(jpeg_, at + 1);
      if (next == kFill) {
        --at;  // the marker may begin at the second byte
      } else if (next >= kRestart0 && next <= kRestart7) {
        ++restarts_;
      } else if (next != 0) {
        return at;
      }
    }
    return jpeg_.size();
  }

  std::string_view jpeg_;
  std::size_t first_scan_ = std::string_view::npos;
  bool ends_well_ = true, ended_ = false, progressive_ = false;
  std::size_t width_px_ = 0, height_px_ = 0, most_across_ = 1, most_down_ = 1;
  std::size_t interval_ = 0;                        // units of coded pixels between restart markers; 0: there are none
  std::size_t restarts_ = 0, restarts_wanted_ = 0;  // markers in the last scan
  std::vector<Component> components_;
};

}  // namespace

bool lacks_jpeg_end(std::string_view file) {
  if (!file.starts_with("\xFF\xD8")) return false;
  const auto begin = Segments(file).first_scan();
  return begin == std::string_view::npos || file.find(kEnd, begin) == std::string_view::npos;
}

bool can_tell_missing_pixels(std::string_view jpeg) { return Segments(jpeg).lack_bits_of_the_last_scan_alone(); }

std::string with_jpeg_end(std::string_view jpeg, std::uint8_t pattern) {
  constexpr std::size_t kPatternBytes = 4096;
  std::string file(jpeg);
  if (!file.empty() && byte_at(file, file.size() - 1) == 0xFF) file += '\0';  // a byte of pixels, of which the second half is cut away
  if (pattern != 0) file.append(kPatternBytes, static_cast<char>(pattern));
  file += kEnd;
  return file;
}

}  // namespace nibble
