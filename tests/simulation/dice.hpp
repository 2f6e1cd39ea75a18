#pragma once
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace causeway::simulation {

/// All chance of a run: the same seed gives the same run, on every machine (mt19937_64 is defined by the standard, the
/// distributions of the standard library are not, hence our own).
class dice {
public:
  explicit dice(std::uint64_t seed) : engine_(seed * 0x9e3779b97f4a7c15u + 1) {}

  /// 0 .. n-1; n > 0
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  /// low .. high, both included
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool chance(std::uint64_t per_mille) { return below(1'000) < per_mille; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }
  std::string bytes(std::size_t n) {
    std::string s(n, '\0');
    for (auto& c : s) c = static_cast<char>(below(256));
    return s;
  }

private:
  std::mt19937_64 engine_;
};

} // namespace causeway::simulation
