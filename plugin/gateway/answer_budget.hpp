#pragma once
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

/// An answer is held until it was read: a client that asks much and reads nothing would keep as much of our memory as
/// it likes.
namespace causeway::gateway {

/// Whose an answer is: the address it goes to (messages/peer_address.hpp) and the server that asked. Empty: not known,
/// and not counted.
struct answer_holder {
  std::string address, origin;
};

/// Bytes of answers that are held, of all connections of the process and of each holder. Thread-safe.
class answer_budget {
public:
  answer_budget(std::size_t bytes_max, std::size_t holder_bytes_max)
      : bytes_max_(bytes_max), holder_bytes_max_(holder_bytes_max) {}

  /// False, and nothing is taken, where a bound would be passed. An answer alone always passes, or a large one could
  /// never be had.
  bool take(const answer_holder& whose, std::size_t bytes) {
    const std::lock_guard lock{mutex_};
    if (!fits(held_, bytes, bytes_max_) || !fits(held_by(by_address_, whose.address), bytes, holder_bytes_max_) ||
        !fits(held_by(by_origin_, whose.origin), bytes, holder_bytes_max_))
      return false;
    held_ += bytes;
    if (!whose.address.empty()) by_address_[whose.address] += bytes;
    if (!whose.origin.empty()) by_origin_[whose.origin] += bytes;
    return true;
  }
  void give_back(const answer_holder& whose, std::size_t bytes) {
    const std::lock_guard lock{mutex_};
    held_ -= bytes;
    give_back(by_address_, whose.address, bytes);
    give_back(by_origin_, whose.origin, bytes);
  }
  /// Half of it is held: whoever reads slowly now is in the way of others.
  bool is_crowded() const {
    const std::lock_guard lock{mutex_};
    return held_ > bytes_max_ / 2;
  }
  std::size_t held() const {
    const std::lock_guard lock{mutex_};
    return held_;
  }

private:
  using holdings = std::unordered_map<std::string, std::size_t>;

  static bool fits(std::size_t held, std::size_t bytes, std::size_t most) { return held == 0 || held + bytes <= most; }
  static std::size_t held_by(const holdings& all, const std::string& whose) {
    const auto it = whose.empty() ? all.end() : all.find(whose);
    return it == all.end() ? 0 : it->second;
  }
  static void give_back(holdings& all, const std::string& whose, std::size_t bytes) {
    const auto it = whose.empty() ? all.end() : all.find(whose);
    if (it == all.end()) return;
    it->second -= bytes;
    if (it->second == 0) all.erase(it);
  }

  const std::size_t bytes_max_, holder_bytes_max_;
  mutable std::mutex mutex_;
  std::size_t held_ = 0;
  holdings by_address_, by_origin_;
};

/// What one connection holds of it.
class answer_share {
public:
  /// An answer up to this size is not counted: the usual ones pass while others fill the budget. `connections_max`
  /// bounds them.
  static constexpr std::size_t free_bytes = 16 * 1024;
  /// Taken for a question whose answer may be large, until it is there: else any number of answers could be on their
  /// way from the node.
  static constexpr std::size_t expected_bytes = 256 * 1024;

  explicit answer_share(std::shared_ptr<answer_budget> of) : of_(std::move(of)) {}
  answer_share(const answer_share&) = delete;
  answer_share& operator=(const answer_share&) = delete;
  ~answer_share() { release(); }

  /// Instead of what was taken before.
  bool take(const answer_holder& whose, std::size_t bytes) {
    release();
    if (bytes <= free_bytes) return true;
    if (!of_->take(whose, bytes)) return false;
    whose_ = whose;
    taken_ = bytes;
    return true;
  }
  void release() {
    if (taken_ > 0) of_->give_back(whose_, std::exchange(taken_, 0));
  }

private:
  const std::shared_ptr<answer_budget> of_;
  answer_holder whose_;
  std::size_t taken_ = 0;
};

} // namespace causeway::gateway
