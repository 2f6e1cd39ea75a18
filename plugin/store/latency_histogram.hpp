#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace causeway::store {

/// Counts durations in classes that are a quarter of a power of two wide: percentiles are right within 25 %.
class latency_histogram {
public:
  void add(std::uint64_t us) {
    ++counts_[class_of(us)];
    ++total_;
  }
  /// Upper bound of the class that holds the given share (0..1) of the durations, microseconds; 0 without any.
  std::uint64_t percentile(double share) const {
    auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted || (seen == total_ && total_ != 0)) return upper_bound_of(i);
    }
    return 0;
  }

private:
  static constexpr std::size_t classes = 4 * 40;

  // 0..3 have a class each; above, the two bits after the leading one choose the quarter.
  static std::size_t class_of(std::uint64_t us) {
    if (us < 4) return static_cast<std::size_t>(us);
    auto power = static_cast<std::size_t>(std::bit_width(us)) - 1;
    auto index = 4 * (power - 1) + ((us >> (power - 2)) & 3);
    return index < classes ? index : classes - 1;
  }
  static std::uint64_t upper_bound_of(std::size_t index) {
    if (index < 4) return index;
    auto power = index / 4 + 1;
    return ((std::uint64_t{4} + index % 4 + 1) << (power - 2)) - 1;
  }

  std::array<std::uint64_t, classes> counts_{};
  std::uint64_t total_ = 0;
};

} // namespace causeway::store
