#pragma once
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace causeway::gateway {

/// Who may be connected. Places are few, and connecting costs nothing: one address (of IPv6 a /64) has a share of them,
/// and where there is no place left the oldest unfinished handshake gives way, then whoever has never sent a whole
/// request, then whoever has been idle for longest. Thread-safe.
class connection_places {
public:
  /// Ends a connection, from any thread, at once or soon. Called without a lock held.
  using ending = std::function<void()>;

  /// One connection's place; it is given back at the end of its life. Connections may outlive the server: they share
  /// the table.
  class place;

  enum class standing : std::uint8_t {
    greeting, ///< its TLS handshake is not done
    unproved, ///< no whole request has come yet
    idle,     ///< between requests
    busy,     ///< gives way to nobody
  };

  connection_places(std::size_t places_max, std::size_t share_max) : places_max_(places_max), share_max_(share_max) {}

  /// A place for a new connection of this peer (messages/peer_address.hpp; empty: not known, no share), perhaps
  /// another's; null: there is none.
  static std::unique_ptr<place> take(const std::shared_ptr<connection_places>& from, const std::string& peer);

  bool wait_until_none(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock{mutex_};
    return emptied_.wait_until(lock, deadline, [this] { return present_ == 0; });
  }
  /// Connections that are there, those that are ending included.
  std::size_t now() const {
    const std::lock_guard lock{mutex_};
    return present_;
  }
  /// Connections that had to give way, ever.
  std::uint64_t gave_way() const {
    const std::lock_guard lock{mutex_};
    return gave_way_;
  }

private:
  struct entry {
    std::string peer;
    ending end;
    standing is = standing::greeting;
    bool counted = true; ///< false: it has given way and is ending
  };
  using line = std::list<entry>;

  static constexpr std::size_t lines = 4;
  line& line_of(standing s) { return lines_[static_cast<std::size_t>(s)]; }
  std::size_t held_by(const std::string& peer) const {
    const auto it = peer.empty() ? by_peer_.end() : by_peer_.find(peer);
    return it == by_peer_.end() ? 0 : it->second;
  }
  void leave(entry& x) {
    if (!std::exchange(x.counted, false)) return;
    --taken_;
    if (const auto it = x.peer.empty() ? by_peer_.end() : by_peer_.find(x.peer);
        it != by_peer_.end() && --it->second == 0)
      by_peer_.erase(it);
  }
  /// Somebody of this peer (empty: of anybody) who can give way does. @returns their ending; empty: there is none
  ending make_room(const std::string& peer) {
    for (const auto s : {standing::greeting, standing::unproved, standing::idle})
      for (auto& x : line_of(s)) {
        if (!x.counted || !x.end || (!peer.empty() && x.peer != peer)) continue;
        leave(x);
        ++gave_way_;
        return x.end;
      }
    return {};
  }

  const std::size_t places_max_, share_max_;
  mutable std::mutex mutex_;
  std::condition_variable emptied_;
  line lines_[lines]; ///< each with the oldest first
  std::unordered_map<std::string, std::size_t> by_peer_;
  std::size_t taken_ = 0, present_ = 0;
  std::uint64_t gave_way_ = 0;
};

class connection_places::place {
public:
  place(std::shared_ptr<connection_places> of, line::iterator at) : of_(std::move(of)), at_(at) {}
  place(const place&) = delete;
  place& operator=(const place&) = delete;
  ~place() {
    const std::lock_guard lock{of_->mutex_};
    of_->leave(*at_);
    of_->line_of(at_->is).erase(at_);
    if (--of_->present_ == 0) of_->emptied_.notify_all();
  }

  /// How it is ended when it has to give way; until then it gives way to nobody.
  void ended_by(ending end) {
    const std::lock_guard lock{of_->mutex_};
    at_->end = std::move(end);
  }
  void now_is(standing s) {
    const std::lock_guard lock{of_->mutex_};
    of_->line_of(s).splice(of_->line_of(s).end(), of_->line_of(at_->is), at_);
    at_->is = s;
  }

private:
  const std::shared_ptr<connection_places> of_;
  const line::iterator at_;
};

inline std::unique_ptr<connection_places::place> connection_places::take(const std::shared_ptr<connection_places>& from,
                                                                         const std::string& peer) {
  ending gives_way;
  std::unique_ptr<place> made;
  {
    const std::lock_guard lock{from->mutex_};
    const bool share_is_full = !peer.empty() && from->held_by(peer) >= from->share_max_;
    if (share_is_full || from->taken_ >= from->places_max_) {
      gives_way = from->make_room(share_is_full ? peer : std::string{});
      if (!gives_way) return nullptr;
    }
    ++from->taken_;
    ++from->present_;
    if (!peer.empty()) ++from->by_peer_[peer];
    auto& line = from->line_of(standing::greeting);
    line.push_back({peer, {}, standing::greeting, true});
    made = std::make_unique<place>(from, std::prev(line.end()));
  }
  if (gives_way) gives_way();
  return made;
}

} // namespace causeway::gateway
