#pragma once
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

/// Request bodies are read before anybody knows whose they are: together they are bounded, for all connections of the
/// process.
namespace causeway::gateway {

/// Bytes of large request bodies that are held, from their arrival until they are answered. Thread-safe.
class body_budget {
public:
  explicit body_budget(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  /// False, and nothing is taken, where the bound would be passed.
  bool take(std::size_t bytes) {
    if (held_.fetch_add(bytes) + bytes <= bytes_max_) return true;
    held_.fetch_sub(bytes);
    return false;
  }
  void give_back(std::size_t bytes) { held_.fetch_sub(bytes); }
  std::size_t held() const { return held_; }

private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> held_{0};
};

/// What one connection holds of it.
class body_share {
public:
  /// A body up to this size is not counted: the usual requests pass while others fill the budget. `connections_max`
  /// bounds them.
  static constexpr std::size_t free_bytes = 64 * 1024;
  /// Taken at once, so that the counter is not touched with every piece that arrives.
  static constexpr std::size_t step_bytes = 256 * 1024;

  explicit body_share(std::shared_ptr<body_budget> of) : of_(std::move(of)) {}
  body_share(const body_share&) = delete;
  body_share& operator=(const body_share&) = delete;
  ~body_share() { release(); }

  /// Makes room for a body of so many bytes in all. @returns false at the bound
  bool cover(std::size_t body_bytes) {
    while (body_bytes > free_bytes + taken_) {
      if (!of_->take(step_bytes)) return false;
      taken_ += step_bytes;
    }
    return true;
  }
  void release() { of_->give_back(std::exchange(taken_, 0)); }

private:
  const std::shared_ptr<body_budget> of_;
  std::size_t taken_ = 0;
};

} // namespace causeway::gateway
